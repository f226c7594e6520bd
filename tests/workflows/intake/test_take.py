"""Out of what was read, the catalog's text with what it lacks."""

from typing import Any

import pytest

from tests.workflows.catalog import build
from workflows.catalog.load import load
from workflows.catalog.model import Account, Catalog
from workflows.intake.choose import Accounts, Wish, accounts
from workflows.intake.found import FoundRole, Reading
from workflows.intake.take import Taken, Unfit, taken
from workflows.seen import Listed

ALL = Wish(names=("*",))
NEW = Account("999900001111", "new-shop", (), "aws", "", None)
OTHER = Account("999900002222", "new-wiki", (), "aws", "", None)
READONLY = FoundRole("readonly")


def take(*found: Reading, wish: Wish = ALL, **parts: Any) -> Taken:
    text = build.text(**parts)
    catalog = load(text)
    assert isinstance(catalog, Catalog)
    return taken(text, catalog, found, wish, entrance="/x/Way-In")


def roles(one: Taken) -> list[str]:
    """The keys of the roles in the text that nobody may ask for."""
    catalog = load(one.text)
    assert isinstance(catalog, Catalog)
    return sorted(role.key for role in catalog.roles if not role.requesters)


def chosen(*listed: Listed, patterns: tuple[str, ...] = ()) -> Accounts:
    return accounts(build.catalog(), listed, patterns)


def test_only_active_accounts_are_read_and_never_the_grantee_account() -> None:
    found = chosen(
        Listed(build.GRANTEE, "workforce"),
        Listed("999900001111", "New Shop"),
        Listed("999900002222", "closed", is_active=False),
        Listed(str(build.PAYMENTS["id"]), "whatever"),
        Listed(build.SEARCH["id"], "search", is_active=False),
    )

    assert [one.name for one in found.known] == ["prod-payments"]
    assert [(one.id, one.name) for one in found.new] == [("999900001111", "new-shop")]
    assert found.remarks == (
        f"prod-search ({build.SEARCH['id']}) is not active any more: the catalog has it still.",
    )


@pytest.mark.parametrize("pattern", ["new shop", "NEW-*", "999900001111"])
def test_accounts_are_chosen_by_their_name_there_or_here_or_their_id(pattern: str) -> None:
    listed = (Listed("999900001111", "New Shop"), Listed("999900002222", "wiki"))

    assert [one.name for one in chosen(*listed, patterns=(pattern,)).all] == ["new-shop"]


def test_a_new_account_is_written_with_its_alias_and_what_differs_from_the_defaults() -> None:
    far = Account("999900003333", "far", (), "aws-cn", "", None)

    found = take(Reading(NEW, ("shop",)), wish=Wish())
    with pytest.raises(Unfit) as unfit:
        take(Reading(far))

    assert found.entries == (
        'accounts:\n  - id: "999900001111"\n    name: new-shop\n    aliases: [shop]\n'
    )
    assert (found.accounts, found.roles, found.to_do) == (1, 0, ())
    assert "AWS lets nobody cross over" in str(unfit.value)


def test_an_alias_that_somebody_else_has_is_left_out() -> None:
    found = take(Reading(NEW, ("pay",)), Reading(OTHER, ("new-shop",)), wish=Wish())

    assert "aliases" not in found.entries


@pytest.mark.parametrize(
    ("wish", "names"),
    [
        (Wish(names=("ADMIN*",)), {"admin-a", "admin-b"}),
        (Wish(tags=(("lend", "yes"),)), {"admin-a", "support"}),
        (Wish(names=("admin*",), tags=(("lend", "yes"),)), {"admin-a"}),
        (Wish(tags=(("lend", "yes"), ("team", "x"))), {"support"}),
        (Wish(paths=("/lent/*",)), {"admin-b"}),
        (Wish(), set[str]()),
    ],
)
def test_roles_are_chosen_by_name_tag_and_path(wish: Wish, names: set[str]) -> None:
    there = (
        FoundRole("admin-a", tags={"lend": "yes"}),
        FoundRole("admin-b", "/lent/x/", {"lend": "no"}),
        FoundRole("support", tags={"lend": "yes", "team": "x"}),
        FoundRole("other", tags={"Lend": "yes"}),
    )

    assert {key.partition("/")[2] for key in roles(take(Reading(NEW, (), there), wish=wish))} == (
        names
    )


@pytest.mark.parametrize(
    "role",
    [
        FoundRole("AWSServiceRoleForSupport", "/aws-service-role/support.amazonaws.com/"),
        FoundRole("AWSServiceRoleForAnything"),
        FoundRole("AWSReservedSSO_Dev_0123456789abcdef", "/aws-reserved/sso.amazonaws.com/"),
        FoundRole("organizationaccountaccessrole"),
        FoundRole("AWSControlTowerExecution"),
        FoundRole("way-in", "/x/"),
        FoundRole("xacct-owner-mgr", "/xacct-ctl/"),
        FoundRole("manager", "/mine/"),
    ],
)
def test_roles_of_aws_of_xacct_and_of_administrators_are_never_taken(role: FoundRole) -> None:
    defaults = {
        "group": "/xacct/{effect}-{account}-{role}",
        "requesters": "everyone",
        "manager": "/mine/manager",
    }

    found = take(Reading(NEW, (), (role, READONLY)), defaults=defaults)

    assert roles(found) == ["new-shop/readonly"]
    assert found.remarks == ()


def test_a_role_that_cannot_be_lent_is_left_out_and_named() -> None:
    others = FoundRole("ops", tags={"xacct:installation": "other"})
    long = FoundRole("x" * 40, "/a/long/path/to/be/under/")

    found = take(Reading(NEW, (), (others, long, READONLY)))

    assert roles(found) == ["new-shop/readonly"]
    assert "new-shop/ops was left out: the installation other of xacct governs it." in found.remarks
    assert "cannot switch to the role" in found.remarks[1]


