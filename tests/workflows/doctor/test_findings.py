"""What follows from facts, by facts alone."""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.examine import Examined
from db.migrate import Schema
from db.rights import Powers
from tests.lab import KEY, a_person, slack_id
from tests.workflows.catalog import build
from workflows.catalog.model import Catalog, Role
from workflows.directory import Directory
from workflows.doctor import catalog as catalogs
from workflows.doctor import clocks, database, owner, rights, room, run, writers
from workflows.doctor.clocks import Told
from workflows.doctor.facts import HomeFacts, OwnerFacts, Written
from workflows.doctor.finding import Colour, Finding, red, worst_first, yellow
from workflows.documents import session_end, text, trust
from workflows.documents.admits import Visitor
from workflows.duties import Duties
from workflows.errors import Refused, Trouble
from workflows.person import Person
from workflows.seen import Caller, RoleDetail, RoleSeen, Verdict

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
BOT = "arn:aws:iam::777788889999:role/xacct-ctl/xacct-bot"


def a_catalog(**parts: Any) -> Catalog:
    people = [{"slack": slack_id("alice"), "iam_user": "alice"}]
    return build.catalog(**({"people": people, "bot": BOT, "admins": ["U0ROOT"]} | parts))


def a_role(**fields: Any) -> tuple[Catalog, Role]:
    told = a_catalog(roles=[build.role(**fields)])
    return told, told.roles[0]


def seal(role: Role) -> dict[str, Any]:
    account = role.account
    return trust.seal("main", partition=account.partition, account_id=account.id)


def detail(role: Role, *statements: dict[str, Any], **changed: Any) -> RoleDetail:
    """The role as setup leaves it, with these statements in its trust policy besides."""
    seen = RoleSeen(
        arn=role.arn,
        role_id="AROAEXAMPLE",
        trust=text.document([seal(role), *statements]),
        longest_session=3600,
        boundary="arn:aws:iam::444455556666:policy/xacct-ctl/xacct-main-boundary-admin",
        at=NOON,
        tags={"xacct:installation": "main", "xacct:made-by": "setup"},
    )
    of_role = {name: changed.pop(name) for name in list(changed) if hasattr(seen, name)}
    made = RoleDetail(replace(seen, **of_role), None, 0, trust_quota=2048, inline_quota=10240)
    return replace(made, **changed)


def kinds(found: Any) -> list[tuple[str, Colour]]:
    return [(one.check, one.colour) for one in found]


def of_role(told: Catalog, seen: RoleDetail | None, **facts: Any) -> list[Finding]:
    (role,) = told.roles
    given = {"verdicts": {}, "written": ()} | facts
    return owner.findings(OwnerFacts(role.account, roles={role.key: seen}, **given), told, [])


# --- roles


def test_a_role_as_setup_leaves_it_has_no_finding() -> None:
    told, role = a_role()

    assert of_role(told, detail(role)) == []


@pytest.mark.parametrize(
    ("fields", "seconds", "found"),
    [
        ({"session_end": False}, 3600, []),
        ({"session_end": False}, 7200, [("session-long", Colour.YELLOW)]),
        ({"max_duration": "2h"}, 7200, []),
        ({"max_duration": "2h"}, 7201, [("session-long", Colour.YELLOW)]),
        ({"max_duration": "30m", "default_duration": "15m"}, 3600, []),  # AWS's least
    ],
)
def test_sessions_are_no_longer_than_what_ends_them(
    fields: dict[str, Any], seconds: int, found: list[Any]
) -> None:
    told, role = a_role(**fields)

    assert kinds(of_role(told, detail(role, longest_session=seconds))) == found


def test_a_seal_that_is_gone_is_told_apart_from_a_role_that_may_enter_itself() -> None:
    told, role = a_role()
    own = f"arn:aws:iam::{role.account.id}"

    def statement(who: str) -> dict[str, Any]:
        principal = {"AWS": who}
        return {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}

    def found(who: str) -> list[str]:
        seen = detail(role, trust=text.document([statement(who)]))
        return [one.check for one in of_role(told, seen)]

    assert found("arn:aws:iam::999988887777:root") == ["seal-missing"]
    assert found(f"{own}:root") == ["self-trust"]
    assert found(role.arn) == ["self-trust"]
    sealed = detail(role, statement(f"{own}:root"))
    assert of_role(told, sealed) == []


