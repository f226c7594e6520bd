"""What a person is told in answer, from rows as they are."""

from datetime import UTC, datetime

from bot import answers
from db.lifecycle import State
from db.models import Request

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


def request(number: int, state: State) -> Request:
    return Request(
        id=number, account_name="prod", role_name="admin", grantee_name="alice", state=state
    )


def test_an_answer_names_what_ends_and_what_goes_on() -> None:
    told = answers.ended(
        [request(1, State.ENDING), request(2, State.CANCELLED)], [request(3, State.ACTIVE)]
    )

    assert told.splitlines() == [
        "#1 `prod/admin` for `alice`: ending now",
        "#2 `prod/admin` for `alice`: cancelled, nothing was open",
        "#3 `prod/admin` for `alice`: goes on, you may not end it",
    ]


def test_an_extension_is_filed_and_listed_as_one() -> None:
    row = request(43, State.PENDING)
    row.extends, row.seconds, row.channel = 41, 1800, "C0A"
    row.asked_at = row.lapses_at = NOW

    filed, listed = answers.filed(row), answers.standing([row], [])

    assert "30m more from the end of #41 on" in filed
    assert "decide until <!date^1795528800^" in filed
    assert ", extends #41" in listed


def test_what_extends_nothing_says_nothing_of_it() -> None:
    row = request(43, State.PENDING)
    row.asked_at = row.lapses_at = NOW
    row.channel = "C0A"

    said = answers.filed(row) + answers.standing([row], [])

    assert "more from the end" not in said
    assert "extends" not in said


def test_a_list_that_is_too_long_says_how_much_is_missing() -> None:
    rows = [request(number, State.PENDING) for number in range(1, 200)]
    for row in rows:
        row.asked_at = row.lapses_at = NOW

    *shown, last = answers.standing(rows, []).splitlines()

    assert len("\n".join(shown)) <= answers.ANSWER
    assert last == f"and {200 - len(shown)} more"
