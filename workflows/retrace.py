"""What was done with a grant: what its row says to look for, and what the source tells of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from db.lifecycle import State, Why
from db.models import Request
from db.store import activity, requests, targets
from workflows.activity.events import Reading, Source, Trace
from workflows.activity.summary import Summary, summary, total
from workflows.aws.vendor import CHAINED
from workflows.catalog.model import Catalog, GranteeKind
from workflows.errors import Trouble

USUAL_SESSION: Final = CHAINED
"""How long a session lasts where nobody said otherwise (IAM, "MaxSessionDuration")."""


@dataclass(frozen=True)
class Told:
    """What came of asking at `at`. Without `found` nothing could be read, for the reason `why`."""

    trace: Trace
    at: datetime
    found: tuple[Reading, Summary] | None
    why: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether each region was read."""
        return self.found is not None and not self.found[0].unread


def trace(session: Session, catalog: Catalog, row: Request) -> Trace | None:
    """What is to be looked for; None where nothing was opened, nor begun to be.

    It takes no catalog to know where: only which regions are asked does the catalog say.
    """
    if row.noted_at is None or row.ends_at is None or row.role_id is None:
        return None
    target = targets.get(session, row.role_target_id)
    since, until, open_until = _times(session, row, row.noted_at, row.ends_at)
    account = next((one for one in catalog.accounts if one.id == row.account_id), None)
    return Trace(
        request=row.id,
        account=row.account_id,
        manager_arn=target.manager_arn,
        external_id=target.external_id,
        role_id=row.role_id,
        session_name=row.session_name,
        open_since=row.unbroken_since or row.noted_at,
        open_until=open_until,
        since=since,
        until=until,
        comers=_comers(row),
        delivered=activity.delivered(session, row.id),
        regions=account.regions if account is not None else (),
    )


def _times(
    session: Session, row: Request, noted_at: datetime, ends_at: datetime
) -> tuple[datetime, datetime, datetime]:
    """From when to when its calls are told, and until when its sessions began.

    A session may live, or be refused, for its whole length after the end. Where the access goes on
    by another grant the time from the one's end on is the other's; where another began anew, the
    sessions that began from then on are.
    """
    end = ends_at if row.why is Why.TIME else row.ended_at or ends_at
    longest = timedelta(seconds=row.longest_session) if row.longest_session else USUAL_SESSION
    until = open_until = end + longest
    later = activity.next_grant(session, row)
    if later is not None and later.noted_at is not None:
        goes_on = later.unbroken_since == row.unbroken_since  # both may be noted in one second
        if goes_on and row.unbroken_since is not None:
            until = min(until, max(end, later.noted_at))
        else:
            open_until = min(open_until, later.noted_at)
    since = noted_at
    extended = requests.get(session, row.extends) if row.extends is not None else None
    if extended is not None and extended.ends_at is not None:
        over = extended.ended_at if extended.state is State.ENDED else None
        since = max(since, min(extended.ends_at, over or extended.ends_at))
    return since, max(since, until), open_until


def _comers(row: Request) -> frozenset[str]:
    """The ids by which AWS knows who comes in: of a person of Identity Center, whose role many
    share, with his name.
    """
    own = row.grantee_id
    if own is not None and row.grantee_kind == GranteeKind.PERSON:
        own = f"{own}:{row.session_name}"
    return frozenset(one for one in (own, row.vendor_id) if one is not None)


def ask(source: Source, looked_for: Trace, *, now: datetime) -> Told:
    """Asks the source, which takes some seconds. Raises nothing: what cannot be read is said."""
    try:
        reading = source.events(looked_for, now=now)
    except Trouble as trouble:
        return Told(looked_for, now, None, str(trouble))
    return Told(looked_for, now, (reading, summary(looked_for, reading)))


def facts(told: Told) -> dict[str, Any]:
    """What the audit log keeps of it: how much was found, and what was not read."""
    if told.found is None:
        return {"unread": told.why}
    reading, found = told.found
    return {
        "writes": total(found.writes),
        "reads": total(found.reads),
        "refused": total(found.refused),
        "onward": [one.what for one in found.onward],
        "regions": list(reading.regions),
        "unread": dict(reading.unread),
        "up_to": reading.up_to.isoformat(),
    }
