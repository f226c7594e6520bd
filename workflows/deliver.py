"""The way in: a switch-role link, a profile for the command line, or short-lived credentials."""

import re
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from db import audit
from db.lifecycle import State
from db.models import Request
from db.store import holds, requests
from workflows import access
from workflows.aws.vendor import CHAINED, Credentials, Vending, Vendor
from workflows.errors import AlreadySettled, NotAllowed, NotFound
from workflows.person import Person
from workflows.world import World

SIGN_IN: Final = {
    "aws": "signin.aws.amazon.com",
    "aws-cn": "signin.amazonaws.cn",
    "aws-us-gov": "signin.amazonaws-us-gov.com",
}
"""The console's host of each partition (IAM User Guide, "Switching to a role (console)")."""


def switch_role_link(row: Request) -> str:
    """Opens the console's Switch Role form, filled in. It holds no secret: only the grantee's own
    sign-in makes it work.
    """
    path = row.role_arn.partition(":role/")[2]
    query = urlencode(
        {"account": row.account_id, "roleName": path, "displayName": row.role}, safe="/"
    )
    return f"https://{SIGN_IN[row.partition]}/switchrole?{query}"


def profile(row: Request) -> str:
    """A ready profile for `~/.aws/config`. The session name is part of the grant: another one
    would be refused. Where MFA is needed, the AWS CLI asks for a code of the device it names.
    """
    name = re.sub(r"[^\w-]", "-", f"{row.account_name}-{row.role_name}")
    return (
        f"[profile {name}]\n"
        f"role_arn = {row.role_arn}\n"
        f"role_session_name = {row.session_name}\n"
        f"source_profile = {row.grantee_name}"
        + (f"\nmfa_serial = {mfa_device(row)}" if row.mfa else "")
    )


def mfa_device(row: Request) -> str:
    """The ARN that the user's virtual MFA device has when it is named like him; another name, or
    the serial number of a hardware device, stands there otherwise (IAM User Guide, "Assigning MFA
    devices using the AWS CLI or AWS API").
    """
    account_id = row.grantee_arn.split(":")[4]
    return f"arn:{row.partition}:iam::{account_id}:mfa/{row.grantee_name}"


def mint(world: World, vendor: Vendor, request_id: int, *, by: Person) -> Credentials:
    """Credentials for an active grant, for its grantee only; recorded, never stored. None while
    something holds openings: rows from a backup may not know that a grant was revoked.

    Raises Refused, or Trouble when AWS does not give them.
    """
    now = world.clock.now()
    with world.database.read() as session:
        row = requests.get(session, request_id)
        held = holds.standing(session)
    if row is None or by.user not in {row.requester, *access.owners_of(world.catalog, row)}:
        raise NotFound(f"There is no request #{request_id} of yours.")
    if row.delivery != "credentials" or row.vendor_arn is None:
        raise NotAllowed(f"{row.role} gives no credentials: use the link or the profile.")
    if row.state is not State.ACTIVE or row.ends_at is None or row.ends_at <= now:
        raise AlreadySettled(f"There is nothing to deliver: {access.describe(row)}.")
    holding = holds.over(held, account_id=row.account_id, user=row.requester)
    if holding is not None:
        raise NotAllowed(
            f"No credentials are given while xacct is on hold ({holding.kind}): {holding.reason}"
        )
    minted = vendor.mint(vending(world, row), now=now)
    with world.database.write() as session:
        audit.know(session, access.actor(world.catalog, by))
        audit.say(
            session,
            "delivered",
            actor=by.user,
            at=now,
            request=row,
            access_key_id=minted.access_key_id,
            session_name=row.session_name,
            until=minted.until.isoformat(),
        )
    return minted


def vending(world: World, row: Request) -> Vending:
    """What the vendor is to take for a noted grant."""
    assert row.vendor_arn is not None
    assert row.ends_at is not None
    return Vending(
        vendor_arn=row.vendor_arn,
        external_id=world.catalog.grantee.vendor_external_id,
        role_arn=row.role_arn,
        session_name=row.session_name,
        longest=timedelta(seconds=row.longest_session) if row.longest_session else CHAINED,
        end=row.ends_at,
    )
