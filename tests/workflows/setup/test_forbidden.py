"""A stolen manager role, vendor role or bot can do what lending takes, and nothing beyond it.

The sessions are taken with the bot's own keys and without the fence: what is left is what setup's
roles allow.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.process import Keys, SandboxAws
from sandbox.clock import SharedClock
from tests.lab import Lab, some_catalog
from tests.workflows.setup.deploying import ADMIN, allow, document
from workflows.catalog.model import Delivery, Mechanism
from workflows.verify import asks

Call = Callable[[Any], Any]
USERS = ("alice",)
ANYTHING = document(allow("*"))
ANYBODY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}],
    }
)
BYSTANDER = {"RoleName": "bystander"}
GOVERNED = {"RoleName": "admin"}

EVERYWHERE: dict[str, Call] = {
    "make a user": lambda iam: iam.create_user(UserName="mallory"),
    "make keys": lambda iam: iam.create_access_key(UserName="bystander"),
    "make a password": lambda iam: iam.create_login_profile(
        UserName="bystander", Password="Aa1!aa"
    ),
    "give a user rights": lambda iam: iam.put_user_policy(
        UserName="bystander", PolicyName="p", PolicyDocument=ANYTHING
    ),
    "attach a policy to a user": lambda iam: iam.attach_user_policy(
        UserName="bystander", PolicyArn=ADMIN
    ),
    "put a user into a group of others": lambda iam: iam.add_user_to_group(
        UserName="bystander", GroupName="others"
    ),
    "give a group rights": lambda iam: iam.put_group_policy(
        GroupName="others", PolicyName="p", PolicyDocument=ANYTHING
    ),
    "attach a policy to a group": lambda iam: iam.attach_group_policy(
        GroupName="others", PolicyArn=ADMIN
    ),
    "make a role": lambda iam: iam.create_role(RoleName="new", AssumeRolePolicyDocument=ANYBODY),
    "open a role of others": lambda iam: iam.update_assume_role_policy(
        **BYSTANDER, PolicyDocument=ANYBODY
    ),
    "give a role of others rights": lambda iam: iam.put_role_policy(
        **BYSTANDER, PolicyName="p", PolicyDocument=ANYTHING
    ),
    "attach a policy to a role of others": lambda iam: iam.attach_role_policy(
        **BYSTANDER, PolicyArn=ADMIN
    ),
    "make a policy": lambda iam: iam.create_policy(PolicyName="new", PolicyDocument=ANYTHING),
    "delete a role": lambda iam: iam.delete_role(**BYSTANDER),
    "delete a user": lambda iam: iam.delete_user(UserName="bystander"),
}
TO_ITSELF: dict[str, Callable[[Any, str], Any]] = {
    "let somebody else into itself": lambda iam, name: iam.update_assume_role_policy(
        RoleName=name, PolicyDocument=ANYBODY
    ),
    "give itself rights": lambda iam, name: iam.put_role_policy(
        RoleName=name, PolicyName="p", PolicyDocument=ANYTHING
    ),
    "attach a policy to itself": lambda iam, name: iam.attach_role_policy(
        RoleName=name, PolicyArn=ADMIN
    ),
    "take its own boundary away": lambda iam, name: iam.delete_role_permissions_boundary(
        RoleName=name
    ),
}
TO_WHAT_IS_LENT: dict[str, Call] = {
    "attach a policy": lambda iam: iam.attach_role_policy(**GOVERNED, PolicyArn=ADMIN),
    "take its boundary away": lambda iam: iam.delete_role_permissions_boundary(**GOVERNED),
    "put another boundary": lambda iam: iam.put_role_permissions_boundary(
        **GOVERNED, PermissionsBoundary=ADMIN
    ),
    "delete a policy of it": lambda iam: iam.delete_role_policy(**GOVERNED, PolicyName="theirs"),
    "let its sessions last longer": lambda iam: iam.update_role(
        **GOVERNED, MaxSessionDuration=43200
    ),
    "tag it": lambda iam: iam.tag_role(**GOVERNED, Tags=[{"Key": "a", "Value": "b"}]),
    "delete it": lambda iam: iam.delete_role(**GOVERNED),
}
TO_A_GOVERNED_GROUP: dict[str, Callable[[Any, str], Any]] = {
    "give it rights": lambda iam, name: iam.put_group_policy(
        GroupName=name, PolicyName="p", PolicyDocument=ANYTHING
    ),
    "take its policy away": lambda iam, name: iam.delete_group_policy(
        GroupName=name, PolicyName="xacct-lab"
    ),
    "delete the group": lambda iam, name: iam.delete_group(GroupName=name),
}
TRIED_ELSEWHERE = {
    *("hand a role to a service", "enter a role of others", "enter it"),
    "write a policy of others anew",
}


@pytest.fixture(scope="module")
def lab(
    aws: SandboxAws, clock: SharedClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lab]:
    with furnished(aws, clock, tmp_path_factory.mktemp("forbidden")) as lab:
        yield lab


@contextmanager
def furnished(aws: SandboxAws, clock: SharedClock, folder: Path) -> Iterator[Lab]:
    """A role whose credentials are delivered, and bystanders in both accounts."""
    catalog = some_catalog(
        mechanism=Mechanism.ALLOW_GROUP, users=USERS, delivery=Delivery.CREDENTIALS
    )
    with Lab(aws, clock, f"sqlite:///{folder / 'xacct.db'}", catalog, USERS) as lab:
        for iam in (lab.home, lab.owner):
            iam.create_user(UserName="bystander")
            iam.create_group(GroupName="others")
            iam.create_role(**BYSTANDER, AssumeRolePolicyDocument=document(nobody(catalog)))
        theirs = document(allow("s3:ListBucket"))
        lab.owner.put_role_policy(**GOVERNED, PolicyName="theirs", PolicyDocument=theirs)
        yield lab


def nobody(catalog: Any) -> dict[str, Any]:
    root = f"arn:aws:iam::{catalog.grantee.id}:root"
    return {"Effect": "Deny", "Principal": {"AWS": root}, "Action": "sts:AssumeRole"}


def stolen(lab: Lab, arn: str, external_id: str | None) -> Keys:
    """A session that the bot's keys open, with no session policy."""
    given = {"ExternalId": external_id} if external_id else {}
    sts = lab.aws.client("sts", lab.furnished.bot)
    found = sts.assume_role(RoleArn=arn, RoleSessionName="xacct-stolen", **given)["Credentials"]
    return Keys(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])


