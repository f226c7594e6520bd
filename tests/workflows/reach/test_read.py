"""Who reaches what, asked of a sandbox AWS that enforces what it answers."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.clients import Keys
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.workflows.setup.deploying import Ids, Place, allow, document
from workflows.aws import simulation
from workflows.aws.admin import Admin
from workflows.catalog.model import Account
from workflows.errors import Trouble
from workflows.reach import read
from workflows.reach.judge import By, Principal, Stand
from workflows.reach.read import Report, report
from workflows.seen import Verdict

ADMIN, READONLY = "prod-payments/admin", "dev-payments/readonly"


class Scene:
    """The accounts as setup makes them, and what somebody did to them beside it."""

    def __init__(self, aws: SandboxAws, clock: SharedClock) -> None:
        self._aws, self.clock = aws, clock
        self.place = Place(aws, Ids())
        self.place.apply(clock.now())
        self.home = self.place.client("iam", self.place.ids.home)

    def user(self, name: str, *statements: dict[str, Any]) -> str:
        self.home.create_user(UserName=name)
        if statements:
            held = document(*statements)
            self.home.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=held)
        return f"arn:aws:iam::{self.place.ids.home}:user/{name}"

    def opens(self, role: str, *, to: Any, owner: int = 0) -> None:
        """Adds a statement of somebody else's to the role's trust policy."""
        iam = self.place.client("iam", self.place.ids.owners[owner])
        held = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"]
        more = {
            "Sid": "Theirs",
            "Effect": "Allow",
            "Principal": {"AWS": to},
            "Action": "sts:AssumeRole",
        }
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=document(*held, more))

    def report(self, enter: Any = None) -> Report:
        return report(self.place.catalog, enter or self.place.enter, now=self.clock.now())

    def found(self, principal: str) -> dict[str, tuple[Stand, By | None]]:
        return {
            one.role: (one.stand, one.by)
            for one in self.report().reaches
            if one.principal == principal
        }

    def gets_in(self, user: str, role_arn: str) -> bool:
        """Whether AWS lets him in, with his own keys."""
        key = self.home.create_access_key(UserName=user)["AccessKey"]
        sts = self._aws.client("sts", Keys(key["AccessKeyId"], key["SecretAccessKey"]))
        try:
            sts.assume_role(RoleArn=role_arn, RoleSessionName=user)
        except ClientError:
            return False
        return True


@pytest.fixture
def scene(aws: SandboxAws, clock: SharedClock) -> Scene:
    return Scene(aws, clock)


def test_as_setup_made_it_nobody_enters_but_who_always_may(scene: Scene) -> None:
    found = scene.report()

    assert [one for one in found.reaches if one.is_finding] == []
    assert (found.unread, found.absent) == ((), ())
    bob = scene.found(f"arn:aws:iam::{scene.place.ids.home}:user/platform/bob")
    assert bob["prod-payments/deploy"] == (Stand.ENTERS, By.STANDING)
    assert ADMIN not in bob


def test_the_broad_right_to_ask_without_the_deny_is_told_and_with_it_it_is_not(
    scene: Scene,
) -> None:
    mallory = scene.user("mallory", allow("sts:AssumeRole"))

    before = scene.found(mallory)
    scene.home.add_user_to_group(GroupName="deny-all", UserName="mallory")

    assert before[ADMIN] == (Stand.TRUST_ALONE, None)
    assert before[READONLY] == (Stand.ENTERS, By.STANDING)
    assert ADMIN not in scene.found(mallory)


def test_what_is_found_is_what_aws_lets_in(scene: Scene) -> None:
    mallory = scene.user("mallory", allow("sts:AssumeRole"))
    bystander = scene.user("bystander")
    scene.opens("admin", to=f"arn:aws:iam::{scene.place.ids.home}:root")
    (role,) = (one for one in scene.place.catalog.roles if one.key == ADMIN)

    assert scene.found(mallory)[ADMIN] == (Stand.ENTERS, None)
    assert ADMIN not in scene.found(bystander)
    assert scene.gets_in("mallory", role.arn)
    assert not scene.gets_in("bystander", role.arn)


def test_a_boundary_that_forbids_it_counts(scene: Scene) -> None:
    mallory = scene.user("mallory", allow("sts:AssumeRole"))
    limit = scene.home.create_policy(PolicyName="limit", PolicyDocument=document(allow("s3:*")))
    scene.home.put_user_permissions_boundary(
        UserName="mallory", PermissionsBoundary=limit["Policy"]["Arn"]
    )

    assert scene.found(mallory) == {}


def test_a_role_of_the_grantee_account_is_judged_like_a_user(scene: Scene) -> None:
    scene.home.put_role_policy(
        RoleName="ci", PolicyName="broad", PolicyDocument=document(allow("sts:*"))
    )
    scene.opens("admin", to=scene.place.ids.home)

    ci = scene.found(f"arn:aws:iam::{scene.place.ids.home}:role/build/ci")

    assert (ci[ADMIN], ci["prod-search/admin"]) == (
        (Stand.ENTERS, None),
        (Stand.TRUST_ALONE, None),
    )
    assert ci["prod-payments/deploy"] == (Stand.ENTERS, By.STANDING)


def test_what_cannot_be_read_is_said_and_hides_nothing_else(scene: Scene) -> None:
    mallory = scene.user("mallory", allow("sts:AssumeRole"))
    scene.opens("admin", to=mallory)
    shut = scene.place.ids.owners[1]

    def enter(account: Account) -> Admin:
        if account.id == shut:
            raise Trouble("sts:AssumeRole", "AccessDenied", "no way in")
        return scene.place.enter(account)

    found = scene.report(enter)

    stands = {one.role: one.stand for one in found.reaches if one.principal == mallory}
    assert found.unread == ("prod-search: sts:AssumeRole: AccessDenied: no way in",)
    assert (stands[ADMIN], stands["prod-search/admin"]) == (Stand.ENTERS, Stand.UNREAD)


def test_a_grantee_account_that_cannot_be_read_is_said(scene: Scene) -> None:
    def enter(account: Account) -> Admin:
        if account.id == scene.place.ids.home:
            raise Trouble("sts:AssumeRole", "AccessDenied", "no way in")
        return scene.place.enter(account)

    found = scene.report(enter)

    assert (found.reaches, found.principals) == ((), 0)
    assert found.unread == ("workforce: sts:AssumeRole: AccessDenied: no way in",)


def test_roles_that_are_gone_or_lie_elsewhere_are_said(scene: Scene) -> None:
    owner = scene.place.client("iam", scene.place.ids.owners[0])
    for name in ("admin", "readonly"):
        for held in owner.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            owner.detach_role_policy(RoleName=name, PolicyArn=held["PolicyArn"])
        owner.delete_role(RoleName=name)
    trust = {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}
    owner.create_role(RoleName="readonly", AssumeRolePolicyDocument=document(trust))

    found = scene.report()

    assert found.absent == (ADMIN,)
    assert len(found.unread) == 1
    assert found.unread[0].startswith("prod-payments/readonly: AWS has it as arn:aws:iam::")


class Silent:
    """An account whose simulation answers about some roles, fails about others."""

    def __init__(self, admin: Admin, fails: str) -> None:
        self._admin, self._fails = admin, fails

    def __getattr__(self, name: str) -> Any:
        return getattr(self._admin, name)

    def may_assume(self, principal: str, roles: list[str], keys: dict[str, str]) -> Any:
        if self._fails in roles:
            raise Trouble("iam:SimulatePrincipalPolicy", "PolicyEvaluation", "not now")
        return dict(list(self._admin.may_assume(principal, roles, keys).items())[1:])


def test_a_simulation_that_fails_or_says_too_little_is_said_and_the_rest_is_known(
    scene: Scene,
) -> None:
    mallory = scene.user("mallory", allow("sts:AssumeRole"))
    roles = [role.arn for role in scene.place.catalog.roles]
    silent: Any = Silent(scene.place.enter(scene.place.catalog.grantee), roles[0])
    (principal,) = (one for one in read._principals(silent) if one.arn == mallory)

    found, words = read.asked(silent, roles, scene.clock.now(), principal)
    later, too = read.asked(silent, roles[1:], scene.clock.now(), principal)

    assert (found, words) == ({}, "iam:SimulatePrincipalPolicy: PolicyEvaluation: not now")
    assert (set(later), too) == (
        set(roles[2:]),
        f"AWS's simulation says nothing of {roles[1]}",
    )


class Yes:
    """An account whose simulation allows everything, and fails the second time it is asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def may_assume(self, principal: str, roles: list[str], keys: dict[str, str]) -> Any:
        del principal, keys
        self.asked.append(list(roles))
        if len(self.asked) == 2:
            raise Trouble("iam:SimulatePrincipalPolicy", "Throttling", "")
        return dict.fromkeys(roles, Verdict("sts:AssumeRole", "allowed"))


def test_more_roles_than_one_simulation_takes_are_asked_about_in_turns_and_one_may_fail(
    clock: SharedClock,
) -> None:
    admin: Any = Yes()
    roles = [
        f"arn:aws:iam::444455556666:role/r{number}" for number in range(2 * simulation.BATCH + 1)
    ]
    alice = Principal("arn:aws:iam::111122223333:user/alice", "AIDAALICE")

    found, words = read.asked(admin, roles, clock.now(), alice)

    assert [len(one) for one in admin.asked] == [simulation.BATCH, simulation.BATCH, 1]
    assert set(found) == {*roles[: simulation.BATCH], roles[-1]}
    assert words == "iam:SimulatePrincipalPolicy: Throttling"
