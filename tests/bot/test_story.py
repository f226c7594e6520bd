"""The main job, from the first word to the last, on both kinds of database."""

from collections.abc import Callable

from tests.bot.office import Office


def test_a_request_is_asked_shown_approved_opened_and_ended(
    offices: Callable[..., Office], database_url: str
) -> None:
    office = offices(url=database_url)
    assert office.says("carol", "request payments admin 1h INC-482 refunds are stuck").acked
    office.hears("carol", "Request #1 is filed")
    office.seen("Waiting for approval")
    assert office.lab.visit("carol").answer == "AccessDenied"

    assert office.clicks("bob", "approve").acked
    office.hears("bob", "You approved #1")
    office.seen("Active until")
    office.is_told("carol", "active until")
    assert office.lab.visit("carol").answer == "ok"

    assert office.clicks("bob", "revoke").acked
    office.seen("Ended")
    office.is_told("carol", "ended")
    assert office.lab.visit("carol").answer == "AccessDenied"


def test_a_role_that_needs_two_approvals_counts_them(offices: Callable[..., Office]) -> None:
    office = offices(approvals=2)
    card = office.asks()

    office.clicks("bob", "approve", card)
    office.hears("bob", "1 of 2")
    office.seen("1 of 2 approvals given")
    office.clicks("dora", "approve")

    office.seen("Active until")
