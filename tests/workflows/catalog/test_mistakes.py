from typing import Any

import pytest

from tests.workflows.catalog.build import (
    ADMIN,
    GRANTEE,
    PAYMENTS,
    SEARCH,
    SSO,
    catalog,
    machines,
    mistakes,
    person,
    role,
    user,
    visitor,
)
from workflows.catalog.schema import GRANTEE_MANAGER

OTHER = PAYMENTS["id"]
NO_GROUP = "AWS refuses a trust policy that names a group"
DEFAULTS = {
    "group": "/xacct/x-{account}-{role}",
    "requesters": "everyone",
    "approvers": ["U0ALICE"],
}


@pytest.mark.parametrize(
    ("where", "part", "parts"),
    [
        ("installation", "small letters", {"installation": "Main!"}),
        ("slack.team", "T012ABCDE", {"slack": {"team": "acme", "approvals_channel": "C0A"}}),
        ("version", "Write 1", {"version": 2}),
        ("admins[0]", "member id", {"admins": ["@alice"]}),
        ("admins[0]", "user group", {"admins": ["S012OPS"]}),
        ("admins", "Write a list", {"admins": "U0ALICE"}),
        ("limits.pending_lapses", "8 hours or 8 minutes?", {"limits": {"pending_lapses": 8}}),
        ("limits.longest_duration", "longer than 7d", {"limits": {"longest_duration": "8d"}}),
        ("limits.pending_per_person", "Write a whole", {"limits": {"pending_per_person": "5"}}),
        ("limits.pending_per_person", "greater", {"limits": {"pending_per_person": 0}}),
        ("colour", "There is no field `colour` here. There is version", {"colour": "red"}),
        ("grantee_account", "fields and their values", {"grantee_account": None}),
    ],
)
def test_a_wrong_field_at_the_top_is_told_with_its_place(
    where: str, part: str, parts: dict[str, Any]
) -> None:
    (one,) = mistakes(**parts)
    assert one.where == where
    assert part in one.sentence


@pytest.mark.parametrize(
    ("where", "part", "account"),
    [
        ("id", "in quotes", {"id": 444455556666}),
        ("id", "12 digits", {"id": "4444-5555-6666"}),
        ("id", "the grantee account itself", {"id": GRANTEE}),
        ("id", "taken by accounts[0].id already", {"id": PAYMENTS["id"]}),
        ("name", "taken by accounts[0].name already", {"name": "PROD-Payments"}),
        ("name", "taken by accounts[0].aliases[0] already", {"name": "Pay"}),
        ("name", "taken by grantee_account.name already", {"name": "workforce"}),
        ("name", "letters (at", {"name": "prod/x"}),
        ("name", "at least one", {"name": "444455556666"}),
        ("aliases[0]", "no slash", {"aliases": ["a/b"]}),
        ("aliases[0]", "a letter", {"aliases": ["4444 5555"]}),
        ("partition", "Write aws, aws-cn or aws-us-gov", {"partition": "azure"}),
        ("partition", "AWS lets nobody cross", {"partition": "aws-cn"}),
        ("manager", "path and name only", {"manager": "arn:aws:iam::1:role/x"}),
        ("external_id", "2 to 1224", {"external_id": "x"}),
        ("regions[0]", "like eu-west-1", {"regions": ["Frankfurt"]}),
        ("regions", "no region of the partition aws", {"regions": ["cn-north-1"]}),
        ("alias", "Did you mean aliases?", {"alias": "x"}),
    ],
)
def test_a_wrong_account_is_told_with_its_place(
    where: str, part: str, account: dict[str, Any]
) -> None:
    found = mistakes(accounts=[PAYMENTS, SEARCH | account])
    assert [one.where for one in found] == [f"accounts[1].{where}"]
    assert part in found[0].sentence


def glass(*people: str, **said: str) -> dict[str, Any]:
    return {"people": [*(people or ("U0A0",))], "channel": "C0EMERGENCY", **said}


@pytest.mark.parametrize(
    "parts",
    [
        {"admins": ["U0ROOT"], "roles": [role(break_glass=glass(), approvers=["U0A0"])]},
        {
            "slack": {"team": "T0A0", "approvals_channel": "C0A0", "alerts_channel": "C0B0"},
            "admins": ["U0ROOT"],
            "roles": [role(break_glass={"people": ["U0A0"]}, approvers=["U0A0"])],
        },
        {"roles": [role(break_glass=glass(), approvers=["U0A0", "U0BOB"])]},
        {
            "roles": [
                role(
                    break_glass=glass(),
                    approvers=["U0A0"],
                    on_duty={"slack_group": "S012ONCALL", "trusted": True},
                )
            ]
        },
    ],
    ids=["an administrator", "the alerts channel", "another approver", "a trusted group"],
)
def test_break_glass_is_taken_where_somebody_else_can_sign(parts: dict[str, Any]) -> None:
    assert catalog(**parts).roles[0].break_glass is not None


