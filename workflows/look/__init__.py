"""The look: what AWS holds is read before anybody decides, and shown with the request.

It writes nothing to AWS. What forbids opening refuses the request at once; the rest becomes
findings on the card and part of the terms.
"""

from datetime import timedelta
from typing import Final

from db import audit
from db.lifecycle import Event, Why
from db.store import looks, requests
from workflows import access, edits
from workflows.aws.errors import AwsGone, AwsRefused
from workflows.catalog.model import GranteeKind
from workflows.errors import Trouble, is_same
from workflows.look import covered, findings
from workflows.look.find import Found, find
from workflows.look.judge import group_fault, wider_member, wider_role
from workflows.world import World

__all__ = ["covered", "group_fault", "look", "wider_member", "wider_role"]

RETRY: Final = timedelta(seconds=10)


def look(world: World, request_id: int) -> None:
    """Pays the look that a pending request owes; one that waited long enough lapses instead."""
    now = world.clock.now()
    with world.database.write() as session:
        row = looks.claim(session, request_id, now)
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
        row.vendor_id, row.longest_session = found.vendor_id, found.role.longest_session
        row.role_id, row.permissions_boundary = found.role.role_id, found.role.boundary
        if row.grantee_kind == GranteeKind.USER:
            row.session_name = found.grantee.name  # as AWS stores it: `aws:username` compares so
        edits.seen(session, world.catalog, row.role_target_id, found.role, now=now)
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
            role_id=found.role.role_id,
            boundary=found.role.boundary,
            terms=terms,
        )
        if row.break_glass:
            access.approve_glass(session, world.catalog, row, now=now)
        elif not findings.to_judge(found.findings):
            access.approve_by_rule(session, world.catalog, row, now=now)


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
        if is_same(row.trouble, str(trouble)):
            row.look_at = again
        else:
            requests.note(session, row, at=now, look_at=again, trouble=str(trouble))
