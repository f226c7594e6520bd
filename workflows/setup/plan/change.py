"""A change to one object, with the calls that make it, as values that can be shown and repeated."""

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, Final

from workflows.catalog.model import Account
from workflows.documents import text
from workflows.documents.text import Document, Statement

_CONTEXT: Final = 2  # lines around what differs
_WIDTH: Final = 90  # characters


class Verb(StrEnum):
    """What happens to an object. ADOPT: somebody else made it; RELEASE: and keeps it."""

    CREATE = "create"
    UPDATE = "update"
    ADOPT = "adopt"
    RELEASE = "release"
    DELETE = "delete"


class Stage(IntEnum):
    """When a call is made in its account: what closes goes first, what opens goes last."""

    CLOSE = 0
    POLICIES = 1
    GROUPS = 2
    ROLES = 3
    ATTACH = 4
    OPEN = 5
    DETACH = 6
    DELETE_ROLES = 7
    DELETE_GROUPS = 8
    DELETE_POLICIES = 9


@dataclass(frozen=True)
class Call:
    """One call of IAM: the name of the action, and its parameters by AWS's names."""

    action: str
    parameters: Mapping[str, Any]

    def shown(self) -> dict[str, Any]:
        """The call as JSON."""
        return {"action": f"iam:{self.action}", "parameters": dict(self.parameters)}


@dataclass(frozen=True)
class TrustEdit:
    """Statements put into, or taken out of, a trust policy that has other writers: what they wrote
    stays in its place. It is read again right before it is written.
    """

    role: str
    without: frozenset[str] = frozenset()  # Sids
    first: tuple[Statement, ...] = ()
    last: tuple[Statement, ...] = ()

    def shown(self) -> dict[str, Any]:
        """The edit as JSON."""
        edit = {"without": sorted(self.without), "first": self.first, "last": self.last}
        return {"action": "iam:UpdateAssumeRolePolicy", "role": self.role, "edit": edit}

    def applied(self, document: Document) -> dict[str, Any]:
        """The document with the edit made; the same Sid never stands in it twice."""
        mine = {*self.without, *(str(one["Sid"]) for one in (*self.first, *self.last))}
        kept = [one for one in text.statements(document) if str(one.get("Sid", "")) not in mine]
        return text.document([*self.first, *kept, *self.last])


@dataclass(frozen=True)
class Step:
    """One call, or one edit of a trust policy, and its stage."""

    stage: Stage
    what: Call | TrustEdit


@dataclass(frozen=True)
class Change:
    """What happens to one object. `diff` are lines that begin with `+`, `-` or a space."""

    verb: Verb
    thing: str
    diff: tuple[str, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Plan:
    """All that happens in one account. `problems` are sentences: why something is not done, or
    should not be as it is; `left` says what stays although setup goes.
    """

    account: Account
    changes: tuple[Change, ...] = ()
    problems: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def steps(self) -> list[Step]:
        """All calls in the order in which they are made; what two changes need is done once."""
        found = [step for change in self.changes for step in change.steps]
        once: list[Step] = []
        for step in sorted(found, key=lambda step: step.stage):
            if not any(step.what == other.what for other in once):
                once.append(step)
        return once


def call(stage: Stage, action: str, **parameters: Any) -> Step:
    """A step that is one call; documents become compact JSON."""
    said = {
        name: json.dumps(value, separators=(",", ":")) if name.endswith("Document") else value
        for name, value in parameters.items()
    }
    return Step(stage, Call(action, said))


def differing(before: Any, after: Any) -> tuple[str, ...]:
    """The lines in which two values differ, as JSON, with a little of what is around them."""
    lines, others = _lines(before), _lines(after)
    found = list(difflib.unified_diff(lines, others, lineterm="", n=_CONTEXT))
    return tuple(line for line in found[2:] if not line.startswith("@@"))


def _lines(value: Any, indent: str = "") -> list[str]:
    """The value as JSON, each part of it on one line where that has room for it."""
    short = f"{indent}{json.dumps(value)}"
    if value is None or value == {}:
        return []
    if len(short) <= _WIDTH or not isinstance(value, (Mapping, list, tuple)):
        return [short]
    deeper = f"{indent}  "
    if isinstance(value, Mapping):
        parts = [_named(name, one, deeper) for name, one in value.items()]
        opened, closed = "{", "}"
    else:
        parts, opened, closed = [_lines(one, deeper) for one in value], "[", "]"
    for part in parts[:-1]:
        part[-1] += ","
    return [f"{indent}{opened}", *(line for part in parts for line in part), f"{indent}{closed}"]


def same(one: Document, other: Document) -> bool:
    """Whether two documents say the same, whatever the order of their statements."""
    mine, theirs = text.statements(one), text.statements(other)
    return len(mine) == len(theirs) and not missing(mine, theirs) and not missing(theirs, mine)


def _named(name: str, value: Any, indent: str) -> list[str]:
    first, *rest = _lines(value, indent) or ["null"]
    return [f"{indent}{json.dumps(name)}: {first.lstrip()}", *rest]


def missing(wanted: Iterable[Statement], held: Iterable[Statement]) -> list[Statement]:
    """The statements that are wanted and not held."""
    there = list(held)
    return [one for one in wanted if not any(text.same(one, other) for other in there)]
