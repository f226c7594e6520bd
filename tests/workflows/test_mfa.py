"""A role that needs MFA: only who shows a code of his own device enters."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from db.lifecycle import State
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.lab import Lab, some_catalog
from workflows.catalog.model import GranteeKind, Mechanism

Code = Callable[[], str]


@pytest.fixture
def lab(aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Iterator[Lab]:
    catalog = some_catalog(
        mechanism=Mechanism.ALLOW_GROUP,
        users=("alice", "carol"),
        kinds=frozenset({GranteeKind.USER}),
        mfa=True,
    )
    with Lab(aws, clock, f"sqlite:///{tmp_path / 'xacct.db'}", catalog) as lab:
        yield lab


def device(lab: Lab, name: str) -> tuple[str, Code]:
    return lab.aws.mfa(lab.catalog.grantee.id, name)


def enters(lab: Lab, name: str, mfa: tuple[str, Code] | None = None) -> str:
    """AWS's answer to the user's own keys, with a code of the device if there is one."""
    lab.clock.move(timedelta(seconds=30))  # a code counts once
    shown = {"SerialNumber": mfa[0], "TokenCode": mfa[1]()} if mfa else {}
    sts = lab.aws.client("sts", lab.furnished.users[name])
    try:
        sts.assume_role(RoleArn=lab.role.arn, RoleSessionName=name, **shown)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "ok"


def no_mfa(lab: Lab) -> None:
    """The catalog asks for MFA no more, or not yet."""
    lab.catalog = replace(lab.catalog, roles=(replace(lab.role, mfa=False),))
    lab.world = replace(lab.world, catalog=lab.catalog)


def test_only_who_shows_a_code_of_his_own_device_enters(lab: Lab) -> None:
    mine, carols = device(lab, "alice"), device(lab, "carol")
    request = lab.lend("alice", minutes=30)
    assert lab.row(request).state is State.ACTIVE
    assert lab.row(request).mfa

    assert enters(lab, "alice") == "AccessDenied"
    assert enters(lab, "alice", carols) == "AccessDenied"
    assert enters(lab, "carol", carols) == "AccessDenied"
    assert enters(lab, "alice", mine) == "ok"

    lab.pass_time(minutes=31)
    assert lab.row(request).state is State.ENDED
    assert enters(lab, "alice", mine) == "AccessDenied"


def test_a_grant_of_before_goes_on_without_mfa_and_ends_by_its_own_date(lab: Lab) -> None:
    role = lab.role
    no_mfa(lab)
    before = lab.lend("alice", minutes=30)
    lab.catalog = replace(lab.catalog, roles=(role,))
    lab.world = replace(lab.world, catalog=lab.catalog)

    after = lab.lend("alice", minutes=60)

    mine = device(lab, "alice")
    assert enters(lab, "alice") == "ok"
    assert len(lab.trust()) == 3  # the seal, and a statement for each
    lab.pass_time(minutes=31)
    assert lab.row(before).state is State.ENDED
    assert lab.row(after).state is State.ACTIVE
    assert enters(lab, "alice") == "AccessDenied"
    assert enters(lab, "alice", mine) == "ok"


def test_a_statement_that_somebody_took_the_condition_out_of_is_not_what_was_granted(
    lab: Lab,
) -> None:
    request = lab.lend("alice")
    lab.pass_time(minutes=2)  # until then a read that does not show her could be an old one
    document = lab.owner.get_role(RoleName="admin")["Role"]["AssumeRolePolicyDocument"]
    for statement in document["Statement"]:
        statement.get("Condition", {}).pop("Bool", None)
    lab.write_trust(document)
    assert enters(lab, "alice") == "ok"

    lab.lend("carol")  # somebody looks at the role

    assert enters(lab, "alice") == "AccessDenied"
    lab.pass_time(seconds=61)
    assert lab.row(request).state is State.ENDED