def test_statements_of_others_are_not_passed_over_where_nobody_knows_the_grantees() -> None:
    told, role = a_role()
    principal = {"AWS": "arn:aws:iam::111122223333:root"}
    theirs = {"Sid": "Theirs", "Effect": "Allow", "Principal": principal}
    seen = detail(role, theirs | {"Action": "sts:AssumeRole"})

    def found(seen: RoleDetail, comers: list[Visitor] | None) -> list[tuple[str, Colour]]:
        facts = OwnerFacts(role.account, roles={role.key: seen}, verdicts={}, written=())
        return kinds(owner.findings(facts, told, comers))

    assert found(seen, None) == [("trust-unjudged", Colour.YELLOW)]
    assert found(seen, []) == []


ANYBODY = {"AWS": "arn:aws:iam::111122223333:root"}  # of the grantee account
LENT = {
    "StringEquals": {"aws:userid": ["AIDAALICE"], "sts:RoleSessionName": "${aws:username}"},
    "DateLessThan": {"aws:CurrentTime": "2026-01-31T13:00:00Z"},
}


@pytest.mark.parametrize(
    ("sid", "principal", "condition", "is_forged"),
    [
        ("StandingByXacctWholeAccount", ANYBODY, None, False),
        ("StandingByXacctWholeAccount", "*", None, True),
        ("StandingByXacctUsers", ANYBODY, None, True),  # the catalog names no users
        ("XacctU20260131T130000ZA111122223333", ANYBODY, LENT, False),
        ("XacctU20260131T130000ZA111122223333", "*", LENT, True),
        ("XacctU1", ANYBODY, {"StringEquals": {"aws:userid": "AIDAALICE"}}, True),  # without an end
        ("XacctVend", ANYBODY, {"DateLessThan": LENT["DateLessThan"]}, True),  # names nobody
        ("XacctEvil", ANYBODY, None, True),
    ],
)
def test_a_statement_that_only_bears_a_name_of_xaccts_is_found(
    sid: str, principal: Any, condition: Any, *, is_forged: bool
) -> None:
    standing = [{"roles": "*/*", "whole_account": True}]
    told = a_catalog(roles=[build.role()], standing=standing)
    role = told.roles[0]
    statement = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    more = {"Condition": condition} if condition else {}
    facts = OwnerFacts(
        role.account,
        roles={role.key: detail(role, statement | more)},
        verdicts={},
        written=(),
    )

    found = kinds(owner.findings(facts, told, []))

    assert found == ([("trust-forged", Colour.RED)] if is_forged else [])
    if sid.startswith("Standing"):  # of a catalog with mistakes nobody knows who stands
        assert owner.findings(facts, told, [], whole=False) == []


def test_a_role_that_aws_refuses_though_xacct_may_read_it_is_not_there() -> None:
    told, role = a_role()
    answer = {role.key: "iam:GetRole: AccessDenied: not authorized"}

    def found(decision: str) -> list[str]:
        verdict = Verdict("iam:GetRole", decision)
        facts = OwnerFacts(
            role.account,
            unread=answer,
            verdicts={("iam:GetRole", role.arn): verdict},
            written=(),
        )
        return [one.check for one in owner.findings(facts, told, [])]

    assert found("allowed") == ["role-missing"]
    assert found("implicitDeny") == ["not-read", "right-missing"]


def test_an_account_that_was_not_entered_has_that_one_finding() -> None:
    told, role = a_role()
    facts = OwnerFacts(role.account, shut="sts:AssumeRole: AccessDenied")

    assert kinds(owner.findings(facts, told, [])) == [("account-closed", Colour.RED)]


# --- room


def test_the_room_that_is_told_is_the_room_that_grants_take() -> None:
    told, role = a_role()
    seen = detail(role)
    each = room._statement(told)
    base = text.length(seen.role.trust)

    def found(quota: int) -> list[tuple[str, Colour]]:
        return kinds(room.findings(role, replace(seen, trust_quota=quota), told))

    assert found(base + 3 * each) == []
    assert found(base + 3 * each - 1) == [("trust-full", Colour.YELLOW)]
    assert found(base + each - 1) == [("trust-full", Colour.RED)]


