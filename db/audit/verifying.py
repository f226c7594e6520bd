"""Checking the chain: which row is the first that is not as it was written."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.audit.chain import GENESIS
from db.audit.entry import moment
from db.audit.key import Key
from db.audit.scan import Span
from db.audit.walk import Anchor, Walked, seconds_before, walk
from db.models import Audit, AuditHead

PART: Final = 50_000
"""Rows that one process walks along at a time; a log of fewer takes no other process."""

_NO_END: Final = (1 << 63) - 1

Walking = Callable[[Sequence[Span], Sequence[Anchor]], Iterable[Walked]]
"""Walks along these spans, in whatever order; gives back what was found in theirs."""


@dataclass(frozen=True)
class Verdict:
    """How far the chain holds: `rows` checked, the first row that is wrong, and what is wrong.

    `anchor` is the newest of those told that the chain holds; `warnings` are sentences.
    """

    rows: int
    wrong: int | None = None
    what: str | None = None
    anchor: Anchor | None = None
    warnings: tuple[str, ...] = ()


def verify(
    session: Session,
    key: Key,
    anchors: Iterable[Anchor] = (),
    *,
    walking: Walking | None = None,
    part: int = PART,
) -> Verdict:
    """Reads the chain from its first row to its head and says where it first breaks, if it does.

    It is read in parts of so many rows. `anchors` are looked for in it. What the newest of them
    does not reach can have been cut off at the end, by who owns both the database and the key.
    It ends the session's transaction: nothing stands still while the chain is read.
    """
    head = _head(session)  # rows that are written meanwhile come after it
    if head is None:
        return Verdict(0, 1, "is followed by no head of the chain: it is gone, or was changed")
    first: int | None = session.scalar(select(func.min(Audit.number)))
    if first is not None and first < 1:
        return Verdict(0, first, "was put in before the first row")
    session.rollback()  # no transaction stands still meanwhile: `db.session.STANDS_STILL`
    told = list(anchors)
    walking = walking or (lambda spans, _: (walk(session, key, span, told) for span in spans))
    parts: list[Walked] = [Walked(Span(1, 0), 0, GENESIS)]
    for walked in walking(_spans(head.number, part), told):
        if fault := _joined(parts[-1], walked, head):
            return Verdict(fault[0] - 1, *fault)
        parts.append(walked)
    if fault := _beyond(session, parts[-1].number, head):
        return Verdict(fault[0] - 1, *fault)
    return _judged(parts, told, head, key)


@dataclass(frozen=True)
class _Head:
    number: int
    hash: str
    gap: float


def _head(session: Session) -> _Head | None:
    """What the head tells; None where there is none, or what is there is no head."""
    query = select(AuditHead.number, AuditHead.hash, AuditHead.gap)
    found: Any = session.execute(query).one_or_none()
    if found is None or not isinstance(found[0], int) or not isinstance(found[2], float):
        return None
    return _Head(*found) if found[0] >= 0 else None


def _beyond(session: Session, end: int, head: _Head) -> tuple[int, str] | None:
    """The first row behind the head. Those that were written meanwhile are not: it moved, too."""
    if end <= head.number:
        return None
    session.rollback()  # SQLite shows what was there when the transaction began
    now = _head(session)
    if now is not None and now.number >= end:
        return None
    return head.number + 1, "stands behind the row that the head of the chain tells"


def _spans(head: int, part: int) -> list[Span]:
    """All rows up to the head; and what is behind it, written meanwhile."""
    upto = [Span(low, min(low + part - 1, head)) for low in range(1, head + 1, part)]
    return [*upto, Span(head + 1, _NO_END)]


def _joined(before: Walked, part: Walked, head: _Head) -> tuple[int, str] | None:
    """The first row that is wrong, in a part or between it and the part before it."""
    at_head = before.span.high == head.number
    if before.number < before.span.high:
        cut = ": the chain was cut at its end" if at_head else ""
        return before.number + 1, f"is missing{cut}"
    if at_head and before.hash != head.hash:
        return before.number, "is not the one that the head of the chain tells"
    if part.first_key is not None and part.first_key < before.key:
        return part.span.low, "was signed with a key that had been replaced"
    return None if part.wrong is None else (part.wrong, part.what)


def _judged(parts: Sequence[Walked], told: Sequence[Anchor], head: _Head, key: Key) -> Verdict:
    """What the anchors say of a chain that holds in itself."""
    end = parts[-1].number
    lost = {one: "has another hash than" for part in parts for one in part.lost}
    lost |= {one: "is missing, cut off after" for one in told if one.number > end}
    kept = chain.from_iterable(part.kept for part in parts)
    newest = max(kept, key=lambda one: one.number, default=None)
    warnings = _warnings(parts, head, key)
    restored = max(part.restored for part in parts)
    for anchor in sorted(lost, key=lambda one: one.number):
        if not _is_older(anchor, restored):
            what = f"{lost[anchor]} its anchor {anchor.number}:{anchor.short} ({anchor.place})"
            if restored[0] and anchor.at is None:
                what += (
                    f"; unless that was told before a restored database was accepted, {restored[0]}"
                )
            return Verdict(end, anchor.number, what, newest, tuple(warnings))
        warnings.append(
            f"The anchor {anchor.number}:{anchor.short} ({anchor.place}) is not in this chain. An "
            "administrator accepted, after it was made, a database that was restored from a backup."
        )
    return Verdict(end, anchor=newest, warnings=tuple(warnings))


def _is_older(anchor: Anchor, restored: tuple[str, int]) -> bool:
    """Whether the anchor is of a row that a restored database did not have any more."""
    at, after = restored
    return anchor.at is not None and moment(anchor.at) <= at and anchor.number > after


def _warnings(parts: Sequence[Walked], head: _Head, key: Key) -> list[str]:
    warnings: list[str] = []
    keys = list(key)
    newest = max((part.key for part in parts if part.first_key is not None), default=None)
    if newest is not None and newest < len(keys) - 1:
        warnings.append(
            f"The newest row is signed with the key {keys[newest].id}, which was replaced by "
            f" {keys[-1].id}: who knows the old one can write rows until xacct starts with the "
            "new one."
        )
    gap = _gap(parts)
    if gap > head.gap:
        warnings.append(
            f"Rows are dated up to {gap:g} s before ones in front of them, and the head says "
            f"{head.gap:g} s: searches by time may leave out rows."
        )
    return warnings


def _gap(parts: Sequence[Walked]) -> float:
    gap, latest = 0.0, ""
    for part in parts:
        gap = max(gap, part.gap, seconds_before(part.earliest, latest))
        latest = max(latest, part.latest)
    return gap
