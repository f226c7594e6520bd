"""The table of moves is the one of the design, and nothing else moves a request."""

import itertools
import re
from pathlib import Path

import pytest

from db.lifecycle import MOVES, OPEN, UNDECIDED_OR_OPEN, Event, IllegalMove, State, after

FINAL = {State.DENIED, State.CANCELLED, State.LAPSED, State.ENDED}

TABLE = """
pending   approve approved
pending   deny    denied
pending   cancel  cancelled
pending   lapse   lapsed
pending   end     cancelled
approved  cancel  ending
approved  opened  active
approved  failed  ending
approved  end     ending
active    cancel  ending
active    end     ending
ending    closed  ended
"""


def test_the_moves_are_exactly_those_of_the_table() -> None:
    rows = [line.split() for line in TABLE.strip().splitlines()]

    assert {(State(a), Event(e)): State(b) for a, e, b in rows} == MOVES


@pytest.mark.parametrize(("state", "event"), list(itertools.product(State, Event)))
def test_every_other_move_is_refused(state: State, event: Event) -> None:
    if (state, event) in MOVES:
        assert after(state, event) is MOVES[state, event]
    else:
        with pytest.raises(IllegalMove):
            after(state, event)


def test_nothing_leaves_a_final_state() -> None:
    assert FINAL.isdisjoint(state for state, _ in MOVES)


def test_a_grant_that_stands_in_aws_can_only_end_by_being_read_back_closed() -> None:
    assert {state for (state, _), to in MOVES.items() if to is State.ENDED} == {State.ENDING}
    assert set(OPEN) | {State.PENDING} == set(UNDECIDED_OR_OPEN) | {State.ENDING}


def test_one_place_in_the_whole_product_writes_a_state() -> None:
    writes = re.compile(r"\bstate=(to|State\.)|(row|request|one)\.state = ")
    house = Path(__file__).parents[2]
    files = [file for room in ("bot", "workflows", "db") for file in (house / room).rglob("*.py")]

    found = [str(file.relative_to(house)) for file in files if writes.search(file.read_text())]

    assert found == ["db/store/requests.py"]
