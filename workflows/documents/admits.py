"""Whether somebody else's trust statement would let a grantee in after his end.

Such a statement has no date of ours, and its sessions bear no name of ours: xacct could not end
that access, so it does not open beside it. What is not understood counts as admitting.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from workflows.catalog.model import GranteeKind
from workflows.documents import text
from workflows.documents.text import Document, Statement
from workflows.documents.trust import foreign


@dataclass(frozen=True)
class Visitor:
    """The grantee as AWS will see him, after the end, under a session name of his own choice."""

    kind: GranteeKind
    partition: str
    account_id: str
    arn: str  # of the user, or of the role that a machine or person comes with
    name: str  # the IAM user's name; of a session, what it is called
    unique_id: str
    after: datetime


def admitting(document: Document, visitor: Visitor) -> Statement | None:
    """The first foreign statement that admits the visitor after his end, if there is one."""
    return next((one for one in foreign(document) if admits(one, visitor)), None)


def shuts_out(document: Document, visitor: Visitor) -> bool:
    """Whether a Deny without conditions names the visitor or his account: then nothing lets him in.
    A Deny of any other shape may lift, and does not count.
    """
    return any(
        one.get("Effect") == "Deny"
        and "Action" in one
        and "Principal" in one
        and not one.get("Condition")
        and _action(one)
        and _principal(one, visitor, surely=True)
        for one in text.statements(document)
    )


def admits(statement: Statement, visitor: Visitor) -> bool:
    """Whether the statement by itself lets the visitor in after his end, whoever wrote it."""
    if statement.get("Effect") != "Allow":
        return False  # a foreign Deny may lift; it never lets in by itself
    return (
        _action(statement)
        and _principal(statement, visitor)
        and _conditions(statement.get("Condition", {}), visitor)
    )


def _action(statement: Statement) -> bool:
    if "Action" not in statement:
        return True  # NotAction
    actions = (action.lower() for action in text.values(statement["Action"]))
    return any(text.like("sts:assumerole", action) for action in actions)


def _principal(statement: Statement, visitor: Visitor, *, surely: bool = False) -> bool:
    """Whether he is named; `surely` in each of his sessions, whatever it is called."""
    principal = statement.get("Principal")
    if principal is None or principal == "*":
        return True  # NotPrincipal, or everybody
    named = text.values(principal.get("AWS", [])) if isinstance(principal, Mapping) else ["*"]
    account = f"arn:{visitor.partition}:iam::{visitor.account_id}:root"
    session = f":assumed-role/{visitor.arn.rpartition('/')[2]}/"
    him = {"*", visitor.account_id, account, visitor.arn, visitor.unique_id}
    return any(one in him or (session in one and not surely) for one in named)


def _conditions(conditions: Mapping[str, Any], visitor: Visitor) -> bool:
    return all(
        _condition(operator, key, text.values(wanted), visitor)
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _condition(operator: str, key: str, wanted: list[str], visitor: Visitor) -> bool:
    """False only where the condition surely shuts him out."""
    if any("${" in value for value in wanted):
        return True
    if key.lower() == "aws:currenttime" and operator.startswith("DateLessThan"):
        ends = [text.parse_moment(value) for value in wanted]
        return any(end is None or end > visitor.after for end in ends)
    matches = _OPERATORS.get(operator)
    mine = _mine(key.lower(), visitor)
    if matches is None or mine is None:
        return True
    return any(matches(value, pattern) for value in mine for pattern in wanted)


def _mine(key: str, visitor: Visitor) -> list[str] | None:
    """What the key will say of him; None where he may choose it, or we do not know."""
    if key == "aws:userid":
        if visitor.kind is GranteeKind.USER:
            return [visitor.unique_id]
        # a machine may name its sessions as it likes: match on the id alone
        return (
            [f"{visitor.unique_id}:{visitor.name}"] if visitor.kind is GranteeKind.PERSON else None
        )
    return {
        "aws:principalarn": [visitor.arn],
        "aws:principalaccount": [visitor.account_id],
        "aws:username": [visitor.name] if visitor.kind is GranteeKind.USER else [],
    }.get(key)


_OPERATORS: Final[dict[str, Callable[[str, str], bool]]] = {
    "StringEquals": lambda value, pattern: value == pattern,
    "StringEqualsIgnoreCase": lambda value, pattern: value.casefold() == pattern.casefold(),
    "StringLike": text.like,
    "ArnEquals": text.like,
    "ArnLike": text.like,
}
