"""The look: what AWS holds is read before anybody decides, and shown with the request.

It writes nothing to AWS. What forbids opening refuses the request at once; the rest becomes
findings on the card and part of the terms.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from db import audit
from db.lifecycle import Event, Why
from db.models import Request
from db.store import requests, targets
from workflows import access, observe
from workflows.aws.errors import AwsGone, AwsRefused
from workflows.aws.fence import Fenced
from workflows.catalog.model import Catalog, GranteeKind
from workflows.documents import groups
from workflows.documents.admits import Visitor
from workflows.errors import Trouble
from workflows.plan import role as role_plan
from workflows.plan.phase import Phase
from workflows.plan.role import Grant
from workflows.seen import GranteeSeen, MemberSeen, RoleDetail
from workflows.world import World

RETRY: Final = timedelta(seconds=10)
LONG_SESSION: Final = 3600  # seconds: the lowest MaxSessionDuration AWS permits


@dataclass(frozen=True)
class Found:
    """What a look saw. `forbids` is the sentence that refuses the request, if there is one."""

    grantee: GranteeSeen
    findings: list[str]
    forbids: str | None
    vendor_id: str | None


def look(world: World, request_id: int) -> None:
    """Pays the look that a pending request owes; one that waited long enough lapses instead."""
    now = world.clock.now()
    with world.database.write() as session:
        row = requests.claim_look(session, request_id, now)
        if row is None:
            return
        if row.lapses_at <= now:
            requests.move(session, row, Event.LAPSE, actor="xacct", at=now)
            return
        if row.terms is not None:  # looked at already: due again when it lapses
            row.look_at = row.lapses_at
            return
    try:
        found = find(world, row)
    except (AwsGone, AwsRefused) as trouble:
        _refuse(world, request_id, f"AWS does not let it be opened: {trouble}.")
    except Trouble as trouble:
        _later(world, request_id, trouble)
    else:
        _record(world, request_id, found)


def find(world: World, row: Request) -> Found:
    """Reads AWS for one request. Raises Trouble."""
    kind = GranteeKind(row.grantee_kind)
    owner = _manager(world, row.role_target_id)
    catalog = world.catalog
    home = world.managers.fenced(catalog.grantee.manager_arn, catalog.grantee.external_id)
    seen_role = observe.asking_role(world, owner, row.role_name)
    vendor = (
        world.reads.submit(home.iam.machine, row.vendor_arn.rpartition("/")[2])
        if row.vendor_arn is not None
        else None
    )
    member: MemberSeen | None = None
    if row.group_name is not None:
        member = observe.member(world, home, row.grantee_name, [row.group_name])
        grantee = member.user
    else:
        grantee = observe.grantee(home.iam, kind, row.grantee_name, row.grantee_arn)
    seen = seen_role()
    return Found(
        grantee=grantee,
        findings=[*_about_role(seen), *_about_member(row, member)],
        forbids=forbids(catalog, row, seen, grantee, member),
        vendor_id=vendor.result().unique_id if vendor is not None else None,
    )


def _manager(world: World, target_id: int) -> Fenced:
    with world.database.read() as session:
        target = targets.get(session, target_id)
    return world.managers.fenced(target.manager_arn, target.external_id)


def forbids(
    catalog: Catalog,
    row: Request,
    seen: RoleDetail,
    grantee: GranteeSeen,
    member: MemberSeen | None,
) -> str | None:
    """The sentence that says why this may not be opened as AWS stands, or None."""
    visitor = Visitor(
        kind=GranteeKind(row.grantee_kind),
        partition=row.partition,
        account_id=grantee.arn.split(":")[4],
        arn=grantee.arn,
        name=grantee.name if row.grantee_kind != GranteeKind.PERSON else row.session_name,
        unique_id=grantee.unique_id,
        after=row.asked_at + timedelta(seconds=row.seconds),
    )
    grant = Grant(
        request=row.id,
        phase=Phase.OPENING,
        visitor=visitor,
        session_name=row.session_name,
        role_id=seen.role.role_id,
        session_end=row.session_end,
    )
    alone = role_plan.plan(seen, [grant], installation=catalog.installation)
    return alone.refused.get(row.id) or group_fault(catalog, row, member)


def group_fault(catalog: Catalog, row: Request, member: MemberSeen | None) -> str | None:
    """Why the request's group may not be used: it must hold exactly what it says. Or None."""
    if member is None or row.group_name is None:
        return None
    denies = row.mechanism == "deny-group"
    # Leaving a deny group lifts it for every role it covers, so it may cover this one only.
    governed = {row.role_arn} if denies else {role.arn for role in catalog.roles}
    wrong = groups.fault(
        member.contents[row.group_name],
        effect="Deny" if denies else "Allow",
        role_arn=row.role_arn,
        governed=governed,
    )
    if wrong is None:
        return None
    return f"The group {row.group_name} {wrong}. Mend the group, then ask again."