def test_other_inline_policies_take_room_from_the_session_end_where_the_role_has_one() -> None:
    told, role = a_role()
    endless, other = a_role(session_end=False)
    full = 10240 - text.length(session_end.render(role.arn, [])) - session_end.ANCHOR_ROOM

    def found(told: Catalog, role: Role, size: int) -> list[tuple[str, Colour]]:
        return kinds(room.findings(role, detail(role, other_inline=size), told))

    assert found(told, role, full // 2) == []
    assert found(told, role, full - 400) == [("inline-full", Colour.YELLOW)]
    assert found(told, role, full) == [("inline-full", Colour.RED)]
    assert found(endless, other, full) == []


# --- other writers


def test_what_belongs_to_a_stack_is_told_unless_setup_rendered_the_stack() -> None:
    _, role = a_role()
    stack = {"aws:cloudformation:stack-name": "platform"}
    rendered = detail(role)
    theirs = detail(role, tags=stack)
    ours = detail(role, tags={**rendered.role.tags, **stack})

    assert kinds(writers.findings(role, theirs, None)) == [("of-cloudformation", Colour.YELLOW)]
    assert kinds(writers.findings(role, ours, None)) == []


def test_of_several_writes_of_a_tool_the_last_is_told_and_others_policies_are_not() -> None:
    _, role = a_role()

    def wrote(hour: int, what: str, policy: str | None, name: str = "admin") -> Written:
        return Written(NOON.replace(hour=hour), "Terraform", what, name, policy)

    written = [
        wrote(9, "UpdateAssumeRolePolicy", None),
        wrote(3, "UpdateAssumeRolePolicy", None),
        wrote(4, "DeleteRolePolicy", "xacct-session-end"),
        wrote(5, "DeleteRolePolicy", "theirs"),
        wrote(6, "UpdateAssumeRolePolicy", None, name="elsewhere"),
    ]

    found = {one.check: one for one in writers.findings(role, detail(role), written)}

    assert found.keys() == {"trust-of-others", "session-end-of-others"}
    assert "09:00" in found["trust-of-others"].wrong
    assert found["session-end-of-others"].colour is Colour.RED


# --- rights


def asked(needs: list[rights.Need]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for need in needs:
        for resource in need.resources:
            found.setdefault(resource.rpartition("/")[2], set()).update(need.actions)
    return found


def test_what_is_asked_of_a_role_is_what_setup_gives_on_it_and_no_more_than_it_needs() -> None:
    roles = [build.role(), build.role(name="ro", session_end=False), build.role(name="gone")]
    told = a_catalog(roles=[*roles, build.role(name="unread")])
    read: dict[str, RoleDetail | None] = {one.key: detail(one) for one in told.roles[:2]}
    read["prod-payments/gone"] = None

    needs = rights.of_owner(told, told.accounts[0], read, lambda seen: seen.role.tags)

    reads = {"iam:GetRole", "iam:GetRolePolicy", "iam:ListRolePolicies", rights.SIMULATE}
    writes = {"iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy"}
    assert asked(needs) == {
        "admin": reads | writes,
        "ro": reads | {"iam:UpdateAssumeRolePolicy"},
        "unread": reads,
        "xacct-owner-mgr": {rights.SIMULATE},
        "*": {"iam:GetAccountSummary", "cloudtrail:LookupEvents"},
    }
    assert all(need.keys for need in needs if writes & {*need.actions})


def test_rights_in_the_grantee_account_are_asked_of_what_the_catalog_names() -> None:
    ci = {"name": "ci", "role": build.user("role/build/ci"), "owners": []}
    told = a_catalog(machines=[ci])

    found = asked(rights.of_home(told, []))
    with_policy = asked(rights.of_home(told, [build.user("policy/deny")]))

    moves = {"iam:AddUserToGroup", "iam:RemoveUserFromGroup"}
    assert found["allow-prod-payments-admin"] > moves
    assert found["alice"] == {"iam:GetUser", "iam:ListGroupsForUser", rights.SIMULATE}
    assert found["ci"] == {"iam:GetRole", rights.SIMULATE}
    assert with_policy.keys() - found.keys() == {"deny"}
    assert with_policy["deny"] == {"iam:GetPolicy", "iam:GetPolicyVersion"}


def test_a_right_that_may_be_there_when_the_call_comes_is_said_not_to_be_known() -> None:
    def found(*verdicts: Verdict) -> list[tuple[str, Colour]]:
        held = {(one.action, f"arn:aws:iam::1:role/{one.by}"): one for one in verdicts}
        return kinds(rights.lacking("arn:aws:iam::1:role/mgr", held))

    no, maybe = Verdict("iam:GetRole", "implicitDeny"), Verdict("iam:GetRole", "x", (), ("k",))

    assert found(no) == [("right-missing", Colour.RED)]
    assert found(maybe) == [("right-unknown", Colour.YELLOW)]
    assert found(replace(maybe, decision="allowed")) == []
    assert found(replace(no, action=rights.SIMULATE)) == [("right-missing", Colour.YELLOW)]
    assert kinds(rights.lacking("mgr", None)) == [("rights-unknown", Colour.RED)]


def test_a_right_of_which_the_simulation_says_nothing_is_not_taken_to_be_there() -> None:
    yes, no = Verdict("iam:GetRole", "allowed"), Verdict("iam:GetRole", "implicitDeny")

    several = rights.answered(["iam:GetRole"], ["a", "b"], {("iam:GetRole", "a"): yes})
    one = rights.answered(["iam:GetRole"], ["a"], {("iam:GetRole", "*"): no})

    assert kinds(rights.lacking("mgr", several)) == [("right-unknown", Colour.YELLOW)]
    assert kinds(rights.lacking("mgr", one)) == [("right-missing", Colour.RED)]


# --- whose keys, clocks, database


@pytest.mark.parametrize(
    ("caller", "bot", "same"),
    [
        ("arn:aws:sts::777788889999:assumed-role/xacct-bot/i-0a", BOT, True),
        ("arn:aws:sts::777788889999:assumed-role/other/i-0a", BOT, False),
        ("arn:aws:sts::777788889990:assumed-role/xacct-bot/i-0a", BOT, False),
        ("arn:aws:iam::777788889999:user/xacct-bot", BOT, False),
        ("arn:aws:iam::7:user/a/bot", "arn:aws:iam::7:user/a/bot", True),
        ("arn:aws:sts::7:assumed-role/bot/x", "arn:aws:iam::7:user/bot", False),
    ],
)
def test_a_session_of_the_bots_role_is_the_bot(caller: str, bot: str, *, same: bool) -> None:
    told = replace(a_catalog(), bot_arn=bot)

    assert (run.identity(Caller(caller, caller.split(":")[4], "AIDA"), told) == []) is same


@pytest.mark.parametrize(
    ("seconds", "found"), [(0, []), (30, []), (-30, []), (31, ["red"]), (-33, ["red"])]
)
def test_clocks_may_differ_by_half_a_minute(seconds: int, found: list[str]) -> None:
    took = timedelta(milliseconds=200)
    told = Told(NOON + timedelta(seconds=seconds), NOON - took, NOON)

    assert [one.colour for one in clocks.findings(told, None)] == found


def test_a_slow_answer_is_no_wrong_clock() -> None:
    slow = Told(NOON, NOON - timedelta(seconds=50), NOON + timedelta(seconds=50))

    assert list(clocks.findings(slow, slow)) == []
    assert kinds(clocks.findings(None, None)) == [("clock-unknown", Colour.YELLOW)]


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, []),
        ({"schema": Schema.OLDER}, [("schema-older", Colour.RED)]),
        ({"schema": Schema.NONE}, [("schema-none", Colour.RED)]),
        ({"schema": Schema.OLDER, "is_sqlite": True}, [("schema-older", Colour.YELLOW)]),
        ({"schema": Schema.NEWER, "is_sqlite": True}, [("schema-newer", Colour.RED)]),
        ({"version": (13, 2)}, [("database-version", Colour.YELLOW)]),
        ({"version": (3, 34), "is_sqlite": True}, [("database-version", Colour.RED)]),
        ({"alerts": ("one",)}, [("alerts-standing", Colour.YELLOW)]),
        ({"key_id": "another"}, [("audit-key", Colour.RED)]),
        ({"unguarded": ("xacct_log_kept",)}, [("audit-triggers", Colour.RED)]),
        ({"powers": Powers("xacct", owns=True)}, [("audit-writable", Colour.YELLOW)]),
        ({"powers": Powers("x", rights=("DELETE on audit",))}, [("audit-writable", Colour.YELLOW)]),
        ({"powers": Powers("xacct")}, []),
    ],
)
def test_a_database_is_judged_by_what_it_says(changed: dict[str, Any], found: list[Any]) -> None:
    good = Examined(False, (16, 1), Schema.CURRENT, NOON, key_id=KEY.id)
    if changed.get("is_sqlite") and "version" not in changed:
        changed = changed | {"version": (3, 40, 1)}

    assert kinds(database.findings(replace(good, **changed), key_id=KEY.id)) == found


