"""Edits that were lost: IAM has no compare-and-set, so what somebody wrote between our last read of
a trust policy and our write of it is gone. CloudTrail knows of it a quarter of an hour later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from sqlalchemy.orm import Session

from db.models import Target
from db.store import alerts, standing, targets, windows
from db.store.alerts import Finding
from db.store.windows import Window
from workflows.aws.trail import Edit
from workflows.catalog.model import Account
from workflows.documents import text, trust
from workflows.documents.text import Document, Statement
from workflows.drift.seen import AccountSeen
from workflows.world import World

KIND: Final = "lost update"

COMES_AFTER: Final = timedelta(minutes=15)
"""A write is asked about when CloudTrail must know of it."""


class Trail(Protocol):
    """Who else changed trust policies: see `workflows.aws.trail`."""

    def edits(
        self, manager_arn: str, external_id: str | None, *, since: datetime, until: datetime
    ) -> list[Edit]:
        """Changes by others in that time, both ends included. Raises Trouble."""


@dataclass
class Lookout:
    """Asks about each write of ours once; what was alerted once is never said again."""

    trail: Trail

    def look(self, world: World, account: Account, seen: AccountSeen) -> bool:
        """Alerts lost edits of the account's roles, and ends alerts of those that are back.

        Returns whether something new was found. Raises Trouble.
        """
        known_of = world.clock.now() - COMES_AFTER
        arns = {one.role.arn for one in seen.roles.values() if one is not None}
        with world.database.read() as session:
            written = standing.written(session, arns)
        news = False
        for target in written:
            past = [one for one in windows.of(target) if one.end <= known_of]
            if past:
                news |= self._ask(world, account, target, seen, past)
        with world.database.write() as session:
            end_mended(session, seen, at=world.clock.now())
        return news

    def _ask(
        self,
        world: World,
        account: Account,
        target: Target,
        seen: AccountSeen,
        past: Sequence[Window],
    ) -> bool:
        edits = self.trail.edits(
            account.manager_arn,
            account.external_id,
            since=past[0].since,
            until=max(one.end for one in past),
        )
        found = [
            edit
            for edit in edits
            if edit.role_name == target.name
            and any(one.since <= edit.at <= one.end for one in past)
        ]
        key, policy = _standing_now(seen, target.arn)
        news = False
        with world.database.write() as session:
            for edit in found:
                finding = lost(edit, policy, role=key, target_id=target.id)
                if finding is not None and alerts.named(session, finding.key) is None:
                    news |= alerts.found(session, finding, at=world.clock.now())
            windows.drops(targets.locked(session, target.id), past)
        return news


def _standing_now(seen: AccountSeen, arn: str) -> tuple[str, Document]:
    """(`account/name`, trust policy) of a role that was read."""
    return next(
        (key, one.role.trust)
        for key, one in seen.roles.items()
        if one is not None and one.role.arn == arn
    )


def lost(edit: Edit, now: Document, *, role: str, target_id: int) -> Finding | None:
    """What of somebody's edit is not in the trust policy as it stands now; None: nothing of it."""
    theirs, here = trust.foreign(edit.document), trust.foreign(now)
    missing, removed = _without(theirs, here), _without(here, theirs)
    if not missing and not removed:
        return None
    return Finding(
        key=f"{_key(target_id)}{edit.event_id}",
        kind=KIND,
        sentence=(
            f"{edit.by} changed the trust policy of {role} at {edit.at:%Y-%m-%d %H:%M:%S} UTC, "
            "between xacct's last read and its write: the change was lost. If it was meant, make "
            f"it again in the owner account{_what(missing, removed)}."
        ),
        facts={"role": role, "statements": missing, "removed": removed, "by": edit.by},
    )


def _what(missing: Sequence[Statement], removed: Sequence[Statement]) -> str:
    said = []
    if missing:
        said.append("put in the statements below")
    if removed:
        sids = ", ".join(str(one.get("Sid", "one without a Sid")) for one in removed)
        said.append(f"take out {sids}, which that version did not have")
    return f": {' and '.join(said)}"


def _without(some: Sequence[Statement], others: Sequence[Statement]) -> list[Statement]:
    return [one for one in some if not any(text.same(one, other) for other in others)]


def _key(target_id: int) -> str:
    return f"lost:{target_id}:"


def end_mended(session: Session, seen: AccountSeen, *, at: datetime) -> None:
    """Ends the alerts of edits that somebody made again."""
    for alert in alerts.standing(session, "lost:"):
        facts: Mapping[str, Any] = alert.facts
        detail = seen.roles.get(facts["role"])
        if detail is None:
            continue
        here = trust.foreign(detail.role.trust)
        missing = _without(facts["statements"], here)
        removed = [one for one in facts["removed"] if not _without([one], here)]
        if not missing and not removed:
            alerts.over(session, alert.key, at=at)
