"""China and GovCloud: access opens and ends there, and nothing names another partition."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from db.lifecycle import State
from db.models import Request
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.lab import Lab, some_catalog
from workflows import deliver
from workflows.catalog.model import Catalog, Delivery, Mechanism

ELSEWHERE = ("aws-cn", "aws-us-gov")
HOSTS = {
    "aws": "signin.aws.amazon.com",
    "aws-cn": "signin.amazonaws.cn",
    "aws-us-gov": "signin.amazonaws-us-gov.com",
}


class FarLab(Lab):
    """A lab whose bot is in a region of the sandbox's own partition."""

    def session(self) -> boto3.Session:
        keys = self.furnished.bot
        return boto3.Session(
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
            region_name=self.aws.partition.region,
        )


def moved(catalog: Catalog, partition: str) -> Catalog:
    """The same catalog in another partition."""

    def arn(text: str | None) -> Any:
        return text and text.replace("arn:aws:", f"arn:{partition}:")

    home = replace(
        catalog.grantee,
        partition=partition,
        manager_arn=arn(catalog.grantee.manager_arn),
        vendor_arn=arn(catalog.grantee.vendor_arn),
    )
    owner = catalog.accounts[0]
    owner = replace(owner, partition=partition, manager_arn=arn(owner.manager_arn))
    role = catalog.roles[0]
    assert role.group is not None
    machines = tuple(replace(one, role_arn=arn(one.role_arn)) for one in catalog.machines)
    return replace(
        catalog,
        grantee=home,
        accounts=(owner,),
        roles=(replace(role, account=owner, group=replace(role.group, account=home)),),
        machines=machines,
    )


@pytest.fixture(scope="module", params=ELSEWHERE)
def elsewhere(request: pytest.FixtureRequest, clock: SharedClock) -> Iterator[SandboxAws]:
    with SandboxAws.start(clock, partition=request.param) as aws:
        yield aws


@pytest.fixture
def lab(
    elsewhere: SandboxAws, clock: SharedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Lab]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", elsewhere.endpoint)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    catalog = some_catalog(
        mechanism=Mechanism.ALLOW_GROUP, users=("alice",), delivery=Delivery.CREDENTIALS
    )
    catalog = moved(catalog, elsewhere.partition.name)
    with FarLab(elsewhere, clock, f"sqlite:///{tmp_path / 'x.db'}", catalog, ("alice",)) as lab:
        yield lab


def test_a_user_enters_is_handed_credentials_and_is_out_at_the_end(lab: Lab) -> None:
    request = lab.lend("alice", minutes=30)

    assert lab.row(request).state is State.ACTIVE
    inside, minted = lab.visit("alice"), lab.mint(request, "alice")
    assert lab.works(inside.session)
    assert lab.works(minted)

    lab.pass_time(minutes=31)

    assert lab.row(request).state is State.ENDED
    assert not lab.works(inside.session)
    assert not lab.works(minted)
    assert lab.visit("alice").answer == "AccessDenied"
    assert lab.groups_of("alice") == []


def test_a_machine_enters_and_a_revoke_ends_it(lab: Lab) -> None:
    request = lab.ask("alice", machine="ci")
    lab.approve(request, "bob")
    inside = lab.knock(lab.machine_keys(), "xacct-ci")
    assert lab.works(inside.session)

    lab.revoke(request, "bob")

    assert not lab.works(inside.session)
    assert lab.knock(lab.machine_keys(), "xacct-ci").answer == "AccessDenied"


def test_nothing_that_is_stored_or_written_names_another_partition(lab: Lab) -> None:
    lab.lend("alice")
    role = lab.owner.get_role(RoleName="admin")["Role"]

    said = [lab.everything_stored(), str(role["AssumeRolePolicyDocument"])]
    assert [one for one in said if "arn:aws:" in one] == []
    assert all(f"arn:{lab.aws.partition.name}:" in one for one in said)


# --- the way in


def row(partition: str, **columns: Any) -> Request:
    return Request(
        id=42,
        account_id="444455556666",
        account_name="prod-payments",
        partition=partition,
        role_name="admin",
        role_arn=f"arn:{partition}:iam::444455556666:role/team/xacct/admin",
        grantee_name="alice",
        grantee_arn=f"arn:{partition}:iam::111122223333:user/alice",
        session_name="alice",
        **columns,
    )


@pytest.mark.parametrize("partition", HOSTS)
def test_the_link_opens_the_console_of_the_partition(partition: str) -> None:
    assert deliver.switch_role_link(row(partition)) == (
        f"https://{HOSTS[partition]}/switchrole?account=444455556666"
        "&roleName=team/xacct/admin&displayName=prod-payments/admin"
    )


@pytest.mark.parametrize("partition", HOSTS)
def test_the_profile_names_the_role_and_the_device_of_the_partition(partition: str) -> None:
    assert deliver.profile(row(partition, mfa=True)).splitlines() == [
        "[profile prod-payments-admin]",
        f"role_arn = arn:{partition}:iam::444455556666:role/team/xacct/admin",
        "role_session_name = alice",
        "source_profile = alice",
        f"mfa_serial = arn:{partition}:iam::111122223333:mfa/alice",
    ]
    assert "mfa" not in deliver.profile(row(partition))
