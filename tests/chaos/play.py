"""One run: a grant on its way, trouble at one place of it, and what AWS says afterwards."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain

from sqlalchemy import text

from db.lifecycle import State
from sandbox.slack.values import Reply
from tests.chaos import verdicts
from tests.chaos.house import LEASE, House
from tests.chaos.people import Visitor, heard
from tests.chaos.referee import Bot, Order
from tests.chaos.runs import Phase, Run, What
from tests.chaos.verdicts import Before, Wrong, insist

MINUTES = 30
OVER = timedelta(minutes=MINUTES + 2)
AWHILE = timedelta(minutes=8)
"""Longer than a person is known for, a manager session lasts, or a late write is watched for."""

MAY_FAIL = (What.DENIED, What.LIMIT)
"""Answers that are a final no: an opening that gets one may end instead."""

QUIET = 0.5
"""Seconds without a call or commit after which a bot that was woken has finished what it was in."""

A_MOMENT = timedelta(minutes=1)
"""Moved time in which another process does what the frozen one does not keep from it."""

HELD_UP = 1.0
"""Seconds that another process waits for a lock before we say that it is held up."""

REPLY = 20.0


@dataclass
class Outcome:
    """What became of a run that did not fail."""

    reached: bool = False
    held_up: bool = False  # nobody could go on before the frozen process woke
    passed: Counter[str] = field(default_factory=Counter)  # in the phase, if nothing happened


@dataclass
class Saying:
    """What a person says to begin a phase, and how one sees that it has not been done yet."""

    say: Callable[[], Reply]
    undone: Callable[[], bool]
    reply: "Future[Reply] | None" = None


class Play:
    """Plays one run with a visitor of its own. Raises Wrong or Stuck where it fails."""

    def __init__(self, house: House, run: Run, visitor: Visitor, neighbour: Visitor) -> None:
        self.house, self.run = house, run
        self.visitor, self.neighbour = visitor, neighbour
        self.outcome = Outcome()
        self._complaints: list[str] = []

    def play(self) -> Outcome:
        house = self.house
        house.listens()
        house.jump(AWHILE)
        house.calm()
        self.neighbour.goes_in()
        before = Before.of(self.visitor, self.neighbour)
        {Phase.OPENING: self._opening, Phase.END: self._end, Phase.REVOKE: self._revoke}[
            self.run.phase
        ]()
        if self.visitor.state is State.ACTIVE:
            insist(verdicts.untouched(before, self.neighbour))
            self._ends_by_itself()
        self._is_over(before)
        return self.outcome

    # --- the phases

    def _opening(self) -> None:
        visitor, house = self.visitor, self.house
        visitor.asks(minutes=MINUTES)
        house.jump(AWHILE)
        house.calm()
        saying = Saying(visitor.is_approved, lambda: visitor.state is State.PENDING)
        self._begin(saying, lambda: visitor.state in (State.ACTIVE, State.ENDED))
        if visitor.state is State.ACTIVE:
            if visitor.session is None:
                visitor.goes_in()
            insist(verdicts.usable(visitor))
        elif self._must_be_open():
            self._complain_if_closed()

    def _complain_if_closed(self) -> bool:
        """What is wrong with it is said at the end, with what such an opening left behind."""
        row = self.visitor.row
        if row.state is not State.ACTIVE:
            said = f"it was not opened but is {row.state}: {row.why}, {row.trouble}"
            self._complaints.append(said)
        return row.state is not State.ACTIVE

    def _must_be_open(self) -> bool:
        what, outcome = self.run.what, self.outcome
        if not outcome.reached:
            return True
        if what is What.FREEZE:
            return outcome.held_up  # else it was opened and revoked since
        return what not in (*MAY_FAIL, What.LATE)

    def _end(self) -> None:
        visitor = self.visitor
        visitor.borrows(minutes=MINUTES)
        self._begin(None, lambda: visitor.state is State.ENDED)

    def _revoke(self) -> None:
        visitor, house = self.visitor, self.house
        visitor.borrows(minutes=MINUTES)
        house.jump(AWHILE)
        house.calm()
        saying = Saying(visitor.is_revoked, lambda: visitor.state is State.ACTIVE)
        self._begin(saying, lambda: visitor.state is State.ENDED)

    # --- the trouble

    def _begin(self, saying: Saying | None, done: Callable[[], bool]) -> None:
        """Lets the phase begin and the trouble happen, and what follows it, until it is done."""
        house, run = self.house, self.run
        struck, reached = house.bot, house.referee.reached
        house.settled()
        house.referee.arm(Order(struck, run.what, run.place))
        if saying is None:
            house.jump_to(self._ends_at())
            insist(verdicts.shut_out(self.visitor, "at the end"))
        else:
            saying.reply = house.background.submit(saying.say)
        house.until(
            lambda: reached.is_set() or (done() and house.is_calm()) or None,
            what=f"{run.place}, or all is done",
        )
        self.outcome.reached = house.referee.disarm()
        self.outcome.passed = Counter(struck.passed)
        if not self.outcome.reached or run.what.is_answer:
            self._goes_on(saying, done)
        elif run.what is What.LATE:
            self._comes_back_late(struck)
        elif run.what is What.KILL:
            house.kill(struck)
            house.start()
            self._goes_on(saying, done)
        else:
            self._goes_on_beside(struck, saying, done)

    def _ends_at(self) -> datetime:
        ends_at = self.visitor.row.ends_at
        assert ends_at is not None
        return ends_at

    def _goes_on(self, saying: Saying | None, done: Callable[[], bool]) -> None:
        house = self.house
        self._is_heard(saying)
        if self.outcome.reached and not self.run.what.is_answer:
            house.jump(LEASE)
        house.until(lambda: done() or None, what="it is done")
        house.calm()

    def _is_heard(self, saying: Saying | None) -> None:
        """What was acknowledged must be done; what was not is said again, as a person would."""
        if saying is None or saying.reply is None:
            return
        acknowledged = heard(saying.reply.result(timeout=REPLY))
        self._inbox_is_paid()
        if not saying.undone() or self._is_blocked():
            return
        if acknowledged:
            raise Wrong("it was acknowledged, and then not done")
        self._says_again(saying)

    def _says_again(self, saying: Saying) -> None:
        self.house.listens()
        reply = saying.say()
        assert heard(reply), reply
        self._inbox_is_paid()

    def _inbox_is_paid(self) -> None:
        self.house.poll(
            lambda: self.house.books.inbox_is_paid() or self._is_blocked() or None,
            what="the inbox is paid",
        )

    def _comes_back_late(self, struck: Bot) -> None:
        """Nobody of ours is there until the grant would be over: it ends all the same."""
        visitor, house = self.visitor, self.house
        house.kill(struck)
        house.settled()
        answer = visitor.knocks()
        if answer.ok:
            visitor.session, visitor.taken = answer.session, house.now()
        house.jump_to(visitor.row.ends_at or house.now() + OVER)
        insist(verdicts.shut_out(visitor, "at the end, with no bot there,"))
        house.start()
        house.until(
            lambda: visitor.state in (State.ENDED, State.PENDING) or None,
            what="what nobody opened is over",
        )
        house.calm()

    # --- a frozen process, and another one

    def _goes_on_beside(self, frozen: Bot, saying: Saying | None, done: Callable[[], bool]) -> None:
        """Another process goes on and does the opposite; then the first one wakes into that."""
        house, visitor = self.house, self.visitor
        house.replace(frozen)
        self._is_heard(saying)
        house.jump(LEASE)
        held_up_from = house.now() + A_MOMENT
        house.until(
            lambda: (done() and house.is_calm()) or self._is_held_up(held_up_from) or None,
            what="another process has done it",
        )
        if not (done() and house.is_calm()):
            self.outcome.held_up = True
            self._wakes(frozen)
            if saying is not None and saying.undone():
                self._says_again(saying)  # what waits for more than two minutes is dropped
            house.until(lambda: done() or None, what="it is done")
            return
        house.listens()
        if self.run.phase is Phase.OPENING:
            if not self._complain_if_closed():
                visitor.goes_in()
                visitor.is_revoked()
            house.until(lambda: visitor.state is State.ENDED or None, what="it is revoked")
        else:
            visitor.borrows(minutes=MINUTES)
        house.calm()
        self._wakes(frozen)
        if self.run.phase is Phase.OPENING:
            insist(verdicts.shut_out(visitor, "after the frozen process woke,"))
        else:
            insist(verdicts.usable(visitor))

    def _wakes(self, frozen: Bot) -> None:
        """It goes on where it was, for as long as it has something to do there."""
        house = self.house
        house.sandboxes.wires.wake(frozen)
        house.poll(
            lambda: (not frozen.frozen and house.referee.rested_for() > QUIET) or None,
            what="the woken process has finished",
        )
        house.kill(frozen)
        house.calm()

    def _is_blocked(self) -> bool:
        """Whether some process waits for what the frozen one has locked in the database."""
        return self._some_backend("wait_event_type = 'Lock'")

    def _is_held_up(self, moment: datetime) -> bool:
        """The same, or from `moment` on, whether the frozen one stands in a transaction."""
        in_one = self.house.now() > moment and self._some_backend("state LIKE 'idle in trans%'")
        return in_one or self._is_blocked()

    def _some_backend(self, condition: str) -> bool:
        """Whether one of the database's backends has been so for HELD_UP."""
        if not self.house.postgres:
            return False
        query = text(
            f"SELECT count(*) FROM pg_stat_activity WHERE {condition} "
            "AND datname = current_database() AND state_change < pg_catalog.clock_timestamp() "
            f"- interval '{HELD_UP} s'"
        )
        with self.house.database.read() as session:
            return bool(session.execute(query).scalar_one())

    # --- the end

    def _ends_by_itself(self) -> None:
        """At its end, with everything of ours standing still, AWS refuses; then it is tidied."""
        visitor, house = self.visitor, self.house
        house.settled()
        with house.standing_still():
            house.jump_to(self._ends_at())
            insist(verdicts.shut_out(visitor, "at the end"))
        house.until(lambda: visitor.state is State.ENDED or None, what="it is ended")
        house.calm()

    def _is_over(self, before: Before) -> None:
        """Whatever happened: he is out, what others have is theirs, and all of it is on record."""
        house, visitor = self.house, self.visitor
        house.settled()
        insist(
            chain(
                self._complaints,
                verdicts.shut_out(visitor, "afterwards"),
                verdicts.as_before(before, visitor),
                verdicts.untouched(before, self.neighbour),
                verdicts.told(visitor),
                verdicts.audited(house),
            )
        )
