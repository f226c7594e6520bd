"""Which identity in AWS stands for a person in Slack: the listed one, or the one a rule finds."""

from dataclasses import replace
from typing import Any

import pytest

from tests.lab import a_person, slack_id, some_catalog
from workflows import identity
from workflows.catalog.identity_rule import IdentityRule
from workflows.catalog.model import Catalog, Engineer, GranteeKind, Mechanism, Visitor
from workflows.errors import NotAllowed
from workflows.person import Grantee, Person

BY_NAME = IdentityRule("corp.example", tag=None, compares_local_part=True)
BY_TAG = IdentityRule("corp.example", tag="email", compares_local_part=False)


def catalog(*rules: IdentityRule, **changed: Any) -> Catalog:
    made = some_catalog(mechanism=Mechanism.ALLOW_GROUP, users=("alice", "bob"))
    return replace(made, identity_rules=rules, **changed)


def found(by: Person, said: Catalog, **tagged: list[str]) -> Grantee:
    return identity.own(said, by, said.roles[0], lambda _key, value: tagged.get(value[:4], []))


def test_a_listed_person_is_his_listed_user() -> None:
    assert found(a_person("alice"), catalog(BY_TAG), alic=["other"]).name == "alice"


def test_who_asks_for_a_role_of_machines_is_told_to_name_one() -> None:
    said = catalog()
    machines = replace(said.roles[0], kinds=frozenset({GranteeKind.MACHINE}))

    with pytest.raises(NotAllowed, match=r"machines only.*`--as`"):
        found(a_person("alice"), replace(said, roles=(machines,)))


def test_a_rule_finds_the_user_named_like_the_address() -> None:
    assert found(a_person("erin"), catalog(BY_NAME)).name == "erin"


def test_a_rule_finds_the_user_whose_tag_says_the_address() -> None:
    assert found(a_person("erin"), catalog(BY_TAG), erin=["e.rin"]).name == "e.rin"


@pytest.mark.parametrize(
    "by",
    [
        a_person("erin", email_confirmed=False),
        a_person("erin", email=None),
        a_person("erin", email="erin@other.example"),
        a_person("erin", email="erin@corp.example.evil.example"),
        a_person("erin", email="corp.example"),
    ],
)
def test_an_address_that_proves_nothing_finds_nobody(by: Person) -> None:
    with pytest.raises(NotAllowed, match="add you under `people`"):
        found(by, catalog(BY_NAME))


def test_a_tag_that_two_users_carry_finds_neither() -> None:
    with pytest.raises(NotAllowed, match="2 IAM users carry the tag"):
        found(a_person("erin"), catalog(BY_TAG), erin=["a", "b"])


@pytest.mark.parametrize("name", ["alice", "ALICE", "xacct-ci", "Xacct-other", "dave@corp.example"])
def test_a_rule_never_gives_a_person_somebody_elses_user(name: str) -> None:
    visitor = Visitor(slack_id("dave"), "arn:aws:iam::1:role/x", "dave@corp.example")
    listed = (Engineer(slack_id("alice"), "/team/alice", None),)

    with pytest.raises(NotAllowed, match="somebody else's"):
        found(a_person("erin"), catalog(BY_TAG, visitors=(visitor,), engineers=listed), erin=[name])


def test_a_person_of_identity_center_comes_by_his_sign_in_name() -> None:
    visitor = Visitor(slack_id("erin"), "arn:aws:iam::1:role/x", "erin@corp.example")
    said = catalog(visitors=(visitor,))
    role = replace(said.roles[0], kinds=frozenset({GranteeKind.PERSON}))

    grantee = identity.own(said, a_person("erin"), role, lambda _key, _value: [])

    assert (grantee.kind, grantee.session_name) == (GranteeKind.PERSON, "erin@corp.example")


# --- whether it is still his


def still(said: Catalog, name: str, grantee: Grantee, *, email: str | None = None) -> bool:
    return identity.still_his(said, slack_id(name), grantee, email=email)


def test_a_machine_that_the_catalog_moved_to_another_role_is_another_machine() -> None:
    said = catalog()
    machine = said.machines[0]
    grantee = identity.machine(said, a_person("alice"), "ci")
    account = machine.role_arn.split(":")[4]
    elsewhere = replace(machine, role_arn=f"arn:aws:iam::{account}:role/ci-2")
    with_path = replace(machine, role_arn=f"arn:aws:iam::{account}:role/build/ci")

    assert still(said, "alice", grantee)
    assert still(replace(said, machines=(with_path,)), "alice", grantee)
    assert not still(replace(said, machines=(elsewhere,)), "alice", grantee)


def test_a_person_of_identity_center_who_comes_with_another_role_is_asked_anew() -> None:
    visitor = Visitor(slack_id("erin"), "arn:aws:iam::1:role/x", "erin@corp.example")
    said = catalog(visitors=(visitor,))
    role = replace(said.roles[0], kinds=frozenset({GranteeKind.PERSON}))
    grantee = identity.own(said, a_person("erin"), role, lambda _key, _value: [])
    moved = replace(visitor, role_arn="arn:aws:iam::1:role/y")

    assert still(said, "erin", grantee)
    assert not still(replace(said, visitors=(moved,)), "erin", grantee)


@pytest.mark.parametrize("rule", [BY_NAME, BY_TAG])
def test_whom_a_rule_found_is_his_while_the_rule_of_his_domain_stands(rule: IdentityRule) -> None:
    grantee = found(a_person("erin"), catalog(rule), erin=["erin"])
    other = replace(rule, domain="other.example")

    assert still(catalog(rule, other), "erin", grantee, email="erin@corp.example")
    assert not still(catalog(other), "erin", grantee, email="erin@corp.example")
    assert not still(catalog(rule), "erin", grantee, email=None)


def test_a_rule_that_compares_names_gives_nobody_another_name() -> None:
    grantee = found(a_person("erin"), catalog(BY_TAG), erin=["e.rin"])

    assert still(catalog(BY_TAG), "erin", grantee, email="erin@corp.example")
    assert not still(catalog(BY_NAME), "erin", grantee, email="erin@corp.example")
