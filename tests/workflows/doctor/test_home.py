"""What follows from facts of the grantee account, by facts alone."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tests.lab import slack_id
from tests.workflows.catalog import build
from workflows.catalog.model import Catalog
from workflows.doctor import home
from workflows.doctor.facts import HomeFacts, OwnerFacts
from workflows.doctor.finding import Colour, Finding
from workflows.doctor.run import Accounts, sections
from workflows.setup.objects import Found, FoundGroup, FoundPolicy, FoundRole, FoundUser
from workflows.setup.rights import may_enter

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
ALLOW, DENY = "allow-prod-payments-admin", "deny-all"


def a_catalog(**parts: Any) -> Catalog:
    deny = build.role(name="deploy", mechanism="deny-group", group=f"/xacct/{DENY}")
    people = [{"slack": slack_id("alice"), "iam_user": "alice"}]
    return build.catalog(**({"people": people, "roles": [build.role(), deny]} | parts))


def group(told: Catalog, name: str, effect: str, *roles: str) -> FoundGroup:
    arns = [one.arn for one in told.roles if one.name in roles]
    return FoundGroup(
        build.user(f"group/xacct/{name}"), {"xacct-main": may_enter(effect, "X", arns)}, ()
    )


def alice(*groups: str, **changed: Any) -> FoundUser:
    made = FoundUser(build.user("user/alice"), "AIDAALICE", frozenset(groups), (), {}, None)
    return replace(made, **changed)


def there(told: Catalog, user: FoundUser | None = None, **changed: Any) -> Found:
    """The account as it must be, with one user; or with something in it that is not."""
    known = user or alice(DENY)
    made = Found(
        users={known.name.casefold(): known},
        groups={
            ALLOW: group(told, ALLOW, "Allow", "admin"),
            DENY: group(told, DENY, "Deny", "deploy"),
        },
    )
    return replace(made, **changed)


def findings(told: Catalog, found: Found, *, inside: Any = frozenset(), **facts: Any) -> list[Any]:
    known = HomeFacts(told.grantee, found=found, verdicts={}, **facts)
    return home.findings(known, told, inside=inside, now=NOON)


def kinds(found: list[Finding]) -> list[tuple[str, Colour]]:
    return [(one.check, one.colour) for one in found]


def test_a_group_at_another_path_is_not_the_one_that_xacct_may_move_people_in() -> None:
    told = a_catalog()
    moved = {
        name: replace(one, arn=one.arn.replace("/xacct/", "/teams/"))
        for name, one in there(told).groups.items()
    }

    found = findings(told, there(told, groups=moved))

    assert kinds(found) == [("group-elsewhere", Colour.RED)] * 2
    assert "group/teams/allow-prod-payments-admin" in found[0].wrong


def test_an_account_as_it_must_be_has_no_finding() -> None:
    told = a_catalog()

    assert findings(told, there(told)) == []


def test_who_is_outside_a_deny_group_is_told_unless_a_grant_accounts_for_it() -> None:
    told = a_catalog()
    outside = there(told, alice())

    assert kinds(findings(told, outside)) == [("deny-lifted", Colour.RED)]
    assert findings(told, outside, inside={"AIDAALICE"}) == []
    assert kinds(findings(told, outside, inside=None)) == [("deny-lifted-unknown", Colour.YELLOW)]
    spared = a_catalog(
        grantee_account={"id": build.GRANTEE, "name": "w", "administrators": ["alice"]}
    )
    assert findings(spared, there(spared, alice())) == []


def test_an_owner_account_that_was_not_read_may_hold_the_grant() -> None:
    told = a_catalog()
    known = HomeFacts(told.grantee, found=there(told, alice()), verdicts={})
    shut = tuple(OwnerFacts(one, shut="no") for one in told.accounts)

    (grantee, *_) = sections(told, Accounts(known, shut), now=NOON)

    assert [one.check for one in grantee.findings] == ["deny-lifted-unknown"]


def test_a_full_user_is_told_only_where_he_would_have_to_join_a_group() -> None:
    told = a_catalog()
    full = [f"g{number}" for number in range(9)]

    assert kinds(findings(told, there(told, alice(DENY, *full)))) == [("groups-full", Colour.RED)]
    assert findings(told, there(told, alice(DENY, *full[1:]))) == []
    assert findings(told, there(told, alice(DENY, ALLOW, *full[1:]))) == []  # he is in it already
    assert findings(told, there(told, alice(DENY, *full)), groups_quota=11) == []
    only_deny = a_catalog(roles=[build.role(mechanism="deny-group", group=f"/xacct/{DENY}")])
    held = there(
        only_deny, alice(DENY, *full), groups={DENY: group(only_deny, DENY, "Deny", "admin")}
    )
    assert findings(only_deny, held) == []


def test_a_group_holds_exactly_what_the_catalog_says_wherever_it_holds_it() -> None:
    told = a_catalog()
    bare = there(told)
    inline = bare.groups[ALLOW].inline["xacct-main"]
    arn = build.user("policy/xacct-ctl/held")
    managed = {**bare.groups, ALLOW: replace(bare.groups[ALLOW], inline={}, managed=(arn,))}
    known = {arn: FoundPolicy(arn, inline, ())}

    assert findings(told, replace(bare, groups=managed, policies=known)) == []
    assert findings(told, replace(bare, groups=managed), others={arn: inline}) == []
    assert kinds(findings(told, replace(bare, groups=managed))) == [("not-read", Colour.RED)]
    wrong = {**bare.groups, ALLOW: group(told, ALLOW, "Allow", "deploy")}
    assert kinds(findings(told, replace(bare, groups=wrong))) == [("group-wrong", Colour.RED)]
    assert kinds(findings(told, replace(bare, groups={DENY: bare.groups[DENY]}))) == [
        ("group-wrong", Colour.RED)
    ]


def test_whom_the_catalog_names_otherwise_than_aws_is_told() -> None:
    told = a_catalog(
        identity_center=[
            {"slack": "U0DAVE", "role": build.user(build.SSO), "user_name": "dave@example.com"}
        ],
        grantee_account={"id": build.GRANTEE, "name": "w", "administrators": ["root-alice"]},
    )
    elsewhere = alice(DENY, arn=build.user("user/team/alice"))
    made_anew = build.user(build.SSO.replace("AWSReservedSSO_Dev_0", "AWSReservedSSO_Dev_1"))
    role = FoundRole(made_anew, "AROA", {}, {}, (), None, {})
    held = there(told, elsewhere, roles={role.name.casefold(): role})

    assert kinds(findings(told, held)) == [
        ("user-elsewhere", Colour.YELLOW),
        ("administrator-missing", Colour.YELLOW),
        ("comer-missing", Colour.RED),
    ]
