"""What administrators do in an incident: freeze, thaw, end everything at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from db.lifecycle import Event, State, Why
from db.models import Hold, Request
from db.store import alerts, holds, listing, requests, targets
from workflows import rules
from workflows.catalog.model import Account, Catalog
from workflows.errors import AlreadySettled, NotAllowed, NotFound
from workflows.person import Person


@dataclass(frozen=True)
class Scope:
    """What is meant: one account, one person (by Slack id), or, with neither, everything."""

    account: Account | None = None
    user: str | None = None

    def __str__(self) -> str:
        if self.account is not None:
            return self.account.name
        return f"<@{self.user}>" if self.user is not None else "everything"

    @property
    def account_id(self) -> str | None:
        return self.account.id if self.account is not None else None


def freeze(
    session: Session, catalog: Catalog, scope: Scope, *, by: Person, reason: str, now: datetime
) -> Hold:
    """From now on nothing of this is asked for, approved or opened; what is open stays so."""
    rules.administers(by, catalog)
    made = holds.freeze(
        session,
        by=by.user,
        reason=reason,
        at=now,
        account_id=scope.account_id,
        user=scope.user,
    )
    if made is None:
        raise AlreadySettled(f"{_called(scope)} is frozen already.")
    alerts.found(session, _finding(scope, made), at=now)
    return made


def thaw(
    session: Session, catalog: Catalog, scope: Scope, *, by: Person, now: datetime
) -> Sequence[Hold]:
    """Ends exactly this freeze; returns what still holds openings."""
    rules.administers(by, catalog)
    thawed = holds.thaw(session, by=by.user, at=now, account_id=scope.account_id, user=scope.user)
    if not thawed:
        raise NotFound(f"{_called(scope)} is not frozen.")
    alerts.over(session, _key(scope), at=now)
    for row in listing.undecided_or_open(
        session, account_id=scope.account_id, user=scope.user, lock=True
    ):
        if row.state is State.APPROVED:
            targets.owe(session, row.role_target_id, now)
    return holds.standing(session)


def end_all(
    session: Session, catalog: Catalog, scope: Scope, *, by: Person, now: datetime
) -> Sequence[Request]:
    """Ends all that is pending or open there, in one transaction; each target is closed at once."""
    rules.administers(by, catalog)
    found = listing.undecided_or_open(
        session, account_id=scope.account_id, user=scope.user, lock=True
    )
    if not found:
        raise NotFound(f"Nothing is open or waiting there: {scope}.")
    for row in found:
        requests.move(session, row, Event.END, actor=by.user, at=now, why=Why.REVOKED)
    return found


def not_frozen(session: Session, *, account_id: str, user: str) -> None:
    """Refuses what a freeze forbids."""
    held = holds.over(holds.standing(session), account_id=account_id, user=user)
    if held is not None and held.kind == holds.FREEZE:
        why = f": {held.reason}" if held.reason else "."
        raise NotAllowed(
            f"This is frozen by <@{held.by}>, so nothing is asked for, approved or opened until it "
            f"is thawed{why}"
        )


def would_end(session: Session, scope: Scope) -> int:
    """How many requests `end_all` would end."""
    return len(listing.undecided_or_open(session, account_id=scope.account_id, user=scope.user))


def _called(scope: Scope) -> str:
    """As a sentence begins."""
    return "Everything" if scope == Scope() else str(scope)


def _key(scope: Scope) -> str:
    return f"frozen:{scope.account_id or ''}:{scope.user or ''}"


def _finding(scope: Scope, hold: Hold) -> alerts.Finding:
    why = f" Why: {hold.reason}" if hold.reason else ""  # a person is not mentioned: he is not told
    return alerts.Finding(
        key=_key(scope),
        kind="frozen",
        sentence=(
            f"{scope.user or _called(scope)} was frozen by an administrator: nothing is asked for, "
            "approved or opened there. What is open stays open until it ends or is revoked."
            f"{why}"
        ),
        facts={"account": scope.account_id, "user": scope.user, "by": hold.by},
    )
