"""Each planted bug is of the code as it is: here its place is found; `make prove` plants it."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.planted.__main__ import in_turn
from tests.planted.bug import Bug
from tests.planted.bugs import BUGS

HOUSE = Path(__file__).parents[2]


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_the_place_of_each_planted_bug_is_there_once(bug: Bug) -> None:
    assert (HOUSE / bug.file).read_text().count(bug.old) == 1


def test_some_bugs_a_day_are_all_of_them_after_a_few_days() -> None:
    first, some = date(2026, 1, 31), 7
    days = [first + timedelta(days=n) for n in range(-(-len(BUGS) // some))]

    assert {bug.name for day in days for bug in in_turn(BUGS, some, day)} == {
        bug.name for bug in BUGS
    }
    assert len(in_turn(BUGS, 10**6, first)) == len(BUGS)