def test_what_the_catalog_describes_already_by_name_or_by_pattern_is_not_described_again() -> None:
    described = [build.ADMIN, {"accounts": "*", "name": "readonly"}]
    there = (FoundRole("Admin"), FoundRole("ReadOnly"), FoundRole("support"))
    payments = build.catalog().accounts[0]

    found = take(Reading(payments, (), there), Reading(NEW, (), there), roles=described)
    again = take(Reading(payments, (), there[:2]), roles=described)

    assert roles(found) == ["new-shop/Admin", "new-shop/support", "prod-payments/support"]
    assert found.reached == ("roles[1] lends new ones by its pattern: new-shop/readonly.",)
    assert (again.text, again.entries) == (build.text(roles=described), "")


def test_roles_alike_in_many_accounts_are_one_entry() -> None:
    there = (FoundRole("readonly"), FoundRole("support"), FoundRole("admin", "/team/"))

    found = take(Reading(NEW, (), there), Reading(OTHER, (), (*there[:2], FoundRole("wiki"))))

    assert found.entries.partition("roles:\n")[2] == (
        "  - accounts: new-shop\n    name: admin\n    path: /team/\n"
        "    requesters: []  # nobody may ask yet: name people, or write everyone\n"
        "  - accounts: [new-shop, new-wiki]\n    name: [readonly, support]\n    path: /\n"
        "    requesters: []  # nobody may ask yet: name people, or write everyone\n"
        "  - accounts: new-wiki\n    name: wiki\n    path: /\n"
        "    requesters: []  # nobody may ask yet: name people, or write everyone\n"
    )
    assert found.roles == 6


def test_a_role_that_was_taken_is_open_to_nobody_whatever_the_defaults_say() -> None:
    defaults = {
        "requesters": "everyone",
        "approvers": ["U0ALICE", "U0BOB"],
        "break_glass": {"people": ["U0ALICE"], "channel": "C0LOUD"},
        "permissions": {"managed": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]},
    }
    usual = [build.role(group="/xacct/allow-admin")]
    rule = {"name": "always", "roles": "*/*", "requesters": "everyone", "longest": "1h"}

    found = take(Reading(NEW, (), (READONLY,)), defaults=defaults, roles=usual, auto_approve=[rule])

    catalog = load(found.text)
    assert isinstance(catalog, Catalog)
    role = catalog.role("new-shop/readonly")
    assert role is not None
    assert (role.requesters, role.break_glass, role.permissions) == ((), None, None)
    assert role.group is not None
    assert role not in catalog.roles_for("U0ALICE")
    assert "Nobody may ask for the new roles yet" in found.to_do[0]
    assert "U0ALICE, U0BOB" in found.to_do[1]


def test_where_nobody_could_approve_it_is_said() -> None:
    found = take(
        Reading(NEW, (), (READONLY,)),
        defaults={"requesters": "everyone", "group": "/xacct/{effect}-{account}-{role}"},
    )

    assert found.to_do[1].startswith("Nobody can approve")


def test_who_would_always_get_in_by_a_pattern_is_said() -> None:
    standing = [{"roles": "new-*/*", "whole_account": True}]
    roles = [build.ADMIN, {"accounts": "new-shop", "name": "x"}]
    accounts = [build.PAYMENTS, {"id": NEW.id, "name": NEW.name}]

    found = take(Reading(NEW, (), (READONLY,)), accounts=accounts, roles=roles, standing=standing)

    assert found.reached == ("`standing` lets somebody always in by a pattern: new-shop/readonly.",)


@pytest.mark.parametrize(
    ("mechanism", "group"),
    [
        ("allow-group", "allow-new-shop-readonly"),
        ("deny-group", "deny-main"),
        ("trust-policy", None),
    ],
)
def test_a_role_has_the_group_that_its_mechanism_needs(mechanism: str, group: str | None) -> None:
    found = take(
        Reading(NEW, (), (READONLY,)),
        defaults={"mechanism": mechanism, "requesters": "everyone"},
        roles=[],
    )

    catalog = load(found.text)
    assert isinstance(catalog, Catalog)
    (role,) = catalog.roles
    assert (role.group.name if role.group else None) == group


def test_what_a_rule_approves_beforehand_in_a_new_account_is_said() -> None:
    rule = {"name": "short", "roles": "*/readonly", "requesters": "everyone", "longest": "1h"}

    found = take(
        Reading(NEW, (), (FoundRole("support"),)),
        roles=[{"accounts": "*", "name": "readonly"}],
        auto_approve=[rule, rule | {"name": "all", "roles": "*/*"}],
    )

    assert found.reached == (
        "roles[0] lends new ones by its pattern: new-shop/readonly.",
        "`auto_approve` approves by a pattern beforehand: new-shop/readonly.",
    )


def test_what_would_be_a_mistake_is_told_with_its_line_and_nothing_is_taken() -> None:
    rule = {"name": "short", "roles": "*/readonly", "requesters": "everyone", "longest": "1h"}

    with pytest.raises(Unfit) as unfit:
        take(
            Reading(NEW, (), (READONLY,)),
            defaults={
                "group": "/xacct/{effect}-{account}-{role}",
                "requesters": "everyone",
                "approvers": ["U0ALICE", "U0BOB"],
                "approvals": 2,
            },
            roles=[build.role(name="readonly", approvals=1)],
            auto_approve=[rule],
        )

    (one,) = unfit.value.mistakes
    assert one.where == "auto_approve[0].roles[0]"
    assert "reaches new-shop/readonly, which 2 people have to approve" in one.sentence
    assert '"roles": "*/readonly"' in unfit.value.text.splitlines()[one.line - 1]
