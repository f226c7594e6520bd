"""The deny group that roles have where the catalog names none, as setup makes it in a real IAM."""

from datetime import UTC, datetime

from sandbox.aws.process import SandboxAws
from tests.workflows.setup.deploying import ADMIN, Ids, Place, arn

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
SHUT = {"mechanism": "deny-group", "permissions": {"managed": [ADMIN]}}


def test_one_group_denies_all_roles_and_holds_everybody_but_administrators(
    aws: SandboxAws,
) -> None:
    ids = Ids()
    defaults = {"requesters": "everyone", "approvers": ["U0ALICE", "U0BOB"]}
    roles = [{"accounts": "*", "name": name, **SHUT} for name in ("admin", "support")]
    place = Place(aws, ids, defaults=defaults, roles=roles, standing=[])

    place.apply(NOW)

    iam = place.client("iam", ids.home)
    (group,) = iam.list_groups(PathPrefix="/xacct/")["Groups"]
    members = iam.get_group(GroupName=group["GroupName"])["Users"]
    (name,) = iam.list_group_policies(GroupName=group["GroupName"])["PolicyNames"]
    held = iam.get_group_policy(GroupName=group["GroupName"], PolicyName=name)["PolicyDocument"]
    (statement,) = held["Statement"]
    assert group["Arn"] == arn(ids.home, "group/xacct/deny-main")
    assert {one["UserName"] for one in members} == {"alice", "bob"}
    assert (statement["Effect"], statement["Action"]) == ("Deny", "sts:AssumeRole")
    assert sorted(statement["Resource"]) == sorted(
        arn(owner, f"role/xacct/{role}") for owner in ids.owners for role in ("admin", "support")
    )
    assert not any(plan.steps for plan in place.plans(NOW))
