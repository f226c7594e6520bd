"""Whether AWS, as it was read, forbids an opening: the sentence that refuses it, or None."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Final

from sqlalchemy.orm import Session

from db.lifecycle import State
from db.models import Request
from db.store import memberships
from workflows import rows
from workflows.catalog.model import Catalog, GranteeKind, Mechanism
from workflows.documents import groups, session_end
from workflows.documents.admits import Visitor
from workflows.look import covered, findings
from workflows.observe import RoleRead
from workflows.plan import ending
from workflows.plan import role as role_plan
from workflows.plan.grant import Grant
from workflows.plan.member import Place, no_slot
from workflows.plan.phase import Phase
from workflows.seen import (
    GranteeSeen,
    MemberSeen,
    RoleDetail,
    RoleSeen,
    Verdict,
    keys_of_a_write,
)
from workflows.world import World

WRITES_SESSION_END: Final = "iam:PutRolePolicy"


def visitor(row: Request, grantee: GranteeSeen) -> Visitor:
    """The grantee of a request that is not open yet, as AWS will see him after its end."""
    is_person = row.grantee_kind == GranteeKind.PERSON
    return Visitor(
        kind=GranteeKind(row.grantee_kind),
        partition=row.partition,
        account_id=grantee.arn.split(":")[4],
        arn=grantee.arn,
        name=row.session_name if is_person else grantee.name,
        unique_id=grantee.unique_id,
        after=row.asked_at + timedelta(seconds=row.seconds),
    )


def role_fault(
    catalog: Catalog,
    row: Request,
    seen: RoleDetail,
    grantee: GranteeSeen,
    granted: Sequence[Request],
    *,
    vendor_id: str | None = None,
) -> str | None:
    """Why the role cannot be opened for this grantee beside those whom it is `granted` to, or was
    so lately that their sessions may live. `vendor_id` is the vendor role's, if it is to enter.
    """
    at = seen.role.at
    ends_at = rows.end_if_opened(row, granted, at=at)
    grant = Grant(
        request=1 + max((one.id for one in granted), default=0),  # after all that are approved
        phase=Phase.OPENING,
        visitor=replace(visitor(row, grantee), after=ends_at),
        session_name=row.session_name,
        role_id=seen.role.role_id,
        session_end=row.session_end,
        mfa=row.mfa,
        vendor=None if vendor_id is None else (grantee.arn.split(":")[4], vendor_id),
    )
    others = [*rows.grants(granted, (), at=at), *rows.coming(granted, at=at)]
    planned = role_plan.plan(seen, [*others, grant], installation=catalog.installation)
    return planned.refused.get(grant.request)


def slot_fault(
    row: Request, member: MemberSeen, lent: Sequence[Request], noted: Mapping[str, bool]
) -> str | None:
    """Why AWS would not let the user join the request's group beside those that he is in, or is
    about to be: what was approved may not be written down yet, nor done.
    """
    if row.group_name is None:
        return None
    place = Place(
        request=row.id,
        phase=Phase.OPENING,
        group=row.group_name,
        inside=row.mechanism == Mechanism.ALLOW_GROUP,
    )
    mine = [one for one in lent if one.grantee_id == member.user.unique_id]
    coming = {one.id for one in mine if one.state is State.APPROVED}
    others = rows.places(mine, coming, coming, at=member.user.at)
    return no_slot(member, [*others, place], noted).get(row.id)


def group_fault(world: World, session: Session, row: Request, member: MemberSeen) -> str | None:
    """Why the request's group may not be used: it must open exactly what it says."""
    if row.group_name is None:
        return None
    documents = member.contents[row.group_name]
    if row.mechanism == Mechanism.DENY_GROUP:
        wrong = groups.deny_fault(
            documents,
            role_arn=row.role_arn,
            trusts=covered.trusts(world, session),
            visitor=visitor(row, member.user),
            installation=world.catalog.installation,
        )
    else:
        governed = {role.arn for role in world.catalog.roles}
        wrong = groups.fault(documents, effect="Allow", role_arn=row.role_arn, governed=governed)
    if wrong is None:
        return None
    return f"The group {row.group_name} {wrong}. Mend the group, then ask again."


def keys_of(role: RoleSeen) -> dict[str, str]:
    """Condition keys of a write to the role, for AWS's simulation."""
    return keys_of_a_write(role.boundary, role.tags)


def rights_fault(verdicts: Sequence[Verdict] | None, *, whose: str) -> str | None:
    """What xacct's manager role may not do and would have to."""
    lacking = [one.action for one in verdicts or () if one.refused]
    if not lacking:
        return None
    return f"{whose} may not {', '.join(lacking)}, so xacct could not open and end this access."


def owner_rights_fault(
    verdicts: Sequence[Verdict] | None, row: Request, seen: RoleDetail, granted: Sequence[Request]
) -> str | None:
    """What xacct's role in the owner account may not do and would have to. Of a role without a
    session end it writes no inline policy, unless a line of before still shuts the grantee out.
    """
    whose, user_id = "xacct's role in the owner account", f"{seen.role.role_id}:{row.session_name}"
    stands = user_id.casefold() in ending.held(seen.session_end)
    needed = [
        one
        for one in verdicts or ()
        if one.action != WRITES_SESSION_END or row.session_end or stands
    ]
    wrong = rights_fault(needed, whose=whose)
    if wrong is None or row.session_end or not stands:
        return wrong
    return f"{wrong} {_shut_out(row, seen, granted)}"


def _shut_out(row: Request, seen: RoleDetail, granted: Sequence[Request]) -> str:
    """How somebody comes in whom a session end shuts out that xacct may not write any more."""
    user_id = f"{seen.role.role_id}:{row.session_name}".casefold()
    mine = (
        one.kept_until
        for one in rows.grants(granted, (), at=seen.role.at)
        if one.user_id.casefold() == user_id and one.kept_until is not None
    )
    until = max(mine, default=None)
    when = "" if until is None else f", at {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC at the latest"
    return (
        f"The role has no session end by the catalog, but its inline policy {session_end.NAME} "
        f"still denies everything to {row.session_name}, who had it before. Give xacct the right, "
        f"or take the line out by hand when no session of that access can live any more{when}."
    )


def who_enters(row: Request) -> str:
    """The ARN of whoever calls sts:AssumeRole: the vendor, where it fetches the credentials and no
    membership is part of the grant; else the grantee himself.
    """
    return row.grantee_arn if row.member_target_id or not row.vendor_arn else row.vendor_arn


def grantee_fault(row: Request, verdict: Verdict | None) -> str | None:
    """Why nobody could come although the role lets him in: he lacks the right to ask.

    Who comes by a group gets, or is given back, that right with it.
    """
    if row.group_name is not None or verdict is None or not verdict.refused:
        return None
    return (
        f"AWS's simulation says that {who_enters(row).rpartition('/')[2]} may not call "
        "sts:AssumeRole on the role. Give that right in the grantee account first."
    )


def wider_role(row: Request, read: RoleRead) -> str | None:
    """What of the role has become worse since the request was decided on."""
    seen = read.detail
    return (
        findings.another_role(row, seen)
        or findings.wider(row, findings.about_role(row, seen))
        or findings.another_boundary(row, seen)
        or findings.more_ways_back(row, read.ways_back)
    )


def wider_member(session: Session, row: Request, seen: MemberSeen) -> str | None:
    """What of the user's groups has become worse since the request was decided on."""
    account_id = seen.user.arn.split(":")[4]
    noted = memberships.noted(session, account_id, seen.user.unique_id)
    return findings.wider(row, findings.about_member(row, seen, noted))