@pytest.mark.parametrize(
    ("where", "part", "fields"),
    [
        ("group", NO_GROUP, {"mechanism": "trust-policy", "group": "/xacct/people"}),
        ("kinds[0]", NO_GROUP, {"kinds": ["group"]}),
        ("kinds[0]", "Write user, machine or person", {"kinds": ["robot"]}),
        ("kinds", "at least one", {"kinds": []}),
        ("kinds", "without `user` needs `mechanism: trust-policy`", {"kinds": ["machine"]}),
        ("group", "needs a group", {"mechanism": "allow-group", "group": None}),
        ("group", "placeholders", {"group": "/xacct/{team}"}),
        ("group", "path and name only", {"group": user("group/people")}),
        ("group", "more than 128", {"group": "/xacct/" + "g" * 120 + "-{account}"}),
        ("mechanism", "allow-group", {"mechanism": "allow"}),
        ("name[0]", "at most 64", {"name": ["xacct/admin"]}),
        ("name", "more than 64 characters", {"name": "a" * 58}),
        ("path", "begins and ends with a slash", {"path": "xacct"}),
        ("path", "cannot be lent", {"path": "/aws-reserved/sso.amazonaws.com/"}),
        ("path", "cannot be lent", {"path": "/aws-service-role/ecs.amazonaws.com/"}),
        ("path", "cannot be lent", {"path": "/AWS-Reserved/x/"}),
        ("name[0]", "AWS itself keeps", {"name": ["AWSReservedSSO_Dev_0123456789abcdef"]}),
        ("name[1]", "AWS itself keeps", {"name": ["ops", "AWSServiceRoleForECS"]}),
        ("requesters", "member id in Slack", {"requesters": "all"}),
        ("requesters[1]", "user group", {"requesters": ["U0A0", "S012OPS"]}),
        ("approvers[0]", "user group", {"approvers": ["S012OPS"]}),
        ("approvals", "3 approvals are needed and 2 can be given", {"approvals": 3}),
        ("approvals", "2 approvals", {"approvals": 2, "approvers": ["U0A0", "U0A0"]}),
        ("on_duty", "Name one roster", {"on_duty": {}}),
        ("on_duty", "Name one roster", {"on_duty": {"slack_group": "S0A", "pagerduty": "PA1"}}),
        ("on_duty.slack_group", "its id in Slack", {"on_duty": {"slack_group": "@oncall"}}),
        ("on_duty.pagerduty", "as its id", {"on_duty": {"pagerduty": "https://x/P1"}}),
        (
            "on_duty.trusted",
            "only a Slack user group can be trusted",
            {"on_duty": {"pagerduty": "PA1", "trusted": True}},
        ),
        (
            "on_duty",
            "there are none",
            {"on_duty": {"slack_group": "S0A"}, "approvers": []},
        ),
        (
            "on_duty.fallback",
            "name them under `approvers`, too",
            {"on_duty": {"slack_group": "S0A", "fallback": ["U0ELSE"]}},
        ),
        (
            "escalation.after",
            "never escalate",
            {"escalation": {"after": "4h", "to": ["U0A0"]}},
        ),
        ("escalation", "Say who is asked then", {"escalation": {"after": "30m"}}),
        (
            "escalation.trusted",
            "Write `trusted: true` beside `slack_group`",
            {"escalation": {"after": "30m", "slack_group": "S012LEADS"}},
        ),
        (
            "escalation.trusted",
            "Write `trusted: true` beside `slack_group`",
            {"escalation": {"after": "30m", "to": ["U0A0"], "trusted": True}},
        ),
        ("break_glass.longest", "between them", {"break_glass": glass(longest="5h")}),
        (
            "break_glass.people",
            "U0A0 may not ask for the role",
            {"break_glass": glass(), "requesters": ["U0BOB"]},
        ),
        (
            "break_glass.people",
            "Nobody could sign the review of a use by U0A0",
            {"break_glass": glass("U0A0", "U0BOB"), "approvers": ["U0A0"]},
        ),
        (
            "break_glass.channel",
            "told in a second channel",
            {"break_glass": glass(channel="C0LOUD"), "channel": "C0LOUD"},
        ),
        ("break_glass", "told in a second channel", {"break_glass": {"people": ["U0A0"]}}),
        ("delivery", "role of their own", {"delivery": "credentials"}),
        ("max_duration", "limits.longest_duration", {"max_duration": "13h"}),
        ("max_duration", "45m, 1h30m or 2d", {"max_duration": "long"}),
        ("default_duration", "more than `max_duration`", {"default_duration": "5h"}),
        ("default_duration", "4m is too short", {"default_duration": "4m"}),
        ("session_end", "true or false", {"session_end": "yes"}),
        ("mfa", "true or false", {"mfa": 1}),
        ("mfa", "`kinds: [user]`", {"mfa": True, "kinds": ["user", "machine"]}),
        ("mfa", "`kinds: [user]`", {"mfa": True, "kinds": ["user", "person"]}),
        ("aprovers", "Did you mean approvers", {"aprovers": ["U0ALICE"]}),
        ("accounts[0]", "Did you mean prod-payments", {"accounts": "prod-paymnets"}),
        ("accounts[0]", "No account's name fits the pattern dev-*", {"accounts": "dev-*"}),
    ],
)
def test_a_wrong_role_is_told_with_its_place(where: str, part: str, fields: dict[str, Any]) -> None:
    found = mistakes(roles=[role(**fields)])
    assert [one.where for one in found] == [f"roles[0].{where}"]
    assert part in found[0].sentence


