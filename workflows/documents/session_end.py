"""The session end: an inline policy of the role that ends live sessions, to the second.

`aws:userid` is `<role id>:<session name>` in every request that a session signs, and an explicit
deny beats everything (IAM User Guide, "AWS global condition context keys" and "Policy evaluation
logic"). The line stands there from the opening on, so nothing of ours has to run at the end.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from workflows.documents import text
from workflows.documents.text import Document, Statement

NAME: Final = "xacct-session-end"
"""The name of the inline policy."""

SELF: Final = "XacctSelf"
ANCHOR_ROOM: Final = 20
"""Characters that an anchor takes at most: `N`, ten digits, `H`, eight hex digits."""

_ANCHOR: Final = re.compile(rf"{SELF}N([0-9]{{1,10}})H([0-9a-f]{{8}})")

_NAMES: Final = "StringEqualsIgnoreCase"
_FROM: Final = ("DateGreaterThanEquals", "aws:CurrentTime")
_ISSUED_BEFORE: Final = ("DateLessThan", "aws:TokenIssueTime")
"""Operators of conditions, and what they compare."""


@dataclass(frozen=True, order=True)
class Line:
    """When the sessions of one name end.

    `end` None: they are over, whatever the clock says. `boundary`: sessions issued before it stay
    dead although `end` lies ahead (an older grant of the same name ended).
    """

    user_id: str  # <role id>:<session name>
    end: datetime | None
    boundary: datetime | None = None


def render(role_arn: str, lines: Iterable[Line]) -> dict[str, Any]:
    """The policy: the role cannot change itself, and each name ends when its line says.

    Names that are over share one undated statement; equal ends, and equal boundaries, share one.
    """
    held = sorted(lines, key=lambda line: line.user_id)
    over = [line.user_id for line in held if line.end is None]
    made = [_deny("XacctOver", over, {})] if over else []
    for end, ids in _by(held, lambda line: line.end):
        made.append(_deny(f"XacctEnd{_stamp(end)}", ids, _dated(*_FROM, end)))
    for boundary, ids in _by(held, lambda line: line.boundary):
        dated = _dated(*_ISSUED_BEFORE, boundary)
        made.append(_deny(f"XacctBefore{_stamp(boundary)}", ids, dated))
    return text.document([_itself(role_arn), *made])


@dataclass(frozen=True)
class Anchor:
    """How far the audit log had come when a policy was written: a number, and how its hash begins.

    It stands in AWS, out of reach of who restores an old database or changes a new one.
    """

    number: int
    short: str  # the first 8 hex digits of the row's hash


def anchored(document: Document, anchor: Anchor) -> dict[str, Any]:
    """The policy with the anchor in it: in the Sid of its first statement, where AWS ignores it."""
    first, *rest = text.statements(document)
    stamp = f"{SELF}N{anchor.number}H{anchor.short}"
    return text.document([{**first, "Sid": stamp}, *rest])


def anchor(document: Document | None) -> Anchor | None:
    """The anchor that a policy holds, if it holds one."""
    for statement in text.statements(document) if document is not None else []:
        if found := _ANCHOR.fullmatch(str(statement.get("Sid", ""))):
            return Anchor(int(found[1]), found[2])
    return None


def room_to_end(document: Document, *, several: Collection[str] = ()) -> int:
    """Characters that early ends add at most.

    Where several names share an end, ending one of them takes a statement of what is over, unless
    it is there. A name in `several` has grants that differ: when one of them ends early, the name
    may take a statement of its own for what the others say.
    """
    held = {str(one["Sid"]): one for one in text.statements(document)}
    shared = {
        sid: ids
        for sid, one in held.items()
        if sid.startswith(("XacctEnd", "XacctBefore"))
        and len(ids := one["Condition"][_NAMES]["aws:userid"]) > 1
    }
    room = 0
    for sid, ids in shared.items():
        leaving = min(sum(one in several for one in ids), len(ids) - 1)
        room += leaving * (text.length(_without_names(held[sid])) + len(","))
    if any(sid.startswith("XacctEnd") for sid in shared) and "XacctOver" not in held:
        room += text.length(_deny("XacctOver", [], {})) + len(",")
    return room


def _without_names(statement: Statement) -> Statement:
    condition = {**statement["Condition"], _NAMES: {"aws:userid": []}}
    return {**statement, "Condition": condition}


def lines(document: Document | None) -> list[Line]:
    """What a policy of ours says, name by name: of several things the strictest. Names compare
    without case, as they do in AWS; a name with a boundary alone counts as over.
    """
    ids: dict[str, str] = {}
    ends: dict[str, list[datetime | None]] = {}
    boundaries: dict[str, list[datetime]] = {}
    for statement in text.statements(document) if document is not None else []:
        condition = statement.get("Condition", {})
        end = _moment(condition, *_FROM)
        boundary = _moment(condition, *_ISSUED_BEFORE)
        for one in text.values(condition.get(_NAMES, {}).get("aws:userid", [])):
            name = one.casefold()
            ids.setdefault(name, one)
            if boundary is not None:
                boundaries.setdefault(name, []).append(boundary)
            if boundary is None or end is not None:
                ends.setdefault(name, []).append(end)
    return [
        Line(one, _earliest(ends.get(name, [None])), max(boundaries.get(name, []), default=None))
        for name, one in ids.items()
    ]


def in_full(document: Document | None) -> Document:
    """Its statements that deny all that ours would: without those that somebody narrowed, or dated
    in another way than ours.
    """
    return text.document(one for one in text.statements(document or {}) if _is_in_full(one))


def _is_in_full(statement: Statement) -> bool:
    condition = statement.get("Condition", {})
    ids = text.values(condition.get(_NAMES, {}).get("aws:userid", []))
    dated = {operator: said for operator, said in condition.items() if operator != _NAMES}
    return (
        text.same({**statement, "Sid": ""}, _deny("", ids, dated))
        and len(dated) <= 1
        and all(
            (operator, *said) in (_FROM, _ISSUED_BEFORE)
            and _moment(condition, operator, *said) is not None
            for operator, said in dated.items()
        )
    )


def _earliest(ends: list[datetime | None]) -> datetime | None:
    return None if None in ends else min(end for end in ends if end is not None)


def _dated(operator: str, key: str, at: datetime) -> Document:
    return {operator: {key: text.moment(at)}}


def _moment(condition: Document, operator: str, key: str) -> datetime | None:
    return text.parse_moment(str(condition.get(operator, {}).get(key, "")))


def as_wanted(document: Document | None, role_arn: str, lines: Iterable[Line]) -> bool:
    """Whether the policy that stands there says just what these lines say."""
    wanted = text.statements(render(role_arn, lines))
    held = [_plain(one) for one in text.statements(document or {})]
    return len(held) == len(wanted) and all(any(text.same(a, b) for b in held) for a in wanted)


def _plain(statement: Statement) -> Statement:
    """Without its anchor, which says nothing about sessions."""
    is_anchored = _ANCHOR.fullmatch(str(statement.get("Sid", ""))) is not None
    return {**statement, "Sid": SELF} if is_anchored else statement


def _by(
    lines: Iterable[Line], moment: Callable[[Line], datetime | None]
) -> list[tuple[datetime, list[str]]]:
    dated = sorted(
        ((at, line.user_id) for line in lines if (at := moment(line)) is not None),
    )
    return [(at, [one[1] for one in group]) for at, group in groupby(dated, lambda one: one[0])]


def _itself(role_arn: str) -> Statement:
    """A borrowed administrator could otherwise delete this policy."""
    return {
        "Sid": SELF,
        "Effect": "Deny",
        "NotAction": ["iam:Get*", "iam:List*"],
        "Resource": role_arn,
    }


def _deny(sid: str, user_ids: list[str], dated: Mapping[str, object]) -> Statement:
    """Names compare without case: two grantees of one role never differ in case alone."""
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {_NAMES: {"aws:userid": user_ids}, **dated},
    }


def _stamp(at: datetime) -> str:
    return text.moment(at).replace("-", "").replace(":", "")
