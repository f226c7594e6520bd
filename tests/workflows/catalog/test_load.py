from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workflows.catalog.build import (
    GRANTEE,
    PAYMENTS,
    SEARCH,
    catalog,
    machines,
    role,
    text,
    user,
    visitor,
)
from workflows.catalog.governed import governed
from workflows.catalog.load import load
from workflows.catalog.model import Catalog, Delivery, GranteeKind, Mechanism
from workflows.catalog.schema import File

EXAMPLE = (Path(__file__).parents[3] / "xacct.example.yaml").read_text("utf-8")
VENDING = {
    "id": GRANTEE,
    "name": "workforce",
    "external_id": "here",
    "vendor": {"role": "xacct-ctl/vendor", "external_id": "mint"},
}
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


def broken(source: str) -> list[str]:
    found = load(source)
    assert isinstance(found, list)
    return [str(one) for one in found]


def test_the_example_has_no_mistake() -> None:
    found = load(EXAMPLE)
    assert isinstance(found, Catalog), found
    assert found.role("prod-search/admin") is not None


def test_an_account_id_keeps_its_leading_zero_when_quoted_and_is_refused_when_not() -> None:
    account = '{id: "012345678901", name: dev}'
    source = text(accounts=[], roles=[]).replace('"accounts": []', f"accounts: [{account}]")
    found = load(source)
    assert isinstance(found, Catalog)
    assert found.accounts[0].id == "012345678901"
    (one,) = broken(source.replace('"012345678901"', "012345678901"))
    assert one.endswith(
        "accounts[0].id: Put it in quotes: without them YAML reads a number, and drops its leading "
        "zeros."
    )


@pytest.mark.parametrize(
    ("source", "line", "part"),
    [
        ("", 1, "begins with `version: 1`"),
        ("- a\n- b", 1, "begins with `version: 1`"),
        ("version: 1\nslack: [", 2, "This is not YAML"),
        ("version: 1\na: b: c", 2, "This is not YAML"),
        ("version: 1\n---\nversion: 1", 2, "another document"),
        ("version: 1\nroles: &x []", 2, "Anchors"),
        ("version: 1\nroles: *x", 2, "aliases"),
        ("version: 1\nroles: !!python/object/apply:os.system [id]", 2, "Tags"),
        ("version: 1\n? [a]\n: 1", 2, "plain word"),
        ("version: 1\na: \x07", 2, "character"),
        ("[" * 20_000, 1, "nested too deeply"),
        ("x" * 2_000_001, 1, "at most 2000000 characters"),
    ],
)
def test_what_is_no_plain_yaml_is_a_mistake_with_its_line(
    source: str, line: int, part: str
) -> None:
    one = broken(source)[0]
    assert one.startswith(f"line {line}: ")
    assert part in one


def test_a_field_written_twice_is_a_mistake_at_its_second_line() -> None:
    source = text() + "admins: [U0A]\nadmins: [U0B]\n"
    (one,) = broken(source)
    assert one == (
        f"line {len(source.splitlines())}, admins: This is written twice; only one of the two can "
        "be meant."
    )


def test_a_duration_is_never_read_as_a_number_to_the_base_of_sixty() -> None:
    (one,) = broken(text() + "limits: {longest_duration: 1:30}\n")
    assert "hours or in minutes?" in one


def test_words_that_older_yaml_takes_for_truth_are_words() -> None:
    source = text().replace('"workforce"', "off")
    found = load(source)
    assert isinstance(found, Catalog)
    assert found.grantee.name == "off"


def test_what_the_file_leaves_out_means_nobody() -> None:
    found = catalog(defaults={"mechanism": "trust-policy", "requesters": "everyone"})
    assert (found.admins, found.auditors, found.engineers, found.machines) == ((), (), (), ())
    assert found.roles[0].approvers == ()
    assert found.role("prod-payments/other") is None


def test_the_accounts_and_limits_are_carried_over() -> None:
    found = catalog(
        slack={"team": "T0A0", "approvals_channel": "C0A0", "alerts_channel": "C0B0"},
        grantee_account=VENDING,
        limits={"pending_per_person": 2, "pending_lapses": "1h"},
        admins=["U0E"],
        auditors=["U0F"],
    )
    assert found.grantee.manager_arn == user("role/xacct-ctl/xacct-grantee-mgr")
    assert found.grantee.vendor_arn == user("role/xacct-ctl/vendor")
    assert (found.grantee.external_id, found.grantee.vendor_external_id) == ("here", "mint")
    assert (found.team, found.approvals_channel, found.alerts_channel) == ("T0A0", "C0A0", "C0B0")
    assert (found.pending_per_person, found.pending_lapses) == (2, timedelta(hours=1))
    assert (found.admins, found.auditors) == (("U0E",), ("U0F",))


def test_an_accounts_regions_are_its_own_or_those_of_the_defaults() -> None:
    found = catalog(
        defaults={"mechanism": "trust-policy", "requesters": "everyone", "regions": ["eu-west-1"]},
        accounts=[PAYMENTS, SEARCH | {"regions": ["us-west-2", "eu-north-1"]}],
    )
    assert [one.regions for one in found.accounts] == [("eu-west-1",), ("us-west-2", "eu-north-1")]
    assert catalog().accounts[0].regions == ()