def manager(lab: Lab, whose: str) -> tuple[Any, str]:
    """IAM with the session of a manager role, and the role's name."""
    account = lab.catalog.grantee if whose == "grantee" else lab.catalog.accounts[0]
    keys = stolen(lab, account.manager_arn, account.external_id)
    return lab.aws.client("iam", keys), account.manager_arn.rpartition("/")[2]


def answer(call: Callable[[], Any]) -> str:
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "done"


def test_what_is_tried_here_is_what_verify_asks_about() -> None:
    for tried, asked in (
        (EVERYWHERE, asks.ANYWHERE),
        (TO_ITSELF, asks.TO_ITSELF),
        (TO_WHAT_IS_LENT, asks.TO_WHAT_IS_LENT),
        (TO_A_GOVERNED_GROUP, asks.TO_A_GOVERNED_GROUP),
    ):
        assert {*tried} == {one.what for one in asked} - TRIED_ELSEWHERE


def test_each_of_these_calls_is_one_that_the_accounts_root_may_make(
    aws: SandboxAws, clock: SharedClock, tmp_path: Path
) -> None:
    """Else a refusal would tell nothing."""
    with furnished(aws, clock, tmp_path) as lab:
        iam, name = lab.owner, lab.catalog.accounts[0].manager_arn.rpartition("/")[2]
        tried = {what: answer(partial(call, iam)) for what, call in EVERYWHERE.items()}
        tried |= {what: answer(partial(call, iam, name)) for what, call in TO_ITSELF.items()}
        tried |= {what: answer(partial(call, iam)) for what, call in TO_WHAT_IS_LENT.items()}
        assert lab.role.group is not None
        iam, name = lab.home, lab.role.group.name
        several = TO_A_GOVERNED_GROUP.items()
        tried |= {what: answer(partial(call, iam, name)) for what, call in several}

    not_empty = ("delete a user", "delete a role", "delete it", "delete the group")
    assert tried == dict.fromkeys(tried, "done") | dict.fromkeys(not_empty, "DeleteConflict")


@pytest.mark.parametrize("whose", ["grantee", "owner"])
@pytest.mark.parametrize("what", EVERYWHERE)
def test_a_manager_role_can_do_nothing_to_what_is_not_lent(lab: Lab, whose: str, what: str) -> None:
    iam, _ = manager(lab, whose)
    assert answer(lambda: EVERYWHERE[what](iam)) == "AccessDenied"


@pytest.mark.parametrize("whose", ["grantee", "owner"])
@pytest.mark.parametrize("what", TO_ITSELF)
def test_a_manager_role_cannot_change_itself(lab: Lab, whose: str, what: str) -> None:
    iam, name = manager(lab, whose)
    assert answer(lambda: TO_ITSELF[what](iam, name)) == "AccessDenied"


