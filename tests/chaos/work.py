"""One worker: sandboxes of its own, and batches of runs played in houses, one after the other."""

import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import monotonic

from tests.chaos import verdicts
from tests.chaos.catalog import ENGINEERS, NEIGHBOUR
from tests.chaos.house import House, Stuck
from tests.chaos.people import Visitor
from tests.chaos.play import Play
from tests.chaos.runs import COMMIT, Phase, Place, Run, Way, What, When
from tests.chaos.sandboxes import SPREAD, Sandboxes
from tests.chaos.verdicts import Wrong

ALL_DAY = 12 * 60
"""Minutes that the neighbour's grant lasts, which is as long as roles are lent at all."""

NOWHERE = Place(When.BEFORE, "nothing", 1)
BY_THE_CLOCK = f"{COMMIT}bot.jobs."
"""Commits that come when a minute of real time is over, and not because of a grant."""


@dataclass(frozen=True)
class Result:
    """What became of one run: `wrong` says what was not as it must be, `log` what the bots said."""

    run: Run
    seconds: float
    reached: bool = False
    held_up: bool = False
    wrong: str | None = None
    log: str = ""


class Home:
    """A house with its neighbour, for as many runs as there are engineers."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._engineers = iter(ENGINEERS)
        self.neighbour = Visitor(house, NEIGHBOUR)
        house.start()
        house.listens()
        self.neighbour.borrows(minutes=ALL_DAY)

    def play(self, run: Run) -> Play:
        visitor = Visitor(self.house, next(self._engineers))
        play = Play(self.house, run, visitor, self.neighbour)
        play.play()
        return play

    def neighbour_ends(self) -> None:
        """To the second, at his own end and not before. Raises Wrong."""
        house, neighbour = self.house, self.neighbour
        ends_at = neighbour.row.ends_at
        assert ends_at is not None
        house.settled()
        if house.now() < ends_at:
            neighbour.goes_in()
        with house.standing_still():
            house.jump_to(ends_at)
            verdicts.insist(verdicts.shut_out(neighbour, "the neighbour: at his end"))


def counted(sandboxes: Sandboxes, way: Way) -> dict[Phase, Counter[str]]:
    """How often each phase comes to each call and commit when nothing is wrong, nor spreads."""
    with House(sandboxes, way, postgres=False, spread=0) as house:
        home = Home(house)
        return {phase: _count(home, way, phase) for phase in Phase}


def _count(home: Home, way: Way, phase: Phase) -> Counter[str]:
    play = home.play(Run(way, phase, What.KILL, NOWHERE))
    passed = play.outcome.passed
    return Counter({one: n for one, n in passed.items() if not one.startswith(BY_THE_CLOCK)})


def played(sandboxes: Sandboxes, runs: Sequence[Run]) -> Iterator[Result]:
    """Plays runs of one way and one kind of database; after a failure in a new house."""
    left = list(runs)
    while left:
        with House(sandboxes, left[0].way, postgres=left[0].two_processes, spread=SPREAD) as house:
            yield from _in_one_house(house, left)


def _in_one_house(house: House, left: list[Run]) -> Iterator[Result]:
    """Takes runs from `left`, all of them or up to the first that fails."""
    home: Home | None = None
    while left:
        run, begun, play = left.pop(0), monotonic(), None
        try:
            home = home or Home(house)
            play = home.play(run)
            if not left:
                home.neighbour_ends()
        except Exception as error:  # noqa: BLE001  whatever it is, this run failed
            yield Result(run, monotonic() - begun, wrong=_told(error), log=house.last_lines())
            return
        outcome = play.outcome
        yield Result(run, monotonic() - begun, outcome.reached, outcome.held_up)


def _told(error: Exception) -> str:
    """What was wrong; where in this program it was found, for what nobody foresaw."""
    if isinstance(error, Wrong | Stuck):
        return f"{type(error).__name__}: {error}"
    return "".join(traceback.format_exception(error)[-4:])