def _about_role(seen: RoleDetail) -> list[str]:
    findings = []
    if seen.role.longest_session > LONG_SESSION:
        hours = seen.role.longest_session / 3600
        findings.append(f"Sessions of this role may last {hours:g} h; the session end cuts them.")
    if seen.role.boundary is None:
        findings.append(
            "The role has no permissions boundary: what a session creates may outlive the grant."
        )
    return findings


def _about_member(row: Request, member: MemberSeen | None) -> list[str]:
    if member is None or row.group_name is None:
        return []
    inside = row.group_name in member.groups
    if row.mechanism == "allow-group" and inside:
        return [f"{row.grantee_name} is in {row.group_name} already; that membership will stay."]
    if row.mechanism == "deny-group" and not inside:
        return [f"{row.grantee_name} is not in {row.group_name}: there is no deny to lift."]
    return []


def _record(world: World, request_id: int, found: Found) -> None:
    if found.forbids is not None:
        _refuse(world, request_id, found.forbids)
        return
    now = world.clock.now()
    with world.database.write() as session:
        row = requests.lock(session, request_id)
        if row is None or row.look_at is None or row.terms is not None:
            return  # decided, lapsed, or looked at by another worker meanwhile: terms stay
        role = world.catalog.role(row.role)
        if role is None:
            requests.move(session, row, Event.END, actor="xacct", at=now, why=Why.WITHDRAWN)
            return
        row.findings = found.findings
        row.grantee_arn, row.grantee_id = found.grantee.arn, found.grantee.unique_id
        row.vendor_id = found.vendor_id
        if row.grantee_kind == GranteeKind.USER:
            row.session_name = found.grantee.name  # as AWS stores it: `aws:username` compares so
        terms = access.terms_of(row, role)
        session.flush()
        requests.note(session, row, at=now, terms=terms, look_at=row.lapses_at, trouble=None)
        audit.say(
            session,
            "looked",
            actor="xacct",
            at=now,
            request=row,
            findings=found.findings,
            grantee_id=found.grantee.unique_id,
            terms=terms,
        )


def _refuse(world: World, request_id: int, sentence: str) -> None:
    now = world.clock.now()
    with world.database.write() as session:
        row = requests.lock(session, request_id)
        if row is not None and row.look_at is not None and row.terms is None:
            requests.move(
                session, row, Event.END, actor="xacct", at=now, why=Why.FAILED, trouble=sentence
            )


def _later(world: World, request_id: int, trouble: Trouble) -> None:
    """AWS did not say: nothing can be approved until it does, and the card says so."""
    now = world.clock.now()
    with world.database.write() as session:
        row = requests.lock(session, request_id)
        if row is None or row.look_at is None:
            return
        again = min(now + RETRY, row.lapses_at)
        if row.trouble == str(trouble):
            row.look_at = again
        else:
            requests.note(session, row, at=now, look_at=again, trouble=str(trouble))
