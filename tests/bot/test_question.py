"""The grammar of questions to the audit log."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.command import Unclear, parse
from bot.command.doubt import Doubt
from bot.command.question import LONGEST, Asker, check, question, written
from db.audit.question import Condition, Field, Search

NOW = datetime(2026, 11, 29, 13, 0, tzinfo=UTC)
AMSTERDAM = Asker(NOW, ZoneInfo("Europe/Amsterdam"), "U0ME")


def ask(text: str) -> Search:
    return question(text, AMSTERDAM)


def test_a_question_is_understood_in_any_order_with_its_quotes_and_exclusions() -> None:
    parts = [
        ("user:<@U0ALICE|alice>", Condition(Field.USER, "U0ALICE")),
        ("account:prod*", Condition(Field.ACCOUNT, "prod*")),
        ("role:admin", Condition(Field.ROLE, "admin")),
        ("-action:refused", Condition(Field.ACTION, "refused", excluded=True)),
        ("id:#42", Condition(Field.ID, "42")),
        ("“free words”", Condition(Field.WORD, "free words")),
        ('-"not these"', Condition(Field.WORD, "not these", excluded=True)),
        ("deploy", Condition(Field.WORD, "deploy")),
    ]
    for order in (parts, parts[::-1], parts[3:] + parts[:3]):
        found = ask(" ".join(text for text, _ in order))
        assert found.conditions == tuple(condition for _, condition in order)


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("7d", NOW - timedelta(days=7)),
        ("90m", NOW - timedelta(minutes=90)),
        ("2w", NOW - timedelta(weeks=2)),
        ('"3 h ago"', NOW - timedelta(hours=3)),
        ("2026-11-28", datetime(2026, 11, 27, 23, 0, tzinfo=UTC)),
        ("2026-07-01", datetime(2026, 6, 30, 22, 0, tzinfo=UTC)),  # in summer
        ("2026-11-28T14:30", datetime(2026, 11, 28, 13, 30, tzinfo=UTC)),
        ('"2026-11-28 14:30:15"', datetime(2026, 11, 28, 13, 30, 15, tzinfo=UTC)),
        ("2026-11-28T14:30:00Z", datetime(2026, 11, 28, 14, 30, tzinfo=UTC)),
        ("2026-11-28T14:30+05:30", datetime(2026, 11, 28, 9, 0, tzinfo=UTC)),
        ("13:59", datetime(2026, 11, 29, 12, 59, tzinfo=UTC)),
        ("today", datetime(2026, 11, 28, 23, 0, tzinfo=UTC)),
        ("Yesterday", datetime(2026, 11, 27, 23, 0, tzinfo=UTC)),
    ],
)
def test_times_are_relative_or_absolute_in_the_askers_zone(text: str, since: datetime) -> None:
    assert ask(f"since:{text}").since == since


def test_a_day_is_meant_with_all_its_hours() -> None:
    assert ask("until:2026-11-28").until == datetime(2026, 11, 28, 23, 0, tzinfo=UTC)
    assert ask("until:yesterday").until == datetime(2026, 11, 28, 23, 0, tzinfo=UTC)
    found = ask("since:yesterday until:yesterday")
    assert found.until is not None
    assert found.since is not None
    assert found.until - found.since == timedelta(days=1)
    # the day on which clocks go back has 25 hours
    found = ask("since:2026-10-25 until:2026-10-25")
    assert found.until is not None
    assert found.since is not None
    assert found.until - found.since == timedelta(hours=25)


def test_a_person_a_request_and_oneself_are_known_without_their_field() -> None:
    found = ask("<@U0BOB> #7 user:me @carol arn:aws:iam::111122223333:user/x")
    assert found.conditions == (
        Condition(Field.USER, "U0BOB"),
        Condition(Field.ID, "7"),
        Condition(Field.USER, "U0ME"),
        Condition(Field.USER, "carol"),
        Condition(Field.WORD, "arn:aws:iam::111122223333:user/x"),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("acount:prod", "Did you mean `account:prod`?"),
        ("foo:bar", "There is no `foo:`"),
        ("user:", "stands right behind the colon"),
        ("since:99", "is no time"),
        ("since:2026-02-30", "is no time"),
        ("-since:7d", "is no time"),
        ("since:999999w", "is no time"),
        ("since:7m\u0131n", "is no time"),  # an i without its dot
        ("since:7d since:8d", "stands twice"),
        ("since:2d until:3d", "Nothing lies between"),
        ("since:2027-01-01", "lies ahead"),
        ("id:abc", "no request's number"),
        ("user:ali*", "is nobody"),
        ("deploy*", "words are looked for whole"),
        ('user:bob "open', "A double quote stands alone"),
        ('"!!!"', "holds no word"),
        (" ".join(["x"] * 21), "too much at once"),
    ],
)
def test_what_is_not_understood_is_said_with_how_to_get_it_right(text: str, words: str) -> None:
    with pytest.raises(Doubt, match=words.replace("?", r"\?").replace("*", r"\*")):
        ask(text)


def test_what_is_wrong_at_any_time_is_said_before_it_is_taken_down() -> None:
    assert isinstance(parse("audit acount:prod"), Unclear)
    assert isinstance(parse("audit since:2026-02-30"), Unclear)
    assert not isinstance(parse("audit since:7d until:2020-01-01 user:me"), Unclear)


def test_the_longest_question_can_be_read_back_from_its_buttons() -> None:
    """Though a time that was short is written out, and words are quoted."""
    words = " ".join(["user:me", "@bob", "#1", "since:1h", "until:1m", *["xy"] * 15])
    longest = f"{words}{'z' * (LONGEST - len(words))}"
    check(longest)
    found = ask(longest)

    assert len(written(found)) > LONGEST
    assert question(written(found), Asker(NOW)) == found
    with pytest.raises(Doubt, match="too long"):
        check("x" * (LONGEST + 1))


@pytest.mark.parametrize(
    "text",
    [
        *("since:700000d", "since:0900-01-01", "&lt;!channel&gt;", "a &amp;lt; b", "until:7d"),
        *("@/ops/alice", 'role:"/x"', '-account:"//x y"'),
    ],
)
def test_odd_questions_mean_the_same_when_they_are_written_down(text: str) -> None:
    found = question(text, Asker(NOW + timedelta(microseconds=300_000), me="U0ME"))

    assert question(written(found), Asker(NOW)) == found


@given(st.text(max_size=80))
def test_a_question_means_the_same_when_it_is_written_down(text: str) -> None:
    """Buttons hold it so: neither who reads it nor when changes what it means."""
    try:
        check(text)
        found = ask(text)
    except Doubt:
        return
    again = question(written(found), Asker(NOW + timedelta(days=9)))
    assert again == found


@given(
    st.lists(
        st.builds(
            lambda sign, field, value: f"{sign}{field}{value}",
            st.sampled_from(["", "-"]),
            st.sampled_from(["", "user:", "account:", "role:", "action:", "id:"]),
            st.one_of(
                st.from_regex(r"[a-zA-Z0-9@#/._-]{1,12}\*?", fullmatch=True),
                st.from_regex(r'"[a-z &<>:-]{1,12}"', fullmatch=True),
            ),
        ),
        max_size=6,
    )
)
def test_likely_questions_mean_the_same_when_they_are_written_down(parts: list[str]) -> None:
    try:
        found = ask(" ".join(parts))
    except Doubt:
        return
    assert question(written(found), Asker(NOW)) == found
