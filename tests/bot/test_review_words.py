"""What a review says of a use: how long it was open, as far as AWS was read, and how it ended."""

from datetime import timedelta
from typing import Any

import pytest

from bot import thread
from bot.command import Sign
from bot.forms.glass import signing
from bot.headlines import Facts
from bot.notices import notice
from bot.reviews import card
from db.lifecycle import State, Why
from db.models import Review
from tests.bot.test_cards import NOW, a_request, shown

LATER = NOW + timedelta(minutes=1)
OPEN = "open from <!date^1795528800^"
MAYBE = "AWS was never read to hold all of it, so it may have been open meanwhile"


def said(state: State = State.ENDED, **columns: Any) -> tuple[str, str]:
    """The review of such a use, and the window in which it is signed."""
    row = a_request(state, break_glass=True, **columns)
    window = signing(row, Sign(row.id, ""))
    return shown(card(row, Review(reminded=0), ["U0BOB"])), str(window)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"noted_at": NOW, "opened_at": NOW}, OPEN),
        ({"noted_at": NOW}, MAYBE),
        ({}, "it did not open"),
    ],
    ids=["read back open", "written and never read back", "never written"],
)
def test_a_review_says_no_more_of_how_long_it_was_open_than_aws_was_read_to_say(
    columns: dict[str, Any], words: str
) -> None:
    told = said(why=Why.REVOKED, ended_at=LATER, **columns)

    for one in told:
        assert words in one
        assert ("did not open" in one) == (not columns)
    assert "Revoked" in told[0]


def test_what_was_written_and_never_read_back_is_told_with_both_its_moments() -> None:
    card_, window = said(why=Why.TIME, noted_at=NOW, ended_at=LATER)

    for one in (card_, window):
        assert "written to AWS from <!date^1795528800^" in one
        assert "closed again <!date^1795528860^" in one


def test_a_use_that_lapsed_waited_for_aws_and_for_nobodys_decision() -> None:
    row = a_request(State.LAPSED, break_glass=True)
    found = notice(row, Facts())
    assert found is not None

    told = [said(State.LAPSED)[0], found.drawing.text, *thread.lines(row, Facts())]

    assert all("AWS could not be looked at in time" in one for one in told)
    assert not any("ecided" in one or "Cancelled" in one for one in told)


def test_a_use_that_was_denied_is_not_called_cancelled() -> None:
    assert "it did not open. Denied." in said(State.DENIED)[0]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"why": Why.REVOKED, "noted_at": NOW}, "ended before AWS was read to hold all of it"),
        ({"why": Why.REVOKED}, "not opened"),
        ({"why": Why.FAILED, "noted_at": NOW}, "not opened"),
    ],
)
def test_what_was_revoked_while_it_was_written_is_not_told_as_never_opened(
    columns: dict[str, Any], words: str
) -> None:
    found = notice(a_request(State.ENDING, **columns), Facts())

    assert found is not None
    assert words in found.drawing.text
