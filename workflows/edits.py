"""What somebody else changed in a governed role's trust policy since it was last read.

Each read goes through `seen`, a settle's as well as a drift's: whichever comes first finds the
change, and none hides it from the other.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from db.models import Alert, Target
from db.store import alerts, targets
from db.store.alerts import Finding
from workflows.catalog.model import Catalog
from workflows.documents import permanent, text, trust
from workflows.documents.text import Document, Statement
from workflows.seen import RoleSeen

WIDENED: Final = "trust widened"
UNSEALED: Final = "seal gone"

_DELETED: Final = re.compile(r"(AIDA|AROA)[A-Z0-9]+")  # how AWS shows who was deleted


@dataclass(frozen=True)
class Changes:
    """What stands in the trust policy that did not, and whether our seal is gone from it."""

    new: tuple[Statement, ...] = ()
    unsealed: bool = False


def between(before: Document | None, now: Document, *, role_arn: str, installation: str) -> Changes:
    """What changed. A policy that was never read before is as it was before us: no change.

    A statement that only names fewer principals than before is no new one.
    """
    if before is None:
        return Changes()
    allowed = [one for one in trust.foreign(now) if one.get("Effect") == "Allow"]
    old = trust.foreign(before)
    return Changes(
        new=tuple(one for one in allowed if not any(_covers(other, one) for other in old)),
        unsealed=trust.is_sealed(before, installation, role_arn=role_arn)
        and not trust.is_sealed(now, installation, role_arn=role_arn),
    )


def _covers(old: Statement, new: Statement) -> bool:
    if text.same(old, new):
        return True
    rest, others = ({k: v for k, v in one.items() if k != "Principal"} for one in (old, new))
    return text.same(rest, others) and _named(new) <= _named(old)


def _named(statement: Statement) -> set[tuple[str, str]]:
    """(kind, name) of each principal. A deleted one lets nobody in: it is left out."""
    principal = statement.get("Principal", "*")
    said = principal if isinstance(principal, Mapping) else {"AWS": principal}
    return {
        (kind, name)
        for kind, names in said.items()
        for name in text.values(names)
        if not _DELETED.fullmatch(name)
    }


def seen(
    session: Session, catalog: Catalog, target_id: int, role: RoleSeen, *, now: datetime
) -> bool:
    """Remembers the role's trust policy as AWS showed it, and alerts what somebody else changed.

    A read older than the last one says nothing. Returns whether something new was found.
    """
    target = targets.get(session, target_id)
    if target.seen_at is not None and role.at < target.seen_at:
        return False
    here = {one.key: one for one in alerts.standing(session, _key(target.id))}
    said = findings(catalog, target, role.trust, here.values())
    targets.read(session, target.id, role.trust, at=role.at)
    news = [alerts.found(session, one, at=now) for one in said]
    for key in sorted(here.keys() - {one.key for one in said}):
        alerts.over(session, key, at=now)
    return any(news)


def findings(
    catalog: Catalog, target: Target, policy: Document, standing: Iterable[Alert]
) -> list[Finding]:
    """What has to be said of the policy: what changed, and what stands as it was alerted. Standing
    access that the catalog says is nobody's change.
    """
    installation = catalog.installation
    role = next((one for one in catalog.roles if one.arn == target.arn), None)
    meant = list(permanent.statements(catalog, role)) if role is not None else []
    sealed = trust.is_sealed(policy, installation, role_arn=target.arn)
    found = between(target.trust, policy, role_arn=target.arn, installation=installation)
    alerted = {one.kind: one.facts for one in standing if one.key.startswith(_key(target.id))}
    told: Sequence[Statement] = alerted.get(WIDENED, {}).get("statements", [])
    kept = [one for one in told if _is_one_of(one, trust.foreign(policy))]
    new = [one for one in found.new if not _is_one_of(one, kept)]
    facts = {"role": role.key if role is not None else target.arn, "account": target.account_id}
    said = []
    if added := [one for one in (*kept, *new) if not _is_one_of(one, meant)]:
        said.append(_widened(target.id, {**facts, "statements": added}))
    if found.unsealed or (UNSEALED in alerted and not sealed):
        said.append(_unsealed(target.id, facts))
    return said


def _is_one_of(statement: Statement, others: Iterable[Statement]) -> bool:
    return any(text.same(statement, other) for other in others)


def _key(target_id: int) -> str:
    return f"edit:{target_id}:"


def _widened(target_id: int, facts: dict[str, Any]) -> Finding:
    named = ", ".join(str(one.get("Sid", "without a Sid")) for one in facts["statements"])
    return Finding(
        key=f"{_key(target_id)}allow",
        kind=WIDENED,
        sentence=(
            f"Somebody added to the trust policy of {facts['role']}: {named}. Whom that lets in, "
            "xacct neither sees nor ends, and it leaves the statement where it is. Take it out in "
            "the owner account unless it is meant."
        ),
        facts=facts,
    )


def _unsealed(target_id: int, facts: dict[str, Any]) -> Finding:
    return Finding(
        key=f"{_key(target_id)}seal",
        kind=UNSEALED,
        sentence=(
            f"Somebody took xacct's seal out of the trust policy of {facts['role']}, or changed "
            "it: a session of the role may take a new one under another name, and outlive its end. "
            "Put the seal back in the owner account; xacct does not, as it may shut out people who "
            "are meant."
        ),
        facts=facts,
    )
