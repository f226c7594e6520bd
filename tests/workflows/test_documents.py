"""The documents: what is written opens just what it says, and keeps what is somebody else's."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.catalog.model import GranteeKind
from workflows.documents import admits, groups, session_end, text, trust
from workflows.documents.admits import Visitor
from workflows.documents.session_end import Line
from workflows.documents.trust import Entry, Vend

HOME, OWNER = "111122223333", "444455556666"
ROLE = f"arn:aws:iam::{OWNER}:role/xacct/admin"
NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
SEAL = trust.seal("lab", partition="aws", account_id=OWNER)


def user(number: int, end: datetime = NOON, account_id: str = HOME, *, mfa: bool = False) -> Entry:
    aida = f"AIDA{number:016}"
    return Entry(GranteeKind.USER, "aws", account_id, aida, f"user{number}", end, mfa)


def machine(name: str = "xacct-ci", end: datetime = NOON) -> Entry:
    return Entry(GranteeKind.MACHINE, "aws", HOME, "AROA0000000000000009", name, end)


def person(name: str, end: datetime = NOON) -> Entry:
    return Entry(GranteeKind.PERSON, "aws", HOME, "AROA0000000000000SSO", name, end)


def rendered(*wanted: Entry, before: dict[str, Any] | None = None, vend: Vend | None = None) -> Any:
    return trust.render(before or text.document([SEAL]), wanted=wanted, vend=vend, sealed=SEAL)


entries = st.lists(
    st.one_of(
        st.builds(
            user,
            st.integers(0, 50),
            st.sampled_from([NOON, NOON + timedelta(minutes=1)]),
            mfa=st.booleans(),
        ),
        st.builds(person, st.sampled_from(["a@x.example", "b@x.example"])),
        st.just(machine()),
    ),
    max_size=8,
    unique_by=lambda one: one.key,
)

foreign_statements = st.lists(
    st.fixed_dictionaries(
        {
            "Effect": st.sampled_from(["Allow", "Deny"]),
            "Principal": st.sampled_from(
                [{"AWS": f"arn:aws:iam::{OWNER}:root"}, {"Service": "ec2.amazonaws.com"}]
            ),
            "Action": st.sampled_from(["sts:AssumeRole", ["sts:AssumeRole", "sts:TagSession"]]),
        },
        optional={"Sid": st.sampled_from(["Theirs", "xacctLower"])},
    ),
    max_size=4,
)


@given(entries, entries, foreign_statements)
def test_whatever_we_write_and_rewrite_what_is_foreign_stays_in_place_untouched(
    first: list[Entry], then: list[Entry], theirs: list[dict[str, Any]]
) -> None:
    before = text.document([*theirs, SEAL])
    after = rendered(*then, before=rendered(*first, before=before))

    assert trust.foreign(after) == theirs
    assert trust.seals(after) == ["lab"]


@given(entries)
def test_what_is_written_is_read_back_as_just_that(wanted: list[Entry]) -> None:
    document = rendered(*wanted)

    assert trust.entries(document) == {(one.key, one.end) for one in wanted}
    assert trust.as_wanted(document, wanted=wanted, vend=None)


@given(entries, entries)
def test_a_document_is_as_wanted_only_for_what_it_says(one: list[Entry], two: list[Entry]) -> None:
    same = {(x.key, x.end) for x in one} == {(x.key, x.end) for x in two}

    assert trust.as_wanted(rendered(*one), wanted=two, vend=None) == same


@given(entries)
def test_every_sid_is_letters_and_digits_and_stands_once(wanted: list[Entry]) -> None:
    sids = [one["Sid"] for one in text.statements(rendered(*wanted))]

    assert all(sid.isalnum() and sid.isascii() for sid in sids)
    assert len(sids) == len(set(sids))


def test_users_with_one_end_share_a_statement_that_binds_each_to_his_own_name() -> None:
    (shared,) = trust.own_statements([user(1), user(2)], None)

    equals = shared["Condition"]["StringEquals"]
    assert equals["aws:userid"] == ["AIDA0000000000000001", "AIDA0000000000000002"]
    assert equals["sts:RoleSessionName"] == "${aws:username}"
    assert shared["Condition"]["StringLike"]["sts:RoleSessionName"] == ["user1", "user2"]


def test_who_needs_mfa_shares_no_statement_with_who_does_not() -> None:
    plain, mfa = trust.own_statements([user(1), user(2, mfa=True), user(3, mfa=True)], None)

    assert "Bool" not in plain["Condition"]
    assert mfa["Condition"]["Bool"] == {"aws:MultiFactorAuthPresent": "true"}
    assert mfa["Condition"]["StringEquals"]["aws:userid"] == [user(2).user_id, user(3).user_id]
    assert mfa["Sid"] == f"{plain['Sid']}Mfa"


@pytest.mark.parametrize("needs", [True, False])
def test_an_entry_that_stands_without_mfa_is_not_what_a_grant_with_mfa_wants(
    *, needs: bool
) -> None:
    stands, wanted = user(1, mfa=not needs), user(1, mfa=needs)
    document = rendered(stands)

    assert not trust.as_wanted(document, wanted=[wanted], vend=None)
    assert wanted.key not in {key for key, _ in trust.entries(document)}


def test_the_condition_is_known_as_aws_shows_it_and_as_somebody_else_may_have_written_it() -> None:
    document = rendered(user(1, mfa=True))
    document["Statement"][1]["Condition"]["Bool"] = {"aws:MultiFactorAuthPresent": True}

    assert {key.mfa for key, _ in trust.entries(document)} == {True}


def test_a_statement_that_is_named_like_a_seal_and_lets_in_is_written_over() -> None:
    planted = {**SEAL, "Effect": "Allow", "Principal": {"AWS": HOME}}
    document = text.document([SEAL, planted])

    assert not trust.as_wanted(document, wanted=[], vend=None)
    assert text.statements(rendered(before=document)) == [SEAL]


def test_sixty_users_with_one_end_fit_the_smallest_quota() -> None:
    assert text.length(rendered(*(user(number) for number in range(45)))) <= 2048


def test_people_never_share_a_statement() -> None:
    assert len(trust.own_statements([person("a@x.example"), person("b@x.example")], None)) == 2


def test_an_empty_document_is_never_written_since_aws_refuses_it() -> None:
    document = trust.render(text.document([]), wanted=[], vend=None, sealed=SEAL)

    assert text.statements(document) == [SEAL]


@pytest.mark.parametrize(
    ("value", "pattern", "matches"),
    [
        ("alice", "al*", True),
        ("alice", "*", True),
        ("alice", "ali?e", True),
        ("alice", "ALICE", False),
        ("alice", "[a]lice", False),
        ("[a]lice", "[a]*", True),
        ("a\nb", "a*b", True),
        ("alice", "?alice", False),
        ("sts:assumerole", "*" * 60 + "x", False),
        ("a" * 2000, "*a" * 1000 + "*b", False),
    ],
)
def test_a_pattern_of_aws_is_weighed_at_once_however_many_stars_it_has(
    value: str, pattern: str, *, matches: bool
) -> None:
    assert text.like(value, pattern) is matches


def test_a_deleted_principal_among_foreign_statements_is_found() -> None:
    orphan = {"Effect": "Allow", "Principal": {"AWS": ["AIDAGONE1", HOME]}, "Action": "sts:*"}

    assert trust.orphan(text.document([SEAL, orphan])) == "AIDAGONE1"
    assert trust.orphan(text.document([SEAL])) is None


# --- the session end


lines = st.lists(
    st.builds(
        Line,
        st.integers(0, 20).map(lambda number: f"AROA1:user{number}"),
        st.sampled_from([None, NOON, NOON + timedelta(minutes=7)]),
        st.sampled_from([None, NOON - timedelta(hours=1)]),
    ),
    max_size=8,
    unique_by=lambda line: line.user_id,
)


@given(lines)
def test_a_session_end_is_read_back_as_it_was_written(wanted: list[Line]) -> None:
    document = session_end.render(ROLE, wanted)

    assert session_end.as_wanted(document, ROLE, wanted)
    assert sorted(session_end.lines(document), key=repr) == sorted(wanted, key=repr)


@given(lines)
def test_the_role_can_never_change_itself_while_a_session_end_stands(wanted: list[Line]) -> None:
    first = text.statements(session_end.render(ROLE, wanted))[0]

    assert first == {
        "Sid": "XacctSelf",
        "Effect": "Deny",
        "NotAction": ["iam:Get*", "iam:List*"],
        "Resource": ROLE,
    }


def test_a_missing_policy_is_not_as_wanted() -> None:
    assert not session_end.as_wanted(None, ROLE, [Line("AROA1:alice", NOON)])


def test_a_hundred_names_that_are_over_leave_room() -> None:
    over = [Line(f"AROAEXAMPLEEXAMPLE000:user{number:03}", None) for number in range(100)]

    assert text.length(session_end.render(ROLE, over)) < 5_000


# --- foreign statements that admit


VISITOR = Visitor(
    kind=GranteeKind.USER,
    partition="aws",
    account_id=HOME,
    arn=f"arn:aws:iam::{HOME}:user/alice",
    name="alice",
    unique_id="AIDAALICE",
    after=NOON,
)


def statement(**changed: Any) -> dict[str, Any]:
    root = {"AWS": f"arn:aws:iam::{HOME}:root"}
    return {"Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole", **changed}


@pytest.mark.parametrize(
    "theirs",
    [
        statement(),
        statement(Principal="*"),
        statement(Principal={"AWS": HOME}),
        statement(Principal={"AWS": [f"arn:aws:iam::{OWNER}:root", VISITOR.arn]}),
        statement(Action="sts:*"),
        statement(Action="*"),
        {"Effect": "Allow", "NotPrincipal": {"AWS": "1"}, "Action": "sts:AssumeRole"},
        {"Effect": "Allow", "Principal": "*", "NotAction": "sts:TagSession"},
        statement(Condition={"StringEquals": {"sts:ExternalId": "x"}}),
        statement(Condition={"StringNotEquals": {"aws:username": "alice"}}),
        statement(Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
        statement(Condition={"StringLike": {"aws:username": "al*"}}),
        statement(Condition={"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}),
        statement(Condition={"DateLessThan": {"aws:CurrentTime": "2026-01-31T12:00:01Z"}}),
        statement(Condition={"DateLessThan": {"aws:CurrentTime": "soon"}}),
    ],
)
def test_a_foreign_statement_that_may_let_him_in_after_the_end_is_found(
    theirs: dict[str, Any],
) -> None:
    assert admits.admitting(text.document([SEAL, theirs]), VISITOR) == theirs


@pytest.mark.parametrize(
    "theirs",
    [
        statement(Effect="Deny"),
        statement(Principal={"AWS": f"arn:aws:iam::{OWNER}:root"}),
        statement(Principal={"Service": "ec2.amazonaws.com"}),
        statement(Principal={"AWS": f"arn:aws:iam::{HOME}:user/carol"}),
        statement(Action="sts:TagSession"),
        statement(Condition={"StringEquals": {"aws:username": "carol"}}),
        statement(Condition={"StringEquals": {"aws:userid": "AIDACAROL"}}),
        statement(Condition={"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{HOME}:role/*"}}),
        statement(Condition={"DateLessThan": {"aws:CurrentTime": "2026-01-31T12:00:00Z"}}),
        {**statement(), "Sid": "XacctU20260131T120000ZA111122223333"},
    ],
)
def test_a_foreign_statement_that_surely_shuts_him_out_is_let_stand(theirs: dict[str, Any]) -> None:
    assert admits.admitting(text.document([SEAL, theirs]), VISITOR) is None


# --- groups


def allow(resource: Any, **changed: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": resource, **changed}


@pytest.mark.parametrize(
    ("held", "complaint"),
    [
        ([], "holds no Allow"),
        ([allow(f"{ROLE}2")], "also covers"),
        ([allow(ROLE), allow("*")], "also covers *"),
        ([allow(ROLE), allow("*", Action="s3:*")], "something else than sts:AssumeRole"),
        ([allow(ROLE, Action=["sts:AssumeRole", "sts:TagSession"])], "something else"),
        ([allow(ROLE), {**allow(ROLE), "Effect": "Deny"}], "not Allow"),
        ([allow(ROLE, Condition={"Bool": {"aws:SecureTransport": "true"}})], "condition"),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": ROLE}], "something else"),
        ([allow(f"{ROLE}*")], "has to name each role by its ARN"),
        (
            [{"Effect": "Allow", "Action": "sts:AssumeRole", "NotResource": ROLE}],
            "without Resource",
        ),
    ],
)
def test_a_group_that_holds_anything_more_is_refused(held: list[Any], complaint: str) -> None:
    found = groups.fault([text.document(held)], effect="Allow", role_arn=ROLE, governed={ROLE})

    assert found is not None
    assert complaint in found


def test_a_group_that_holds_exactly_its_roles_is_fine() -> None:
    other = f"{ROLE}2"
    held = text.document([allow([ROLE, other])])

    assert groups.fault([held], effect="Allow", role_arn=ROLE, governed={ROLE, other}) is None
