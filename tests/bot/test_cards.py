"""Every card in every state, with words that were chosen to do harm."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import blocks, reviews, views
from bot.cards import Drawing, card
from bot.headlines import Facts
from bot.notices import notice
from db.lifecycle import State, Why
from db.models import Decision, Request, Review
from sandbox.slack.blockkit import message_complaints, view_complaints
from workflows.aws.vendor import Credentials

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)

HARM = st.one_of(
    st.text(max_size=5000),
    st.sampled_from(
        [
            "<!channel> look",
            "<https://evil.example|Approve Request>",
            "*bold* _it_ ~gone~ `code` ```block```",
            "\u202eevorppa\u202c",
            "a\nb\n\n> quote",
            "&lt;!here&gt; &amp;",
            "\x00\x07 control",
            "😀" * 3000,
            "",
            " ",
            "~~~~",
            "x" * 40_000,
            "<" * 4000,
        ]
    ),
)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    maybe = st.one_of(st.none(), HARM)
    state = draw(st.sampled_from(State))
    row = Request(
        id=draw(st.integers(1, 10**9 - 1)),
        changed=draw(st.integers(1, 10**6)),
        state=state,
        why=draw(st.one_of(st.none(), st.sampled_from(Why))),
        requester="U0CAROL",
        account_name=draw(HARM),
        account_id="444455556666",
        partition="aws",
        role_name=draw(HARM),
        role_arn="arn:aws:iam::444455556666:role/xacct/admin",
        delivery=draw(st.sampled_from(["link", "credentials"])),
        grantee_kind=draw(st.sampled_from(["user", "machine", "person"])),
        grantee_name=draw(HARM),
        session_name=draw(HARM),
        session_end=draw(st.booleans()),
        mfa=draw(st.booleans()),
        break_glass=draw(st.booleans()),
        grantee_arn="arn:aws:iam::111122223333:user/x",
        extends=draw(st.one_of(st.none(), st.integers(1, 10**9 - 1))),
        open_since=draw(st.one_of(st.none(), st.just(NOW))),
        verified=draw(st.one_of(st.none(), st.booleans())),
        longest_session=draw(st.one_of(st.none(), st.sampled_from([3600, 43_200]))),
        approvals_needed=2,
        seconds=draw(st.integers(300, 86_400)),
        reason=draw(HARM),
        channel="C0",
        findings=draw(st.lists(HARM, max_size=30)),
        terms=draw(st.one_of(st.none(), st.just("0123456789abcdef"))),
        asked_at=NOW,
        lapses_at=NOW + timedelta(hours=4),
        open_by=draw(st.one_of(st.none(), st.just(NOW))),
        ends_at=draw(st.one_of(st.none(), st.just(NOW))),
        opened_at=draw(st.one_of(st.none(), st.just(NOW))),
        trouble=draw(maybe),
    )
    row.decisions = [
        Decision(by=f"U{i}", approves=draw(st.booleans()), at=NOW, reason=draw(maybe))
        for i in range(draw(st.integers(0, 12)))
    ]
    return row


FACTS = st.builds(
    Facts,
    approvers=st.lists(st.just("U0BOB"), max_size=200),
    trouble=st.one_of(st.none(), HARM),
    ended_by=st.one_of(st.none(), st.just("U0DORA")),
    extended_end=st.one_of(st.none(), st.just(NOW)),
    goes_on=st.one_of(st.none(), st.just((43, NOW))),
)


def shown(drawing: Drawing) -> str:
    return json.dumps([drawing.text, drawing.blocks], ensure_ascii=False)


def mrkdwn(node: object) -> list[str]:
    """All texts in which Slack would see mark-up."""
    if isinstance(node, list):
        return [text for one in node for text in mrkdwn(one)]
    if isinstance(node, dict):
        if node.get("type") == "mrkdwn":
            return [str(node["text"])]
        return [text for one in node.values() for text in mrkdwn(one)]
    return []


def buttons(drawing: Drawing) -> list[blocks.Json]:
    rows = [one for one in drawing.blocks if one["type"] == "actions"]
    return [element for row in rows for element in row["elements"]]


@given(row=requests(), facts=FACTS)
def test_every_card_keeps_slacks_limits_and_lets_nothing_in(row: Request, facts: Facts) -> None:
    drawing = card(row, facts)

    assert message_complaints(drawing.blocks) == []
    assert 0 < len(drawing.text) <= 4000
    _harmless(drawing)


@given(row=requests(), facts=FACTS)
def test_every_notice_keeps_slacks_limits_and_lets_nothing_in(row: Request, facts: Facts) -> None:
    found = notice(row, facts)

    if found is not None:
        assert message_complaints(found.drawing.blocks) == []
        assert 0 < len(found.drawing.text) <= 4000
        assert len(found.turn) <= 24
        _harmless(found.drawing)


@given(row=requests(), note=HARM, signed=st.booleans())
def test_every_review_keeps_slacks_limits_and_lets_nothing_in(
    row: Request, note: str, *, signed: bool
) -> None:
    by = "U0BOB" if signed else None
    review = Review(reminded=1, signed_by=by, signed_at=NOW if signed else None, note=note)

    for drawing in (reviews.filed(row, ["U0BOB"]), reviews.card(row, review, ["U0BOB"])):
        assert message_complaints(drawing.blocks) == []
        assert 0 < len(drawing.text) <= 4000
        _harmless(drawing)


def _harmless(drawing: Drawing) -> None:
    for text in [drawing.text, *mrkdwn(drawing.blocks)]:
        for harm in ("<!channel", "<!here", "<https://evil", "\u202e", "\x00"):
            assert harm not in text
    for one in drawing.blocks:
        assert all(part.get("verbatim") for part in _mrkdwn_parts(one))


def _mrkdwn_parts(block: blocks.Json) -> list[blocks.Json]:
    parts = [block.get("text"), *block.get("fields", []), *block.get("elements", [])]
    return [one for one in parts if isinstance(one, dict) and one.get("type") == "mrkdwn"]


@given(row=requests(), facts=FACTS)
def test_buttons_stand_only_where_they_work(row: Request, facts: Facts) -> None:
    found = {one["action_id"] for one in buttons(card(row, facts))}

    decidable = {"approve", "deny"} if row.terms else {"deny"}
    if "approve_less" in found:
        assert row.terms
        assert row.seconds > 300
    assert found - {"approve_less"} == {
        State.PENDING: decidable,
        State.APPROVED: {"revoke"},
        State.ACTIVE: {"revoke"},
    }.get(row.state, set())
    assert [b.get("style") for b in buttons(card(row, facts)) if b["action_id"] == "approve"] == (
        ["primary"] if "approve" in found else []
    )


@given(row=requests(), facts=FACTS)
def test_active_is_said_of_nothing_that_aws_was_not_read_to_hold(
    row: Request, facts: Facts
) -> None:
    row.account_name = row.role_name = row.grantee_name = row.reason = "x"
    row.trouble, facts = None, Facts(approvers=facts.approvers)

    said = shown(card(row, facts))

    assert ("Active until" in said) == (row.state is State.ACTIVE)
    assert ("read back closed" in said) == (row.state is State.ENDED)


def a_request(state: State = State.PENDING, **columns: object) -> Request:
    row = Request(
        id=42,
        changed=3,
        state=state,
        requester="U0CAROL",
        account_name="prod-payments",
        account_id="444455556666",
        partition="aws",
        role_name="admin",
        role_arn="arn:aws:iam::444455556666:role/xacct/admin",
        delivery="link",
        grantee_kind="user",
        grantee_name="carol",
        session_name="carol",
        session_end=True,
        approvals_needed=1,
        seconds=3600,
        reason="INC-482",
        channel="C0",
        findings=[],
        asked_at=NOW,
        lapses_at=NOW + timedelta(hours=4),
    )
    row.decisions = []
    for name, value in columns.items():
        setattr(row, name, value)
    return row


SAYS: list[tuple[Request, Facts, str]] = [
    (a_request(), Facts(), "Looking at AWS"),
    (a_request(trouble="iam:GetRole: Throttling"), Facts(), "AWS could not be checked"),
    (a_request(terms="ab", findings=["No boundary."]), Facts(["U0BOB"]), "No boundary."),
    (a_request(terms="ab"), Facts(["U0BOB"]), "0 of 1 approvals"),
    (a_request(terms="ab"), Facts(["U0BOB"]), "<@U0BOB> can approve"),
    (a_request(State.APPROVED, open_by=NOW), Facts(), "Not usable yet"),
    (a_request(State.ACTIVE, ends_at=NOW, opened_at=NOW), Facts(), "up to a minute"),
    (
        a_request(State.ACTIVE, ends_at=NOW, opened_at=NOW, open_since=NOW + timedelta(seconds=12)),
        Facts(),
        "AWS has it since <!date^1795528812^{time_secs}|14:00:12 UTC>; spreading takes up to",
    ),
    (
        a_request(State.ACTIVE, ends_at=NOW, opened_at=NOW, verified=False),
        Facts(),
        "AWS's own simulation could not be asked",
    ),
    (
        a_request(State.ACTIVE, ends_at=NOW, session_end=False, longest_session=14_400),
        Facts(),
        "At the end AWS refuses new sessions; one that has begun may go on for up to 4h.",
    ),
    (
        a_request(State.ACTIVE, ends_at=NOW, session_end=False),
        Facts(),
        "may go on for up to the role's longest session.",
    ),
    (
        a_request(State.ENDED, why=Why.TIME, noted_at=NOW, session_end=False, longest_session=3600),
        Facts(),
        "read back closed. No new session begins; one that has begun may go on for up to 1h.",
    ),
    (
        a_request(State.ACTIVE, ends_at=NOW, opened_at=NOW),
        Facts(goes_on=(43, NOW + timedelta(hours=1))),
        "The access goes on by #43 until <!date^1795532400",
    ),
    (
        a_request(State.ENDING, why=Why.TIME, noted_at=NOW),
        Facts(goes_on=(43, NOW)),
        "Its time was over. The access goes on by #43",
    ),
    (
        a_request(State.ENDED, why=Why.TIME, noted_at=NOW),
        Facts(goes_on=(43, NOW)),
        "Ended; access goes on by #43",
    ),
    (
        a_request(terms="ab", extends=41, seconds=1800),
        Facts(extended_end=NOW),
        "longer: extends #41 until <!date^1795530600",
    ),
    (a_request(terms="ab", extends=41, seconds=1800), Facts(extended_end=NOW), "> by 30m"),
    (a_request(State.ACTIVE, extends=41, ends_at=NOW), Facts(), "#41 until <!date^1795528800"),
    (a_request(State.LAPSED, extends=41), Facts(), "longer: extends #41 by 1h"),
    (a_request(State.ENDING, why=Why.TIME), Facts(trouble="iam:PutRolePolicy"), "closing fails"),
    (a_request(State.ENDING, why=Why.FAILED, trouble="AccessDenied"), Facts(), "AccessDenied"),
    (a_request(State.ENDED, why=Why.REVOKED, opened_at=NOW), Facts((), None, "UX"), "by <@UX>"),
    (a_request(State.ENDED, why=Why.NOT_OPENED), Facts(), "Ended without being opened"),
    (a_request(State.CANCELLED, why=Why.FAILED, trouble="no room"), Facts(), "no room"),
    (a_request(State.LAPSED, terms="ab"), Facts(), "Nobody decided in time"),
    (a_request(State.LAPSED), Facts(), "AWS could not be looked at in time. Nothing was opened."),
]


@pytest.mark.parametrize(("row", "facts", "words"), SAYS)
def test_a_card_says_what_is_so(row: Request, facts: Facts, words: str) -> None:
    assert words in shown(card(row, facts))


def test_where_access_goes_on_nothing_is_called_closed() -> None:
    row = a_request(State.ENDED, why=Why.TIME, noted_at=NOW, opened_at=NOW)
    facts = Facts(goes_on=(43, NOW))
    told = notice(row, facts)

    assert told is not None
    assert "The access goes on by #43" in told.drawing.text
    for said in (shown(card(row, facts)), shown(told.drawing)):
        assert "closed" not in said
        assert "refuses every session" not in said


def test_a_reader_of_the_message_hears_since_when_and_what_was_not_asked() -> None:
    row = a_request(State.ACTIVE, ends_at=NOW, opened_at=NOW, open_since=NOW, verified=False)
    told = notice(row, Facts())

    assert told is not None
    assert "AWS has it since <!date^1795528800^{time_secs}|14:00:00 UTC>" in told.drawing.text
    assert "simulation could not be asked" in told.drawing.text


def test_a_revoke_is_asked_about_with_what_it_cannot_end() -> None:
    row = a_request(State.ACTIVE, ends_at=NOW, session_end=False, longest_session=43_200)

    asked = buttons(card(row, Facts()))[0]["confirm"]["text"]["text"]

    assert "new sessions are refused; one that has begun may go on for up to 12h" in asked


def test_only_an_end_in_time_is_called_exact() -> None:
    in_time = a_request(State.ENDED, why=Why.TIME, opened_at=NOW)
    early = a_request(State.ENDED, why=Why.REVOKED, opened_at=NOW)

    assert "takes up to a minute" not in shown(card(in_time, Facts()))
    assert "takes up to a minute" in shown(card(early, Facts()))


def test_a_denied_card_names_who_and_why_and_strikes_the_ask_through() -> None:
    row = a_request(State.DENIED)
    row.decisions = [Decision(by="U0BOB", approves=False, at=NOW, reason="not today")]

    said = shown(card(row, Facts()))

    assert "~INC-482~" in said
    assert "By <@U0BOB>" in said
    assert "not today" in said


def test_a_reader_who_only_hears_the_sentence_hears_all_that_matters() -> None:
    text = card(a_request(State.ACTIVE, ends_at=NOW, opened_at=NOW), Facts()).text

    for words in ("#42", "<@U0CAROL>", "prod-payments/admin", "carol", "1h", "INC-482", "Active"):
        assert words in text
    assert "2026-11-24 14:00 UTC" in text


def test_an_updated_card_has_a_new_block_id() -> None:
    first, second = a_request(terms="ab", changed=1), a_request(terms="ab", changed=2)

    ids = {one.blocks[-1]["block_id"] for one in (card(first, Facts()), card(second, Facts()))}

    assert len(ids) == 2


def test_the_approve_button_carries_the_request_and_its_terms() -> None:
    approve = buttons(card(a_request(terms="0123456789abcdef"), Facts()))[0]

    assert approve["value"] == "42:0123456789abcdef"


@pytest.mark.parametrize("state", [State.PENDING, State.APPROVED])
def test_a_requester_is_told_nothing_while_nothing_is_decided(state: State) -> None:
    assert notice(a_request(state), Facts()) is None


def test_a_turn_is_told_once() -> None:
    row = a_request(State.DENIED)
    first = notice(row, Facts())
    assert first is not None

    row.told = first.turn

    assert notice(row, Facts()) is None


@pytest.mark.parametrize(
    ("row", "turn"),
    [
        (a_request(State.ACTIVE, ends_at=NOW, opened_at=NOW), "active"),
        (a_request(State.ENDING, why=Why.FAILED, trouble="AccessDenied"), "failed"),
        (a_request(State.ENDED, why=Why.TIME, opened_at=NOW), "ended"),
        (a_request(State.ENDED, why=Why.FAILED), None),
        (a_request(State.CANCELLED, why=Why.REVOKED), "cancelled"),
        (a_request(State.CANCELLED, why=Why.GIVEN_BACK), None),
        (a_request(State.LAPSED), "lapsed"),
    ],
)
def test_each_turn_is_told_by_its_name(row: Request, turn: str | None) -> None:
    found = notice(row, Facts())

    assert (found.turn if found else None) == turn


def test_an_open_grant_is_told_with_the_way_in() -> None:
    row = a_request(State.ACTIVE, ends_at=NOW, opened_at=NOW)

    found = notice(row, Facts())

    assert found is not None
    said = shown(found.drawing)
    assert "signin.aws.amazon.com/switchrole" in said
    assert "role_session_name = carol" in said
    assert "credentials" not in said


def test_a_card_says_that_mfa_is_needed_and_the_profile_names_the_device() -> None:
    arn = "arn:aws-us-gov:iam::111122223333:user/team/carol"
    row = a_request(
        State.ACTIVE, ends_at=NOW, opened_at=NOW, mfa=True, partition="aws-us-gov", grantee_arn=arn
    )

    drawing, found = card(row, Facts()), notice(row, Facts())

    assert "`carol`, needs MFA" in shown(drawing)
    assert "needs MFA" in drawing.text
    assert found is not None
    said = shown(found.drawing)
    assert "Your MFA device is needed" in said
    assert "mfa_serial = arn:aws-us-gov:iam::111122223333:mfa/carol" in said


def test_who_needs_no_mfa_hears_nothing_of_it() -> None:
    row = a_request(State.ACTIVE, ends_at=NOW, opened_at=NOW)

    said = [shown(card(row, Facts())), str(notice(row, Facts()))]

    assert [one for one in said if "mfa" in one.lower()] == []


def test_credentials_are_offered_behind_a_button_and_stand_in_no_message() -> None:
    row = a_request(State.ACTIVE, ends_at=NOW, opened_at=NOW, delivery="credentials")

    found = notice(row, Facts())

    assert found is not None
    found_buttons = [one["action_id"] for one in buttons(found.drawing)]
    assert found_buttons == ["credentials", "extend", "revoke"]


@given(
    role=HARM,
    sentence=HARM,
    token=st.text("abc/+=", min_size=1, max_size=4000),
    minutes=st.integers(1, 10_080),
)
def test_every_modal_keeps_slacks_limits(
    role: str, sentence: str, token: str, minutes: int
) -> None:
    keys = Credentials("ASIA1", NOW, secret_access_key="s", session_token=token)
    lent = views.Lent(role, NOW, timedelta(minutes=minutes), timedelta(hours=12))
    made: list[Callable[[], blocks.Json]] = [
        views.fetching,
        lambda: views.refusal(sentence),
        lambda: views.credentials(lent, keys),
    ]

    for make in made:
        assert view_complaints(make()) == []
    assert token in json.dumps(views.credentials(lent, keys))


@pytest.mark.parametrize(
    ("lasts", "rest", "longest", "words"),
    [
        (60, 180, 12, "(3h), the role's longest session (12h), and 1h, AWS's limit"),
        (60, 180, 12, "The grant goes on until <!date^1795539600^"),
        (45, 45, 1, "(45m), the role's longest session (1h)"),
        (45, 45, 1, "They end with the grant."),
        (9, 9, 4, "no session shorter than 15m; the session policy of this one refuses everything"),
        (9, 9, None, "the role's longest session (not known)"),
    ],
)
def test_a_modal_says_how_long_credentials_last_and_why(
    lasts: int, rest: int, longest: int | None, words: str
) -> None:
    until, end = NOW + timedelta(minutes=lasts), NOW + timedelta(minutes=rest)
    keys = Credentials("ASIA1", until, secret_access_key="s", session_token="t")
    role = timedelta(hours=longest) if longest else None

    said = str(views.credentials(views.Lent("prod/admin", end, end - NOW, role), keys))

    assert words in said
    assert f"until <!date^{int(until.timestamp())}^" in said
