"""More time, asked for and approved in Slack, from the first card to the last message."""

from datetime import timedelta

from db.lifecycle import State
from tests.bot.office import Office
from tests.lab import slack_id


def opened(office: Office) -> None:
    office.clicks("bob", "approve", office.asks())
    office.seen("Active until")


def card_of(office: Office, request_id: int, words: str) -> str:
    """The card of that request, once it holds these words."""

    def found() -> str | None:
        row = office.row(request_id)
        shown = [str(one.blocks) for one in office.cards() if one.ts == row.card_ts]
        return next((one for one in shown if words in one), None)

    return office.slack.until(found, within=20, what=f"#{request_id} that says {words!r}")


def test_an_extension_is_asked_for_approved_and_goes_on_where_the_grant_ends(
    office: Office,
) -> None:
    opened(office)

    office.says("carol", "extend #1 30m the restore still runs")

    office.hears("carol", "30m more from the end of #1 on")
    card = card_of(office, 2, "Waiting for approval")
    ends_at = office.row(1).ends_at
    assert ends_at is not None
    until = int((ends_at + timedelta(minutes=30)).timestamp())
    assert f"longer: extends #1 until <!date^{until}^" in card
    assert "the restore still runs" in card

    office.clicks("bob", "approve")
    card_of(office, 2, f"Active until <!date^{until}^")
    office.clock.move(timedelta(minutes=61))
    office.parts.sweep.wake()

    card_of(office, 1, "Ended; access goes on by #2")
    office.is_told("carol", "The access goes on by #2")
    assert office.row(2).state is State.ACTIVE


def test_who_may_not_extend_is_told_why_and_nothing_is_filed(office: Office) -> None:
    opened(office)

    office.says("alice", "extend #1 30m")
    office.hears("alice", "Only who asked for #1 can extend it")
    office.says("carol", "extend #1 1m")
    office.hears("carol", "5m is the least")

    assert len(office.rows()) == 1
    assert [one.actor for one in office.recorded("refused")] == [
        slack_id("carol"),
        slack_id("alice"),
    ]
