"""Statements under xacct's name: whether one is as xacct writes them, and whom they let in now."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from workflows.documents import text, trust
from workflows.documents.text import Document, Statement

_USER_ID: Final = "aws:userid"
_IN_FULL: Final = re.compile(r"[^*?$:]+")
"""A unique id; what follows it, after a colon, is a session's name, which may be any."""


def is_lent(statement: Statement, *, partition: str, account_id: str) -> bool:
    """Whether it lets in some of the grantee account, whose ids it names, and has an end."""
    condition = statement.get("Condition", {})
    named = _user_ids(condition)
    return (
        statement.get("Effect") == "Allow"
        and text.ends(condition) is not None
        and _is_account(statement.get("Principal"), f"arn:{partition}:iam::{account_id}:root")
        and bool(named)
        and all(_IN_FULL.fullmatch(one.partition(":")[0]) for one in named)
    )


def inside(documents: Iterable[Document], *, now: datetime) -> frozenset[str]:
    """Whom our statements in these trust policies let in now: the ids that they name."""
    found = (entry for document in documents for entry in trust.entries(document))
    return frozenset(key.user_id for key, end in found if end > now)


def _user_ids(condition: Mapping[str, Any]) -> list[str]:
    return [
        one
        for operator in ("StringEquals", "StringLike")
        for one in text.values(condition.get(operator, {}).get(_USER_ID, []))
    ]


def _is_account(principal: Any, root: str) -> bool:
    return (
        isinstance(principal, Mapping)
        and set(principal) == {"AWS"}
        and text.values(principal["AWS"]) == [root]
    )
