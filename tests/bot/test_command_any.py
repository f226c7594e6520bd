"""The grammar against what nobody types on purpose, and against commands of every sort.

`make prove` does the same at length: `tests/prove/test_grammar.py`.
"""

from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.command import (
    TOPICS,
    Account,
    Activity,
    Approve,
    Audit,
    BreakGlass,
    ById,
    ByPerson,
    ByRole,
    Cancel,
    Command,
    Deny,
    Everything,
    Extend,
    Freeze,
    Help,
    List,
    Request,
    Revoke,
    RevokeAll,
    Roles,
    Show,
    Sign,
    Thaw,
    Unclear,
    Who,
    parse,
    render,
)
from bot.command.doubt import Doubt
from bot.command.question import check
from bot.command.words import DOUBLE_QUOTES, as_typed, escaped
from workflows.durations import LONGEST

BATCH = 20
MANY = settings(
    max_examples=4_000 // BATCH,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
WORDS = [
    "request", "extend", "revoke", "cancel", "approve", "deny", "list", "roles", "who", "show",
    "--all", "freeze", "thaw", "all",
    "break-glass", "sign", "activity", "audit", "help", "prod", "admin", "prod/admin", "1h",
    "30m", "8", "42", "#42", "0", "1:30", "-1h", "PT1H", "hours",
    "for", "--as", "--as=ci", "-", "--", "=", "/", "don't", "<@U1|bob>",
    "<@U1>", "<#C1|>", "<!channel>", "<tel:1|1>", "<", ">", "&lt;", "&amp;", "&amp;lt;",
]  # fmt: skip
ODD = (
    "\"'` \n\t\x00\x1c\u00a0\u00a8\u00e9\u200b\u2010\u2014\u201c\u201d\u2028\u202e\u2033\u3000"
    "\ud800\ufb01\ufe58\ufeff\uff11\uff1c\U0001f600"
)
PIECES = st.sampled_from(WORDS) | st.sampled_from(ODD) | st.just("<tel:1|1 2>")
TEXT = (
    st.lists(PIECES, max_size=12).map(" ".join)
    | st.lists(PIECES, max_size=12).map("".join)
    | st.text(max_size=60)
    | st.text(max_size=40).map("request prod admin 1h {}".format)
)
NAME = st.text("abcXYZ019 ._-é", min_size=1, max_size=12).map(lambda name: f"n{name.strip()}")
NAMES = NAME.map(lambda name: " ".join(name.split()))
REASON = st.text(max_size=60) | st.lists(PIECES, max_size=6).map(" ".join)


@MANY
@given(st.lists(TEXT, min_size=BATCH, max_size=BATCH))
def test_nothing_that_is_typed_raises_and_what_is_understood_is_understood_again(
    texts: list[str],
) -> None:
    for text in texts:
        understood_again(text)


def understood_again(text: str) -> None:
    """Whatever is typed raises nothing, and what it is taken for is written as what it is."""
    said = parse(text)
    if not isinstance(said, Unclear):
        assert parse(render(said)) == said


SCOPES = (
    st.just(Everything())
    | NAMES.map(Account)
    | st.just(Account("Everything"))
    | st.just(ByPerson("U012"))
)
NUMBERS = st.integers(0, 999_999_999)


def without_reason(request: Request) -> Request:
    return replace(request, reason="")


def commands() -> st.SearchStrategy[Command]:
    minutes = st.integers(1, int(LONGEST / timedelta(minutes=1)))
    lengths = minutes.map(lambda number: timedelta(minutes=number))
    target = (
        st.integers(0, 999_999_999).map(ById)
        | st.builds(ByRole, NAMES, NAMES)
        | st.from_regex(r"U[A-Z0-9]{2,10}", fullmatch=True).map(ByPerson)
    )
    words = st.text("abc 019.:é", max_size=40).map(lambda text: " ".join(text.split()))
    quotable = words.map(lambda text: f"why {text}".strip())
    kept = REASON.map(as_kept)
    return st.one_of(
        st.builds(Request, NAMES, NAMES, st.none() | lengths, kept, st.none() | NAMES),
        st.builds(Revoke, target, quotable),
        st.builds(Extend, st.integers(0, 999_999_999), lengths, kept),
        st.builds(Request, NAMES, st.none(), st.none(), st.just(""), st.none() | NAMES),
        st.builds(Request, *4 * [st.none()], st.none() | NAMES).map(without_reason),
        st.builds(BreakGlass, NAMES, NAMES, kept),
        st.builds(BreakGlass, st.none() | NAMES, st.none()),
        st.builds(Sign, NUMBERS, kept),
        st.builds(Freeze, SCOPES, quotable),
        st.builds(RevokeAll, SCOPES, quotable),
        st.builds(Thaw, SCOPES),
        st.builds(Cancel, NUMBERS),
        st.builds(Show, NUMBERS),
        st.builds(Activity, NUMBERS),
        st.builds(Approve, NUMBERS, kept),
        st.builds(Deny, NUMBERS, kept),
        st.builds(Who, NAMES, st.none() | NAMES),
        st.builds(Roles, words),
        st.just(List()),
        words.filter(is_question).map(Audit),
        st.builds(Help, st.none() | st.sampled_from(TOPICS)),
    )


def as_kept(reason: str) -> str:
    """As a form hands it on, whatever was put into its field."""
    return as_typed(escaped(reason))


def is_question(text: str) -> bool:
    try:
        check(text)
    except Doubt:
        return False
    return True


@settings(max_examples=300, deadline=None, database=None)
@given(commands())
def test_every_command_can_be_written_and_read_back(command: Command) -> None:
    assert parse(render(command)) == command


@settings(max_examples=300, deadline=None, database=None)
@given(REASON)
def test_a_reason_in_quotes_is_never_taken_for_anything_else(reason: str) -> None:
    taken_for_a_reason(reason)


def taken_for_a_reason(reason: str) -> None:
    """Words in quotes are a reason, whatever else they look like."""
    quoted = reason.translate(dict.fromkeys(map(ord, DOUBLE_QUOTES + "<>&")))
    said = parse(f'request prod admin "{quoted}"')
    assert isinstance(said, Request)
    assert (said.duration, said.machine) == (None, None)