# --- approvals


def around(told: Catalog, people: Mapping[str, Person], pool: ThreadPoolExecutor) -> Any:
    def ask(user: str) -> Person:
        if user not in people:
            raise Refused("not asked")
        return people[user]

    class Still:
        def now(self) -> datetime:
            return NOON

    return catalogs.Around(told, Still(), Directory(None, ask), Duties({}), pool)


def approvals(people: Mapping[str, Person], **fields: Any) -> list[tuple[str, Colour]]:
    told = a_catalog(roles=[build.role(**fields)])
    with ThreadPoolExecutor(2) as pool:
        return kinds(catalogs.approvals(around(told, people, pool)))


def known(name: str, **facts: Any) -> dict[str, Person]:
    return {slack_id(name): a_person(name, team="T012ABCDE", **facts)}


def test_a_role_is_approvable_by_whom_slack_says_nothing_against() -> None:
    both = known("alice") | known("bob")
    gone = known("alice", deleted=True) | known("bob", guest=True)
    nobody, lonely = ("nobody-approves", Colour.RED), ("nobody-else-approves", Colour.YELLOW)

    assert approvals(both) == []
    assert approvals({}) == []  # Slack says nothing
    assert approvals(gone) == [nobody]
    assert approvals(both, approvals=2) == [lonely]
    assert approvals(both, approvals=2, requesters=["U0CAROL"]) == []
    assert approvals(known("alice") | known("bob", deleted=True), approvals=2) == [nobody]
    assert approvals(both, approvers=[slack_id("bob")]) == [lonely]


