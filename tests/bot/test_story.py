from tests.bot.office import Office


def test_a_request_is_asked_shown_approved_opened_and_ended(office: Office) -> None:
    reply = office.says("carol", "request payments admin 1h INC-482 refunds are stuck")
    assert reply.acked
    office.hears("carol", "Request #1 is filed")
    card = office.seen("Waiting for approval")
    assert card.element("approve")
    assert office.clicks("bob", "approve").acked
    office.hears("bob", "You approved #1")
    office.seen("Active until")
    office.is_told("carol", "active until")
    assert office.lab.visit("carol").answer == "ok"
    assert office.clicks("bob", "revoke").acked
    office.seen("Ended")
    office.is_told("carol", "ended")
    assert office.lab.visit("carol").answer == "AccessDenied"