def test_a_role_is_carried_over() -> None:
    said = role(
        delivery="credentials",
        kinds=["user", "machine"],
        requesters=["U0C", "U0D", "U0C"],
        approvers=["U0A", "U0B", "U0A"],
        approvals=2,
        default_duration="20m",
        max_duration="2d",
        channel="C0C0",
        session_end=False,
    )
    limits = {"longest_duration": "2d"}
    admin = catalog(grantee_account=VENDING, limits=limits, roles=[said]).roles[0]
    assert (admin.key, admin.arn) == (
        "prod-payments/admin",
        "arn:aws:iam::444455556666:role/xacct/admin",
    )
    assert admin.account.manager_arn == "arn:aws:iam::444455556666:role/xacct-ctl/xacct-owner-mgr"
    assert admin.group is not None
    assert admin.group.arn == user("group/xacct/allow-prod-payments-admin")
    assert admin.kinds == {GranteeKind.USER, GranteeKind.MACHINE}
    assert admin.requesters == ("U0C", "U0D")
    assert (admin.approvers, admin.approvals) == (("U0A", "U0B"), 2)
    assert admin.default_duration == timedelta(minutes=20)
    assert (admin.max_duration, admin.delivery.shortest) == (
        timedelta(days=2),
        timedelta(minutes=15),
    )
    assert (admin.delivery, admin.channel) == (Delivery.CREDENTIALS, "C0C0")
    assert not admin.session_end


def test_people_and_machines_are_carried_over() -> None:
    found = catalog(
        people=[{"slack": "U0A", "iam_user": "/team/alice", "email": "alice@example.com"}],
        people_rules=[{"domain": "example.com", "tag": "email", "compare": "whole"}],
        **machines({"owners": ["U0B"]}),
        **visitor(user_name="dave@example.com"),
    )
    alice, machine = found.engineer("U0A"), found.machine("CI")
    assert alice is not None
    assert alice.iam_user == "/team/alice"
    assert machine is not None
    assert (machine.session_name, machine.owners) == ("xacct-ci", ("U0B",))
    assert found.visitors[0].user_name == "dave@example.com"
    (rule,) = found.identity_rules
    assert (rule.domain, rule.tag, rule.compares_local_part) == ("example.com", "email", False)


def test_an_entry_that_names_the_account_beats_a_pattern_as_a_whole() -> None:
    found = catalog(
        roles=[
            role(accounts=["prod-payments"], max_duration="1h"),
            role(accounts="prod-*", approvals=2, mechanism="deny-group"),
        ]
    )
    exact, spread = found.role("prod-payments/admin"), found.role("prod-search/admin")
    assert exact is not None
    assert spread is not None
    assert (exact.approvals, exact.mechanism, exact.max_duration) == (
        1,
        Mechanism.ALLOW_GROUP,
        timedelta(hours=1),
    )
    assert (spread.approvals, spread.mechanism) == (2, Mechanism.DENY_GROUP)
    assert spread.group is not None
    assert spread.group.name == "deny-prod-search-admin"


def test_where_no_group_is_named_one_deny_group_of_the_installation_covers_all_its_roles() -> None:
    found = catalog(
        installation="eu",
        defaults={"mechanism": "deny-group", "requesters": "everyone"},
        roles=[
            role(accounts="*"),
            role(name="ops", group="/own/deny-{role}"),
            role(name="open", mechanism="trust-policy"),
        ],
    )

    held = {one.name: one for one in governed(found).values()}

    assert {one.group.path for one in held.values()} == {"/xacct/", "/own/"}
    assert held["deny-eu"].denies
    assert held["deny-eu"].role_arns == (
        "arn:aws:iam::444455556666:role/xacct/admin",
        "arn:aws:iam::777788889999:role/xacct/admin",
    )
    assert set(held) == {"deny-eu", "deny-ops"}


def test_administrators_and_mfa_are_as_the_file_says() -> None:
    found = catalog(
        grantee_account={"id": GRANTEE, "name": "w", "administrators": ["a", "Root.1", "a"]},
        roles=[role(mfa=True), role(name="ops")],
    )
    assert found.grantee.administrators == ("a", "Root.1")
    assert [one.mfa for one in found.roles] == [True, False]


def test_the_usual_time_never_exceeds_the_longest_unless_the_entry_says_so() -> None:
    found = catalog(roles=[role(max_duration="30m")])
    assert found.roles[0].default_duration == timedelta(minutes=30)


def test_fifty_accounts_with_five_roles_are_one_entry() -> None:
    accounts = [{"id": f"1{number:011}", "name": f"team-{number}"} for number in range(50)]
    found = catalog(
        accounts=[*accounts, PAYMENTS, SEARCH],
        roles=[role(accounts="team-*", name=["a1", "b1", "c1", "d1", "e1"])],
    )
    assert len(found.roles) == 250
    assert len(found.roles_of(found.accounts[7])) == 5


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80) | st.text("{}[]:-&*!|>'\"#%@ \n\tab1", max_size=60))
def test_no_text_raises(source: str) -> None:
    assert isinstance(load(source), list)


@settings(max_examples=300, deadline=None)
@given(
    part=st.sampled_from(list(File.model_fields)),
    value=ANY,
)
def test_no_value_in_any_part_raises(part: str, value: Any) -> None:
    for one in (value, [value], {"id": value, "name": value, "accounts": value, "slack": value}):
        assert load(text(**{part: one})) is not None