def test_who_may_ask_has_to_be_said_somewhere() -> None:
    (one,) = mistakes(defaults={"group": DEFAULTS["group"]}, roles=[role()])
    assert one.where == "roles[0].requesters"
    assert "Nobody may ask for it" in one.sentence
    assert "`requesters: []`" in one.sentence


def test_credentials_and_mfa_do_not_go_together() -> None:
    (one,) = mistakes(
        grantee_account={"id": GRANTEE, "name": "w", "vendor": {"role": "/xacct-ctl/vendor"}},
        roles=[role(delivery="credentials", mfa=True)],
    )
    assert (one.where, "no MFA device" in one.sentence) == ("roles[0].mfa", True)


def test_mfa_of_the_defaults_is_judged_where_it_does_not_fit() -> None:
    (one,) = mistakes(
        defaults=DEFAULTS | {"mfa": True},
        roles=[role(), role(name="ci", kinds=["machine"], mechanism="trust-policy")],
    )
    assert one.where == "roles[1].mfa"


@pytest.mark.parametrize("name", ["/team/alice", user("user/alice"), "al ice", "", "a" * 65])
def test_an_administrator_is_a_bare_name(name: str) -> None:
    (one,) = mistakes(grantee_account={"id": GRANTEE, "name": "w", "administrators": [name]})
    assert (one.where, "alice-root" in one.sentence) == ("grantee_account.administrators[0]", True)


def test_credentials_are_lent_for_fifteen_minutes_at_least() -> None:
    (one,) = mistakes(
        grantee_account={"id": GRANTEE, "name": "w", "vendor": {"role": "/xacct-ctl/vendor"}},
        roles=[role(delivery="credentials", default_duration="10m")],
    )
    assert (one.where, "15m with credentials" in one.sentence) == (
        "roles[0].default_duration",
        True,
    )


