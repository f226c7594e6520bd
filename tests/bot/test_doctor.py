"""`xacct doctor`: a house that is as it must be has no finding, and each fault is named."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from bot.__main__ import main
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from sandbox.slack.process import SandboxSlack
from tests import hands
from tests.bot.office import PEOPLE
from tests.bot.sick import LIST_S3, PASSWORD, PAYMENTS, SEARCH, Patient
from tests.lab import slack_id

HOUSE = Path(__file__).parents[2]
MANIFEST = HOUSE / "slack-app-manifest.yaml"
SECTIONS = ["settings", "Slack", "AWS", "catalog", "database", "clock"]
READS = ("iam:Get", "iam:List", "iam:Simulate", "cloudtrail:LookupEvents", "sts:")


@pytest.fixture(scope="module")
def slack(clock: SharedClock) -> Iterator[SandboxSlack]:
    with SandboxSlack.start(clock, manifest=MANIFEST) as slack:
        for name in PEOPLE:
            slack.add_user(slack_id(name), name=name)
        yield slack


@pytest.fixture
def patient(slack: SandboxSlack, aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Patient:
    return Patient(slack, aws, clock, tmp_path)


class Off:
    """A clock that is wrong by so much."""

    def __init__(self, clock: SharedClock, by: timedelta) -> None:
        self._clock, self._by = clock, by

    def now(self) -> datetime:
        return self._clock.now() + self._by


def says(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def trust(iam: Any, role: str) -> list[dict[str, Any]]:
    held: list[dict[str, Any]]
    held = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    return held


def trusts(iam: Any, role: str, *statements: dict[str, Any]) -> None:
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=says(*statements))


def entrance(who: str, sid: str) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": who},
        "Action": "sts:AssumeRole",
    }


# --- as it must be


def test_a_house_that_is_as_it_must_be_has_no_finding_and_nothing_in_it_is_changed(
    patient: Patient, aws: SandboxAws, slack: SandboxSlack
) -> None:
    before = patient.database.read_bytes()
    aws.forget_calls()
    slack.forget_calls()

    code, out, err = patient.types()

    assert (code, err) == (0, ""), out
    assert "Red: 0. Yellow: 0." in out
    calls = [one for one in aws.calls() if one.caller.partition("/")[0].endswith(("user", "role"))]
    assert calls
    assert [one.action for one in calls if not one.action.startswith(READS)] == []
    asked = {one.method for one in slack.calls()}
    assert asked == {"auth.test", "apps.connections.open", "conversations.info", "users.info"}
    assert patient.database.read_bytes() == before
    assert sorted(file.name for file in patient.folder.iterdir()) == ["xacct.db", "xacct.yaml"]


def test_more_users_in_the_grantee_account_take_no_more_calls(
    patient: Patient, aws: SandboxAws
) -> None:
    def calls() -> int:
        aws.forget_calls()
        assert patient.told().code == 0
        home = patient.catalog.grantee.id
        return sum(one.account_id == home for one in aws.calls())

    few = calls()
    for number in range(12):
        patient.home.create_user(UserName=f"more-{number}")

    assert calls() == few


def test_a_program_reads_every_section_and_finding_in_one_shape(patient: Patient) -> None:
    patient.says(admins=[])

    told = patient.told()

    assert told.code == 0
    assert (told.plain["red"], told.plain["yellow"]) == (0, 1)
    names = [(one["name"], one["account"]) for one in told.plain["sections"]]
    assert names == [
        *((name, None) for name in SECTIONS[:3]),
        ("grantee account", "people"),
        ("owner account", PAYMENTS),
        ("owner account", SEARCH),
        *((name, None) for name in SECTIONS[3:]),
    ]
    (found,) = told.findings
    assert found["check"] == "admins-none"
    assert set(found) == {"check", "colour", "about", "wrong", "fix"}


class Interrupted:
    """A clock at which somebody presses Ctrl-C."""

    def now(self) -> datetime:
        raise KeyboardInterrupt


def test_ctrl_c_ends_it_with_a_sentence_and_an_exit_code_of_its_own(patient: Patient) -> None:
    code, out, err = patient.types(clock=Interrupted())

    assert (code, out) == (130, "")
    assert err == "Interrupted: what was not said is not known.\n"


def test_a_command_line_that_is_not_understood_is_exit_code_2() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--everything"])

    assert ended.value.code == 2


# --- AWS


def test_what_is_wrong_with_roles_of_an_owner_account_is_named(patient: Patient) -> None:
    iam, home = patient.payments, patient.catalog.grantee.id
    own = f"arn:aws:iam::{patient.catalog.accounts[0].id}"
    patient.home.create_user(UserName="gone")
    gone = entrance(f"arn:aws:iam::{home}:user/gone", "Gone")
    wide = entrance(f"arn:aws:iam::{home}:root", "Wide")
    itself = entrance(f"{own}:root", "Itself")
    trusts(iam, "admin", gone, wide, itself)  # the seal is gone
    patient.home.delete_user(UserName="gone")
    seal = trust(iam, "deploy")[0]
    trusts(iam, "deploy", {**seal, "Sid": "XacctSealother"}, seal)
    iam.delete_role_permissions_boundary(RoleName="deploy")
    iam.update_role(RoleName="deploy", MaxSessionDuration=43200)

    told = patient.told()

    assert told.code == 1
    admin, deploy = f"{PAYMENTS}/admin", f"{PAYMENTS}/deploy"
    assert told.checks == {
        ("self-trust", admin),
        ("trust-orphan", admin),
        ("trust-wide", admin),
        ("seal-of-another", deploy),
        ("boundary-missing", deploy),
        ("session-long", deploy),
        ("right-missing", "xacct-owner-mgr"),  # writes no policy where there is no boundary
    }
    assert "alice, carol" in told.one("trust-wide")["wrong"]
    assert "iam:PutRolePolicy on role/xacct/deploy" in told.one("right-missing")["wrong"]
    assert "Itself" in told.one("self-trust")["wrong"]


def test_terraform_that_writes_lent_roles_is_named_by_what_cloudtrail_knows(
    patient: Patient, aws: SandboxAws
) -> None:
    agent = Config(user_agent_extra="APN/1.0 HashiCorp/1.0 Terraform/1.9.8")
    keys = aws.root(patient.catalog.accounts[0].id)
    iam = aws.session(keys).client("iam", endpoint_url=aws.endpoint, config=agent)
    trusts(iam, "admin", *trust(iam, "admin"))
    iam.put_role_policy(RoleName="deploy", PolicyName="xacct-session-end", PolicyDocument=DENIES)
    iam.delete_role_policy(RoleName="deploy", PolicyName="xacct-session-end")
    iam.put_role_policy(RoleName="admin", PolicyName="theirs", PolicyDocument=DENIES)
    iam.delete_role_policy(RoleName="admin", PolicyName="theirs")

    told = patient.told()

    assert told.one("trust-of-others")["about"] == f"{PAYMENTS}/admin"
    ends = [one for one in told.findings if one["check"] == "session-end-of-others"]
    assert {one["about"] for one in ends} == {f"{PAYMENTS}/deploy"}
    assert any("Terraform deleted" in one["wrong"] for one in ends)


DENIES = says({"Effect": "Deny", "Action": "s3:*", "Resource": "*"})


def test_an_account_that_lets_nobody_in_a_role_that_is_gone_and_missing_rights_are_named(
    patient: Patient,
) -> None:
    search = patient.iam(1)
    (first,) = trust(search, "xacct-owner-mgr")
    trusts(search, "xacct-owner-mgr", {**first, "Effect": "Deny"})
    hands.delete_role(patient.payments, "admin")
    hands.rewrite_policy(
        patient.payments,
        "xacct-owner-mgr",
        lambda text: text.replace("cloudtrail:LookupEvents", "cloudtrail:GetTrail").replace(
            "iam:GetAccountSummary", "iam:GetAccountName"
        ),
    )

    told = patient.told()

    assert told.code == 1
    assert "AccessDenied" in told.one("account-closed")["wrong"]
    assert told.one("role-missing")["about"] == f"{PAYMENTS}/admin"
    lacking = {one["wrong"]: one["colour"] for one in told.findings if "may not" in one["wrong"]}
    assert {wrong.split()[3]: colour for wrong, colour in lacking.items()} == {
        "cloudtrail:LookupEvents:": "yellow",
        "iam:GetAccountSummary,": "red",
    }
    assert "GetAccountSummary: AccessDenied" in told.one("not-read")["wrong"]
    assert "writers-unknown" in told.kinds


def test_each_role_that_setup_has_not_made_yet_is_named(patient: Patient) -> None:
    made = {"accounts": PAYMENTS, "permissions": LIST_S3}
    more = [made | {"name": f"new{number}"} for number in range(5)]
    patient.says(roles=[*patient.parts["roles"], *more])

    told = patient.told()

    gone = {about for check, about in told.checks if check in ("role-missing", "not-read")}
    assert gone == {f"{PAYMENTS}/new{number}" for number in range(5)}


def test_what_is_wrong_in_the_grantee_account_is_named(patient: Patient) -> None:
    home = patient.home
    for number in range(10):
        home.create_group(GroupName=f"g{number}")
    for number in range(9):
        home.add_user_to_group(GroupName=f"g{number}", UserName="alice")
    home.remove_user_from_group(GroupName="deny-all", UserName="carol")
    home.put_group_policy(
        GroupName=f"allow-{PAYMENTS}-admin",
        PolicyName="more",
        PolicyDocument=says({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}),
    )
    hands.delete_group(home, f"allow-{SEARCH}-admin")
    hands.delete_role(home, "ci")
    (first,) = trust(home, "xacct-vendor")
    other = {"StringEquals": {"sts:ExternalId": "another"}}
    trusts(home, "xacct-vendor", {**first, "Condition": other})
    patient.says(people=[*patient.parts["people"], {"slack": slack_id("dora"), "iam_user": "dora"}])

    told = patient.told()

    assert told.code == 1
    assert told.checks >= {
        ("groups-full", "alice"),
        ("deny-lifted", "deny-all"),
        ("group-wrong", f"allow-{PAYMENTS}-admin"),
        ("group-wrong", f"allow-{SEARCH}-admin"),
        ("comer-missing", "ci"),
        ("vendor-closed", "xacct-vendor"),
        ("user-missing", "dora"),
    }
    assert told.one("deny-lifted")["wrong"].endswith("no grant is open: carol.")
    wrong = told.one("group-wrong", f"allow-{PAYMENTS}-admin")["wrong"]
    assert "also holds something else" in wrong


# --- Slack and the catalog


def test_what_is_wrong_with_channels_people_and_rosters_is_named(
    patient: Patient, slack: SandboxSlack
) -> None:
    slack.change_channel(patient.channel, is_ext_shared=True)
    slack.add_channel("C0OLDALERTS", "old-alerts", members=[], is_archived=True)
    slack.add_user("U0GUEST", name="guest", is_restricted=True)
    slack.add_user("U0NOMAIL", name="nomail", is_email_confirmed=False)
    slack.add_user("U0LEFT", name="left", deleted=True)
    roles = [one | {"approvers": ["U0LEFT", "U0GUEST"]} for one in patient.parts["roles"][:1]]
    duty = {"on_duty": {"slack_group": "S0NOWHERE"}}
    schedule = {"on_duty": {"pagerduty": "PSCHEDULE"}}
    patient.says(
        slack=patient.parts["slack"] | {"alerts_channel": "C0OLDALERTS"},
        roles=[*roles, patient.parts["roles"][1] | duty, patient.parts["roles"][2] | schedule],
        auditors=["U0NOWHERE"],
        admins=["U0NOMAIL"],
    )

    slack.forget_calls()
    told = patient.told()

    assert told.code == 1
    rosters = [one for one in slack.calls() if one.method == "usergroups.users.list"]
    assert len(rosters) == 1
    assert told.checks == {
        ("channel-shared", patient.channel),
        ("channel-archived", "C0OLDALERTS"),
        ("person-unable", "U0GUEST"),
        ("person-unable", "U0NOMAIL"),
        ("person-unable", "U0LEFT"),
        ("person-missing", "U0NOWHERE"),
        ("admins-unable", "admins"),
        ("roster-unread", "S0NOWHERE"),
        ("roster-unread", "PSCHEDULE"),
        ("setting", "XACCT_PAGERDUTY_TOKEN"),
        ("nobody-approves", f"{PAYMENTS}/admin"),
    }
    assert f"{PAYMENTS}/admin, {SEARCH}/admin" in told.one("nobody-approves")["wrong"]


def test_what_slack_does_not_say_is_told_and_waited_for_where_it_asks_to(
    patient: Patient, slack: SandboxSlack
) -> None:
    slack.force("users.info", status=429, retry_after=0)
    slack.force("conversations.info", error="fatal_error")

    told = patient.told()

    assert told.checks == {("channel-unknown", patient.channel)}
    assert "fatal_error" in told.one("channel-unknown")["wrong"]


def test_scopes_are_held_against_the_manifest(
    patient: Patient, clock: SharedClock, tmp_path: Path
) -> None:
    other = tmp_path / "manifest.yaml"
    other.write_text(MANIFEST.read_text().replace("- usergroups:read", "- channels:join"))
    with SandboxSlack.start(clock, manifest=other) as elsewhere:
        told = patient.told(SLACK_API_URL=elsewhere.api_url)

    assert told.one("scope-missing")["about"] == "usergroups:read"
    assert "channels:join" in told.one("scope-superfluous")["wrong"]


def test_a_token_that_slack_does_not_take_is_named_and_the_rest_is_looked_at(
    patient: Patient,
) -> None:
    told = patient.told(SLACK_BOT_TOKEN="xoxb-wrong", SLACK_APP_TOKEN="xapp-wrong")

    assert told.checks == {("bot-token", "SLACK_BOT_TOKEN"), ("app-token", "SLACK_APP_TOKEN")}
    assert "xoxb-wrong" not in told.text
    assert "xapp-wrong" not in told.text


def test_of_a_catalog_with_mistakes_each_is_told_and_what_is_right_is_looked_at(
    patient: Patient,
) -> None:
    patient.says(
        roles=[*patient.parts["roles"], {"accounts": "nowhere", "name": "admin"}],
        auditors=["bob"],
    )
    trusts(
        patient.payments,
        "admin",
        entrance(f"arn:aws:iam::{patient.catalog.grantee.id}:root", "Wide"),
    )

    told = patient.told()

    mistakes = [one for one in told.findings if one["check"] == "catalog-mistake"]
    assert [one["about"] for one in mistakes] == ["roles[3].accounts[0]", "auditors[0]"]
    assert all(", line " in one["wrong"] for one in mistakes)
    assert told.checks >= {("seal-missing", f"{PAYMENTS}/admin"), ("not-looked-at", "catalog")}


# --- everything broken


def test_with_all_of_it_broken_each_part_says_so_and_no_secret_is_shown(patient: Patient) -> None:
    patient.file.write_text("version: 1\nslack: [")
    patient.env |= {
        "SLACK_BOT_TOKEN": "",
        "SLACK_APP_TOKEN": "xoxb-taken-for-the-other",
        "XACCT_DATABSE_URL": "typo",
        "XACCT_DATABASE_URL": f"postgresql+psycopg://bot:{PASSWORD}@127.0.0.1:1/xacct",
        "XACCT_AUDIT_KEY": "short",
        "AWS_SECRET_ACCESS_KEY": "not-the-one",
    }

    told = patient.told()

    assert told.code == 1
    sections = {one["name"]: one["findings"] for one in told.plain["sections"]}
    assert list(sections) == SECTIONS
    assert [name for name, found in sections.items() if not found] == []
    assert told.checks >= {
        ("setting", "SLACK_BOT_TOKEN"),
        ("setting", "SLACK_APP_TOKEN"),
        ("setting", "XACCT_DATABSE_URL"),
        ("setting", "XACCT_AUDIT_KEY"),
        ("bot-token", "SLACK_BOT_TOKEN"),
        ("database-silent", "XACCT_DATABASE_URL"),
        ("no-identity", "AWS"),
        ("clock-unknown", "AWS"),
    }
    assert "Traceback" not in told.text
    assert [one for one in (PASSWORD, "xoxb-taken-for-the-other") if one in told.text] == []


def test_no_secret_is_shown_though_a_sentence_would_hold_it(patient: Patient) -> None:
    home = patient.parts["grantee_account"]
    secret = "vended4711"
    patient.says(
        grantee_account=home | {"vendor": home["vendor"] | {"external_id": secret}},
    )
    seal = trust(patient.payments, "admin")[0]
    trusts(patient.payments, "admin", {**seal, "Sid": f"XacctSeal{secret}"}, seal)

    told = patient.told()

    assert "installation of xacct (***)" in told.one("seal-of-another")["wrong"]
    assert secret not in told.text


def test_other_keys_than_the_bots_and_a_clock_that_is_wrong_are_named(patient: Patient) -> None:
    key = patient.home.create_access_key(UserName="alice")["AccessKey"]
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    patient.env |= dict(zip(names, (key["AccessKeyId"], key["SecretAccessKey"]), strict=True))

    told = patient.told(clock=Off(patient.clock, timedelta(seconds=-45)))

    assert "user/alice" in told.one("not-the-bot")["wrong"]
    assert "behind AWS's" in told.one("clock-wrong")["wrong"]


# --- the database


def test_a_database_that_is_not_there_is_said_and_not_made(patient: Patient) -> None:
    patient.database.unlink()

    told = patient.told()

    assert (told.code, told.checks) == (0, {("database-missing", "XACCT_DATABASE_URL")})
    assert not patient.database.exists()


def test_holds_alerts_another_audit_key_and_a_database_behind_aws_are_named(
    patient: Patient,
) -> None:
    patient.freezes("migration")
    anchored = says(
        {
            "Sid": "XacctSelfN99H0123abcd",
            "Effect": "Deny",
            "NotAction": ["iam:Get*", "iam:List*"],
            "Resource": f"arn:aws:iam::{patient.catalog.accounts[0].id}:role/xacct/admin",
        }
    )
    patient.payments.put_role_policy(
        RoleName="admin", PolicyName="xacct-session-end", PolicyDocument=anchored
    )

    told = patient.told(XACCT_AUDIT_KEY="another key than the one it was written with")

    assert told.code == 1
    assert told.checks == {
        ("audit-key", "XACCT_AUDIT_KEY"),
        ("on-hold", "holds"),
        ("database-behind", "audit log"),
    }
    assert "migration" in told.one("on-hold")["wrong"]
    assert f"{PAYMENTS}/admin" in told.one("database-behind")["wrong"]
