"""The throw-away role, in a sandbox AWS: made, asked, and taken away whatever happens."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.process import Keys, SandboxAws
from sandbox.clock import SharedClock
from tests.workflows.setup.deploying import allow, an_id, arn, document
from workflows.aws.errors import AwsRefused
from workflows.aws.hands import Hands
from workflows.catalog.model import Account, GranteeKind
from workflows.documents.admits import Visitor, admits
from workflows.verify import facts, live
from workflows.verify.asking import Somebody
from workflows.verify.finding import Finding, Mark
from workflows.verify.stage import Stage

NAME = "xacct-verify-0f0f"


class Scene:
    """An owner account and somebody of the grantee account; each with the rights that are said."""

    def __init__(self, aws: SandboxAws) -> None:
        self._aws = aws
        self.owner, self.home = an_id(), an_id()

    def iam(self, account: str) -> Any:
        return self._aws.client("iam", self._aws.root(account))

    def somebody(self, account: str, *rights: str) -> Somebody:
        iam = self.iam(account)
        iam.create_user(UserName="somebody")
        rules = document(*(allow(one) for one in rights))
        iam.put_user_policy(UserName="somebody", PolicyName="may", PolicyDocument=rules)
        key = iam.create_access_key(UserName="somebody")["AccessKey"]
        keys = Keys(key["AccessKeyId"], key["SecretAccessKey"])
        hands = Hands(self._aws.session(keys))
        return Somebody("somebody", hands, hands.who())

    def asks(self, owner: Somebody, visitor: Somebody | None) -> list[Finding]:
        account = Account(self.owner, "prod", (), "aws", arn(self.owner, "role/m"), None)
        stage = Stage(account, "main", owner.hands, visitor, NAME, patience=0)
        return live.prove(stage)

    def is_gone(self) -> bool:
        try:
            self.iam(self.owner).get_role(RoleName=NAME)
        except ClientError as error:
            return str(error.response["Error"]["Code"]) == "NoSuchEntity"
        return False


@pytest.fixture
def scene(aws: SandboxAws) -> Scene:
    return Scene(aws)


def marks(found: list[Finding]) -> dict[str, Mark]:
    return {one.promise: one.mark for one in found}


def test_whoever_is_refused_although_the_role_names_him_is_told_and_the_role_is_gone(
    scene: Scene,
) -> None:
    found = marks(scene.asks(scene.somebody(scene.owner, "*"), scene.somebody(scene.home, "s3:*")))

    assert (found[facts.SEAL_ALONE], found[facts.USER_ID]) == (Mark.PROVEN, Mark.FAILED)
    assert scene.is_gone()


def test_whoever_the_role_names_comes_in_though_our_clock_is_hours_behind_awss(
    scene: Scene, clock: SharedClock
) -> None:
    clock.move(timedelta(hours=3))

    found = marks(scene.asks(scene.somebody(scene.owner, "*"), scene.somebody(scene.home, "*")))

    assert found[facts.USER_ID] is Mark.PROVEN
    assert Mark.FAILED not in found.values()
    assert scene.is_gone()


def test_without_anybody_who_could_enter_what_he_proves_is_not_told(scene: Scene) -> None:
    found = marks(scene.asks(scene.somebody(scene.owner, "*"), None))

    untold = [facts.USER_ID, facts.SEAL, facts.BOUNDARY, facts.SESSION_END]
    assert [found[one] for one in untold] == [Mark.UNTOLD] * 4
    assert scene.is_gone()


def test_a_fault_half_way_is_told_and_the_role_is_taken_away_all_the_same(scene: Scene) -> None:
    rights = ("CreateRole", "TagRole", "GetRole", "GetAccountSummary", "DeleteRole", "ListRoleP*")
    owner = scene.somebody(scene.owner, *(f"iam:{one}" for one in rights))

    found = scene.asks(owner, scene.somebody(scene.home, "*"))

    assert found[-1].mark is Mark.UNTOLD
    assert "iam:PutRolePolicy: AccessDenied" in found[-1].said
    assert scene.is_gone()


def test_a_role_that_cannot_be_taken_away_is_told_with_how_it_goes(scene: Scene) -> None:
    rights = ("CreateRole", "TagRole", "GetRole", "GetAccountSummary", "ListRoleP*")
    owner = scene.somebody(scene.owner, *(f"iam:{one}" for one in rights))

    last = scene.asks(owner, None)[-1]

    assert (last.mark, NAME in last.promise, "destroy" in last.mend) == (Mark.FAILED, True, True)
    assert not scene.is_gone()


def test_of_its_own_account_the_role_lets_in_itself_and_nobody_else(scene: Scene) -> None:
    account, now = Account(scene.owner, "prod", (), "aws", "", None), datetime.now(UTC)
    itself, other = (arn(scene.owner, f"role/xacct-ctl/{one}") for one in (NAME, "other"))
    statement = facts.letting_itself(account, itself, now + timedelta(minutes=15))

    def comes_in(role_arn: str) -> bool:
        kind, name = GranteeKind.MACHINE, role_arn.rpartition("/")[2]
        visitor = Visitor(kind, "aws", scene.owner, role_arn, name, "AROASOMEBODY", now)
        return admits(statement, visitor)

    assert (comes_in(itself), comes_in(other)) == (True, False)


def test_a_session_that_is_taken_to_see_whether_it_is_given_may_do_nothing(scene: Scene) -> None:
    visitor, owner = scene.somebody(scene.home, "*"), scene.iam(scene.owner)
    lets_in = {"Effect": "Allow", "Principal": {"AWS": visitor.caller.arn}}
    owner.create_role(
        RoleName="wide", AssumeRolePolicyDocument=document(lets_in | {"Action": "sts:AssumeRole"})
    )
    owner.put_role_policy(RoleName="wide", PolicyName="may", PolicyDocument=document(allow("*")))
    visitor.hands.try_to_enter(arn(scene.owner, "role/wide"), "somebody")

    inside = visitor.hands.enter(arn(scene.owner, "role/wide"), "somebody")

    assert inside.who().arn == f"arn:aws:sts::{scene.owner}:assumed-role/wide/somebody"
    with pytest.raises(AwsRefused, match="AccessDenied"):
        inside.call("iam", "ListRoles", {})
