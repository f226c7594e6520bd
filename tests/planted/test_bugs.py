"""Each planted bug is of the code as it is: here its place is found; `make prove` plants it."""

from pathlib import Path

import pytest

from tests.planted.bugs import BUGS, Bug

HOUSE = Path(__file__).parents[2]


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_the_place_of_each_planted_bug_is_there_once(bug: Bug) -> None:
    assert (HOUSE / bug.file).read_text().count(bug.old) == 1
