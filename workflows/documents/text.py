"""What all policy documents have in common: statements, moments, and their length."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

Statement = dict[str, Any]
Document = Mapping[str, Any]

VERSION = "2012-10-17"


def document(statements: Iterable[Statement]) -> dict[str, Any]:
    """A policy document of these statements."""
    return {"Version": VERSION, "Statement": list(statements)}


def statements(document: Document) -> list[Statement]:
    """The statements of a document: AWS shows a single one without its list."""
    held = document.get("Statement", [])
    return [dict(one) for one in ([held] if isinstance(held, Mapping) else held)]


def length(document: Document) -> int:
    """How many characters AWS counts: all but white space (IAM User Guide, "IAM quotas")."""
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return sum(not letter.isspace() for letter in text)


def like(value: str, pattern: str) -> bool:
    """Whether AWS's `*` (any characters) and `?` (one character) match, nothing else special."""
    return fnmatchcase(value, pattern.replace("[", "[[]"))  # never slow, however many `*` there are


def values(said: Any) -> list[str]:
    """A policy value as a list of strings: JSON has one as a bare string, number or boolean."""
    several = said if isinstance(said, list) else [said]
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in several]


def moment(at: datetime) -> str:
    """A moment as AWS's date conditions take it: UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_moment(text: str) -> datetime | None:
    """The moment a date condition names; None where it is not one we could have written."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def ends(condition: Mapping[str, Any]) -> datetime | None:
    """The moment from which a statement of this condition says nothing any more, if it has one."""
    return parse_moment(str(condition.get("DateLessThan", {}).get("aws:CurrentTime", "")))


def same(one: Statement, other: Statement) -> bool:
    """Whether two statements say the same, whatever the order of lists and bare strings."""
    return bool(_canonical(one) == _canonical(other))


def difference(before: Document, after: Document) -> dict[str, list[Statement]]:
    """The statements that a write adds to a document, and those that it takes away."""
    was, is_ = statements(before), statements(after)
    return {
        "added": [one for one in is_ if not any(same(one, other) for other in was)],
        "removed": [one for one in was if not any(same(one, other) for other in is_)],
    }


def _canonical(said: Any) -> Any:
    if isinstance(said, Mapping):
        return {key: _canonical(value) for key, value in said.items()}
    if isinstance(said, list):
        parts = sorted((_canonical(value) for value in said), key=repr)
        return parts[0] if len(parts) == 1 else parts
    return said