def test_one_person_under_two_slack_ids_approves_nothing_for_himself() -> None:
    twins = known("alice") | known("bob", email="alice@corp.example")

    assert approvals(twins) == [("nobody-else-approves", Colour.YELLOW)]


# --- all of it


def test_red_is_told_first_and_nothing_twice() -> None:
    one, other = yellow("a", "x", "w", "f"), red("b", "x", "w", "f")

    assert worst_first([one, other, one]) == (other, one)


def test_eight_accounts_are_read_at_the_same_time_and_one_that_breaks_keeps_none() -> None:
    accounts = [{"id": f"44445555{number:04}", "name": f"a{number}"} for number in range(8)]
    told = a_catalog(accounts=accounts, roles=[{"accounts": "*", "name": "admin"}])
    together = threading.Barrier(8, timeout=10)

    class Shut:
        def fenced(self, arn: str, _external_id: str | None) -> Any:
            if "grantee-mgr" in arn:
                raise ValueError("a fault of ours")
            together.wait()
            raise Trouble("sts:AssumeRole", "AccessDenied", "no")

    read: list[int] = []
    ways: Any = type("Ways", (), {"managers": Shut(), "vendor": None, "trail": None})()

    found = run.accounts(ways, told, now=NOON, said=lambda: read.append(1))
    sections = run.sections(told, found, now=NOON)

    assert len(read) == 9
    assert [[one.check for one in section.findings] for section in sections] == [
        ["account-closed"]
    ] * 9
    assert isinstance(found.home, HomeFacts)
    assert "ValueError" in sections[0].findings[0].wrong


def test_a_check_that_breaks_is_a_finding_and_not_the_end() -> None:
    def broken() -> Any:
        yield red("a", "x", "w", "f")
        raise KeyError("a secret that was looked up")

    section = run.section("catalog", broken)

    assert kinds(section.findings) == [("a", Colour.RED), ("broken", Colour.RED)]
    assert "secret" not in section.findings[1].wrong
