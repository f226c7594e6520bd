"""Approving by a rule that the catalog wrote down beforehand: on the terms of the look, or not."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from db import audit
from db.lifecycle import Event, State
from db.models import Request
from db.store import requests
from workflows.access.incidents import not_frozen
from workflows.access.rows import may_still_ask
from workflows.catalog.model import Catalog
from workflows.catalog.rule import Rule
from workflows.errors import NotAllowed


def rule_for(catalog: Catalog, row: Request, at: datetime) -> Rule | None:
    """The first rule of the catalog that fits the request at that moment.

    An extension has none: a rule says how long it lends at most, and extensions would add up.
    """
    if row.extends is not None:
        return None
    return next((rule for rule in catalog.auto_approve if not _misfit(rule, row, at)), None)


def approve_by_rule(session: Session, catalog: Catalog, row: Request, *, now: datetime) -> bool:
    """Approves a request that was just looked at, where a rule fits and nothing is frozen; the
    opening is owed then. False: it waits for a person.
    """
    role, rule = catalog.role(row.role), rule_for(catalog, row, now)
    if role is None or rule is None or row.state is not State.PENDING or row.terms is None:
        return False
    try:
        not_frozen(session, account_id=row.account_id, user=row.requester)
    except NotAllowed:
        return False
    if not may_still_ask(catalog, row, role):
        return False
    audit.say(
        session,
        "approved by rule",
        actor=rule.giver,
        at=now,
        request=row,
        terms=row.terms,
        **_written(rule),
    )
    requests.decide(row, by=rule.giver, approves=True, at=now)
    requests.move(session, row, Event.APPROVE, actor=rule.giver, at=now)
    return True


def rule_holds(catalog: Catalog, row: Request, giver: str, *, now: datetime) -> None:
    """Refuses what the rule that approved it would not approve now."""
    rule = next((one for one in catalog.auto_approve if one.giver == giver), None)
    misfit = "it left the catalog" if rule is None else _misfit(rule, row, now)
    if misfit:
        name = giver.partition(":")[2]
        raise NotAllowed(
            f"The rule {name} does not approve it any more: {misfit}. Ask again, and a person "
            "decides."
        )


def _misfit(rule: Rule, row: Request, at: datetime) -> str:
    return rule.misfit(row.role, row.requester, row.grantee_kind, row.length, at)


def _written(rule: Rule) -> dict[str, Any]:
    """The rule as it was, for the audit log: the catalog may say something else tomorrow."""
    return {
        "longest": int(rule.longest.total_seconds()),
        "hours": str(rule.hours) if rule.hours is not None else None,
        "requesters": None if rule.requesters is None else sorted(rule.requesters),
    }