@pytest.mark.parametrize(
    ("where", "part", "parts"),
    [
        ("people[0].iam_user", NO_GROUP, person(iam_user=user("group/x"))),
        ("people[0].iam_user", "kept for machines", person(iam_user="Xacct-ci")),
        ("people[0].iam_user", "has one letter", person(iam_user="/team/a")),
        ("people[0].iam_user", "IAM user's name", person(iam_user=user("user/al"))),
        ("people[0].iam_user", "write /team/al", person(iam_user="team/al")),
        ("people[0].email", "alice@example.com", person(email="alice")),
        ("people[1].slack", "one entry", {"people": [{"slack": "U0A"}, {"slack": "U0A"}]}),
        ("people_rules[0].domain", "without @", {"people_rules": [{"domain": "@a.example"}]}),
        (
            "people_rules[0].tag",
            "aws:",
            {"people_rules": [{"domain": "a.example", "tag": "aws:x"}]},
        ),
        ("people_rules[1].domain", "one rule", {"people_rules": [{"domain": "a.example"}] * 2}),
        ("machines[0].role", NO_GROUP, machines({"role": user("group/x")})),
        ("machines[0].role", "ARN of an IAM role", machines({"role": "ci"})),
        (
            "machines[0].role",
            "not in the grantee",
            machines({"role": f"arn:aws:iam::{OTHER}:role/x"}),
        ),
        ("machines[0].role", "xacct's own", machines({"role": user(f"role{GRANTEE_MANAGER}")})),
        ("machines[0].role", "under `identity_center`", machines({"role": user(SSO)})),
        (
            "machines[0].role",
            "a service's own",
            machines(
                {"role": user("role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS")}
            ),
        ),
        ("machines[0].name", "at most 58", machines({"name": "c" * 59})),
        ("machines[0].owners", "Write a list", machines({"owners": None})),
        ("machines[1].name", "told apart", machines({}, {"name": "CI", "role": user("role/c2")})),
        ("machines[1].role", "a role is one machine", machines({}, {"name": "cd"})),
        ("identity_center[0].role", "AWSReservedSSO_", visitor(role=user("role/dev"))),
        ("identity_center[0].role", "not in the", visitor(role=f"arn:aws:iam::{OTHER}:{SSO}")),
        ("identity_center[0].user_name", "kept for machines", visitor(user_name="xacct-ci")),
        ("identity_center[0].user_name", "as session names do", visitor(user_name="da ve")),
        ("identity_center[0].user_name", "by people[0].iam", person() | visitor(user_name="Alice")),
    ],
)
def test_a_wrong_grantee_is_told_with_its_place(
    where: str, part: str, parts: dict[str, Any]
) -> None:
    found = mistakes(**parts)
    assert [one.where for one in found] == [where]
    assert part in found[0].sentence


def test_one_group_cannot_be_used_to_allow_and_to_deny() -> None:
    (one,) = mistakes(
        roles=[role(group="/xacct/g"), role(name="ops", group="/xacct/g", mechanism="deny-group")]
    )
    assert one.where == "roles[1].group"
    assert "allow-group at roles[0] and a deny-group here" in one.sentence


def test_groups_that_differ_by_path_or_case_only_cannot_be_in_one_account() -> None:
    for other in ("/else/g", "/xacct/G"):
        (one,) = mistakes(roles=[role(group="/xacct/g"), role(name="ops", group=other)])
        assert "cannot both be in one account" in one.sentence


def test_the_role_that_xacct_works_with_cannot_be_lent() -> None:
    account = PAYMENTS | {"manager": "/xacct/admin"}
    (one,) = mistakes(accounts=[account])
    assert "the role xacct itself works with" in one.sentence


def test_mistakes_of_every_sort_are_told_at_once_and_in_order() -> None:
    found = mistakes(
        limits={"pending_per_person": 0},
        accounts=[PAYMENTS, SEARCH | {"id": GRANTEE}, {"name": "broken"}],
        roles=[
            role(accounts="broken"),  # known by its name, though it cannot be read
            role(mechanism="trust-policy", group="g"),
            role(name="ops", kinds=["group"]),
        ],
        people=[{"slack": "U0A", "iam_user": "a"}, {"slack": "U0A", "iam_user": "xacct-a"}],
        machines=[{"name": "ci", "role": "arn:aws:iam::444455556666:role/ci", "owners": []}],
        defaults=DEFAULTS,
    )
    assert {one.where for one in found} >= {
        "limits.pending_per_person",
        "accounts[1].id",
        "accounts[2].id",
        "roles[2].kinds[0]",
        "people[0].iam_user",
        "people[1].iam_user",
        "machines[0].role",
    }
    assert [one.line for one in found] == sorted(one.line for one in found)
    assert "roles[0].accounts[0]" not in {one.where for one in found}


def test_what_fits_together_is_judged_beside_entries_that_have_no_shape() -> None:
    found = mistakes(
        accounts=[PAYMENTS, {"id": "x", "name": "prod-search"}],
        roles=[role(approvals="two"), role(name="ops", mechanism="trust-policy", group="g")],
    )
    assert [one.where for one in found] == [
        "accounts[1].id",
        "roles[0].approvals",
        "roles[1].group",
    ]


def test_an_unknown_field_hides_no_other_mistake_of_its_entry() -> None:
    found = mistakes(roles=[role(colour="red", approvals=9)])
    assert {one.where for one in found} == {"roles[0].approvals", "roles[0].colour"}


@pytest.mark.parametrize(
    ("first", "second"),
    [(ADMIN, role(name=["ops", "ADMIN"])), (role(accounts="prod-p*"), role(accounts="*"))],
)
def test_two_entries_of_equal_rank_for_one_role_are_a_mistake(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    (one,) = mistakes(roles=[first, second])
    assert one.where == "roles[1].name"
    assert "described by roles[0] already" in one.sentence
