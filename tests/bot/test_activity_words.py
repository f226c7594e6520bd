"""What is said of what was done: whole, short, and never more than is known."""

from dataclasses import replace

from bot import activity, blocks
from tests.workflows.activity.telling import TRACE, after, call, entry, reading
from workflows.activity.events import Event, Reading
from workflows.activity.summary import summary
from workflows.retrace import Told

LACKS = "everything that this source does not have"


def said(*events: Event, again: bool = True, **facts: object) -> str:
    told: Reading = replace(reading(*events, source="a source", lacks=LACKS), **facts)  # type: ignore[arg-type]
    found = Told(TRACE, after(minutes=80), (told, summary(TRACE, told)))
    return activity.drawing(found, again=again).text


def test_nothing_is_said_as_nothing_of_these_regions_up_to_that_moment() -> None:
    text = said()

    assert text.startswith(
        "No management events of `alice` by #42 in us-east-1, eu-west-1 up to <!date^"
    )
    assert "2026-03-02 13:05 UTC" in text
    assert LACKS in text


def test_writes_stand_before_reads_and_those_before_what_was_refused() -> None:
    text = said(call("ListUsers"), call("CreateUser", error="AccessDenied"), call("DeleteRole"))

    assert text.index("Writes: 1") < text.index("Reads: 1") < text.index("Refused: 1")


def test_going_on_into_another_role_stands_before_everything() -> None:
    arn = "arn:aws:iam::111122223333:role/deep"
    text = said(call("DeleteRole"), call("AssumeRole", role=arn))

    assert text.index(arn) < text.index("DeleteRole")
    assert "where it has another name" in text


def test_who_only_came_in_is_said_to_have_done_nothing_that_is_told() -> None:
    assert "Entered, and nothing was done that is told." in said(entry())


def test_however_much_was_done_what_is_not_known_is_said_too() -> None:
    events = [
        call(f"{kind}Something{number}", source=f"service{service}.amazonaws.com", error=error)
        for kind in ("Create", "List", "Delete", "Get")
        for error in (None, "AccessDenied", "SomethingElseIsWrongException")
        for service in range(12)
        for number in range(9)
    ]
    text = said(
        *events,
        unread={f"xx-east-{number}": "x" * 900 for number in range(9)},
        cut_at=after(minutes=3),
    )

    assert len(text) <= blocks.FALLBACK
    assert "more lines" in text
    assert text.count("could not be read") == 4
    assert "Nor could xx-east-4, xx-east-5" in text
    assert "there was more than was read" in text
    assert LACKS in text
    assert text.endswith("`/xacct activity 42` asks again.")


def test_of_a_grant_that_is_too_old_it_is_not_said_that_nothing_was_done() -> None:
    text = said(kept_since=TRACE.until, up_to=TRACE.until)

    assert text.startswith("Nothing is kept any more of what was done with #42.")
    assert "No management events" not in text
    older = said(call(), kept_since=after(minutes=1))
    assert "What was before <!date^" in older
    assert "is not kept there" in older


def test_how_to_ask_again_is_said_only_where_that_may_tell_more() -> None:
    assert "asks again" in said()
    assert "asks again" not in said(up_to=TRACE.until)
    assert "asks again" not in said(again=False)


def test_nothing_that_is_told_becomes_a_mention() -> None:
    odd = call("AssumeRole", role="<!channel>"), call("<@U1>", source="<!here>.amazonaws.com")

    text = said(*odd)

    assert "<!channel>" not in text
    assert "<!here>" not in text
    assert "<@U1>" not in text


def test_where_nothing_could_be_read_the_reason_stands_instead() -> None:
    told = Told(TRACE, after(minutes=80), None, "sts:AssumeRole: AccessDenied: no")

    assert activity.drawing(told, again=True).text == (
        "What was done with #42 could not be read: sts:AssumeRole: AccessDenied: no. "
        "`/xacct activity 42` asks again."
    )
