"""Reading AWS for one request, with all that an approver should know of it."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from db.lifecycle import State
from db.models import Request
from db.store import memberships, requests, targets
from workflows import observe, rows
from workflows.aws.fence import Fenced
from workflows.catalog.model import GranteeKind, Mechanism
from workflows.documents import groups, text
from workflows.look import covered, findings, judge
from workflows.seen import GranteeSeen, MemberSeen, RoleDetail, RoleSeen, Verdict
from workflows.world import World

_ON_A_ROLE: Final = ("iam:UpdateAssumeRolePolicy", judge.WRITES_SESSION_END)
_ON_A_GROUP: Final = ("iam:AddUserToGroup", "iam:RemoveUserFromGroup")

Answers = Future[Sequence[Verdict] | None]


@dataclass(frozen=True)
class Found:
    """What a look saw. `forbids` is the sentence that refuses the request, if there is one."""

    grantee: GranteeSeen
    findings: list[str]
    forbids: str | None
    vendor_id: str | None
    role: RoleSeen


@dataclass(frozen=True)
class Asking:
    """What AWS's simulation is being asked; each answers None where it could not be asked."""

    grantee: Answers
    owner_rights: Answers
    home_rights: Answers | None
    ways_back: Answers


def find(world: World, row: Request) -> Found:
    """Reads AWS for one request. Raises Trouble."""
    catalog = world.catalog
    with world.database.read() as session:
        target = targets.get(session, row.role_target_id)
    owner = world.managers.fenced(target.manager_arn, target.external_id)
    home = world.managers.fenced(catalog.grantee.manager_arn, catalog.grantee.external_id)
    seen_role = observe.asking_role(world, owner, row.role_name)
    others = _ask(world, row, home, owner)
    vendor = (
        home.ask(home.iam.machine, row.vendor_arn.rpartition("/")[2]) if row.vendor_arn else None
    )
    member: MemberSeen | None = None
    if row.group_name is not None:
        member = observe.member(world, home, row.grantee_name, [row.group_name])
        grantee = member.user
        if row.mechanism == Mechanism.DENY_GROUP:
            covered.refresh(world, groups.covers(member.contents[row.group_name]))
    else:
        kind = GranteeKind(row.grantee_kind)
        grantee = observe.grantee(home.iam, kind, row.grantee_name, row.grantee_arn)
    seen = seen_role()
    asking = others(seen.role)
    vendor_id = vendor.result().unique_id if vendor is not None else None
    return Found(
        grantee=grantee,
        findings=_findings(world, row, seen, member, asking),
        forbids=_forbids(world, row, seen, grantee, member, asking, vendor_id),
        vendor_id=vendor_id,
        role=seen.role,
    )


def _ask(world: World, row: Request, home: Fenced, owner: Fenced) -> Callable[[RoleSeen], Asking]:
    """One call each, beside the reads; of xacct's own rights on the role when that was read, since
    they may depend on its boundary and its tags.
    """
    group = _group_arn(world, row)
    keys = {
        "aws:CurrentTime": text.moment(world.clock.now() + home.skew),
        "aws:MultiFactorAuthPresent": "true",
        "sts:RoleSessionName": row.session_name,
    }
    ask = observe.asking_simulation
    grantee = ask(home, judge.who_enters(row), ["sts:AssumeRole"], resource=row.role_arn, keys=keys)
    home_rights = None
    if group is not None:
        home_rights = ask(home, home.manager_arn, _ON_A_GROUP, resource=group)
    ways_back = ask(owner, row.role_arn, observe.WAYS_BACK)

    def asked_of(role: RoleSeen) -> Asking:
        own = judge.keys_of(role)
        owner_rights = ask(owner, owner.manager_arn, _ON_A_ROLE, resource=role.arn, keys=own)
        return Asking(grantee, owner_rights, home_rights, ways_back)

    return asked_of


def _group_arn(world: World, row: Request) -> str | None:
    role = world.catalog.role(row.role)
    grouped = row.group_name is not None and role is not None and role.group is not None
    return role.group.arn if grouped and role is not None and role.group is not None else None


def _grantee_verdict(asking: Asking) -> Verdict | None:
    found = asking.grantee.result()
    return found[0] if found else None


def _findings(
    world: World, row: Request, seen: RoleDetail, member: MemberSeen | None, asking: Asking
) -> list[str]:
    with world.database.read() as session:
        pair = requests.of_pair(
            session,
            role_target_id=row.role_target_id,
            kind=row.grantee_kind,
            name=row.grantee_name,
            states=(State.APPROVED, State.ACTIVE),
        )
        noted = (
            memberships.noted(session, world.catalog.grantee.id, member.user.unique_id)
            if member is not None
            else {}
        )
    inside = row.group_name in member.groups if member is not None else None
    return [
        *findings.about_role(row, seen),
        *findings.about_member(row, member, noted),
        *findings.about_pair(row, pair),
        *findings.about_grantee(row, _grantee_verdict(asking), inside=inside),
        *findings.about_ways_back(asking.ways_back.result()),
        *findings.about_unchecked(_unchecked(row, asking)),
    ]


def _unchecked(row: Request, asking: Asking) -> list[str]:
    """What the simulation was asked and did not say."""
    grantee = judge.who_enters(row).rpartition("/")[2]
    asked = {
        findings.WAYS_BACK: asking.ways_back,
        f"whether {grantee} may assume the role": asking.grantee,
        "whether xacct may open and end this in the owner account": asking.owner_rights,
        "whether xacct may open and end this in the grantee account": asking.home_rights,
    }
    return [what for what, answer in asked.items() if answer is not None and not answer.result()]


def _forbids(
    world: World,
    row: Request,
    seen: RoleDetail,
    grantee: GranteeSeen,
    member: MemberSeen | None,
    asking: Asking,
    vendor_id: str | None,
) -> str | None:
    home_rights = asking.home_rights.result() if asking.home_rights is not None else None
    owner_rights, verdict = asking.owner_rights.result(), _grantee_verdict(asking)
    kept_since = rows.kept_since(seen, world.clock.now())
    with world.database.read() as session:
        granted = requests.of_role(session, row.role_target_id, kept_since=kept_since)
        return (
            judge.role_fault(world.catalog, row, seen, grantee, granted, vendor_id=vendor_id)
            or (_member_fault(world, session, row, member) if member is not None else None)
            or judge.owner_rights_fault(owner_rights, row, seen, granted)
            or judge.rights_fault(home_rights, whose="xacct's role in the grantee account")
            or judge.grantee_fault(row, verdict)
        )


def _member_fault(world: World, session: Session, row: Request, member: MemberSeen) -> str | None:
    if (wrong := judge.group_fault(world, session, row, member)) is not None:
        return wrong
    noted = memberships.noted(session, world.catalog.grantee.id, member.user.unique_id)
    lent = requests.of_member(session, row.member_target_id) if row.member_target_id else ()
    return judge.slot_fault(row, member, lent, noted)