@pytest.mark.parametrize("what", TO_A_GOVERNED_GROUP)
def test_a_manager_role_cannot_change_what_a_governed_group_is(lab: Lab, what: str) -> None:
    iam, _ = manager(lab, "grantee")
    group = lab.role.group
    assert group is not None
    assert answer(lambda: TO_A_GOVERNED_GROUP[what](iam, group.name)) == "AccessDenied"


@pytest.mark.parametrize("what", TO_WHAT_IS_LENT)
def test_a_manager_role_cannot_change_what_a_lent_role_is(lab: Lab, what: str) -> None:
    iam, _ = manager(lab, "owner")
    assert answer(lambda: TO_WHAT_IS_LENT[what](iam)) == "AccessDenied"


@pytest.mark.parametrize("whose", ["grantee", "owner", "vendor"])
def test_no_role_of_xacct_leads_into_another_one_or_into_a_role_that_is_not_open(
    lab: Lab, whose: str
) -> None:
    catalog = lab.catalog
    home, owner = catalog.grantee, catalog.accounts[0]
    assert home.vendor_arn is not None
    mine, external_id = {
        "grantee": (home.manager_arn, home.external_id),
        "owner": (owner.manager_arn, owner.external_id),
        "vendor": (home.vendor_arn, home.vendor_external_id),
    }[whose]
    sts = lab.aws.client("sts", stolen(lab, mine, external_id))
    others = [
        (home.manager_arn, home.external_id),
        (owner.manager_arn, owner.external_id),
        (home.vendor_arn, home.vendor_external_id),
        (f"arn:aws:iam::{owner.id}:role/bystander", None),
    ]
    for arn, other_id in others:
        given = {"ExternalId": other_id} if other_id else {}
        asked = {"RoleArn": arn, "RoleSessionName": "xacct-stolen", **given}
        assert answer(partial(sts.assume_role, **asked)) == "AccessDenied", arn


def test_the_bots_own_keys_can_do_nothing_but_enter_its_roles(lab: Lab) -> None:
    iam = lab.aws.client("iam", lab.furnished.bot)
    tried = {name: answer(partial(call, iam)) for name, call in EVERYWHERE.items()}
    assert tried == dict.fromkeys(EVERYWHERE, "AccessDenied")
    sts = lab.aws.client("sts", lab.furnished.bot)
    asked = {"RoleArn": lab.role.arn, "RoleSessionName": "alice"}
    assert answer(lambda: sts.assume_role(**asked)) == "AccessDenied"


@pytest.mark.parametrize("whose", ["grantee", "owner"])
def test_nobody_enters_a_manager_role_without_its_external_id_or_under_another_name(
    lab: Lab, whose: str
) -> None:
    account = lab.catalog.grantee if whose == "grantee" else lab.catalog.accounts[0]
    sts = lab.aws.client("sts", lab.furnished.bot)
    right = {"RoleArn": account.manager_arn, "RoleSessionName": "xacct-run"}
    other_name = {"RoleSessionName": "run", "ExternalId": account.external_id}

    assert answer(lambda: sts.assume_role(**right)) == "AccessDenied"
    assert answer(lambda: sts.assume_role(**right, ExternalId="guessed")) == "AccessDenied"
    assert answer(lambda: sts.assume_role(**(right | other_name))) == "AccessDenied"
    assert answer(lambda: sts.assume_role(**right, ExternalId=account.external_id)) == "done"


def test_what_a_manager_role_writes_into_a_lent_role_gives_no_more_than_its_boundary(
    lab: Lab,
) -> None:
    iam, _ = manager(lab, "owner")
    iam.put_role_policy(**GOVERNED, PolicyName="p", PolicyDocument=ANYTHING)
    iam.update_assume_role_policy(**GOVERNED, PolicyDocument=ANYBODY)
    lab.user_policy("alice", allow("*"))
    entered = lab.aws.client("sts", lab.furnished.users["alice"])
    found = entered.assume_role(RoleArn=lab.role.arn, RoleSessionName="alice")["Credentials"]
    keys = Keys(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])

    inside = lab.aws.client("iam", keys)
    tried = {name: answer(partial(call, inside)) for name, call in EVERYWHERE.items()}
    assert tried == dict.fromkeys(EVERYWHERE, "AccessDenied")

    lab.owner.delete_role_permissions_boundary(**GOVERNED)
    assert answer(partial(EVERYWHERE["make a user"], inside)) == "done"
