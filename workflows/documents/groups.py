"""What a governed group may hold: exactly one thing, or its membership opens more than it says.

Joining an allow group opens what it names; leaving a deny group opens all that it named. Each
answer here is None, or the end of a sentence that begins with the group.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from workflows.documents import text, trust
from workflows.documents.admits import Visitor, admitting
from workflows.documents.text import Document

_PATTERN: Final = re.compile(r"[*?$]")


def covers(documents: Iterable[Document]) -> frozenset[str]:
    """The ARNs of all roles that the documents name, and whatever else stands there."""
    return frozenset(
        arn
        for document in documents
        for statement in text.statements(document)
        for arn in text.values(statement.get("Resource", []))
    )


def fault(
    documents: Iterable[Document], *, effect: str, role_arn: str, governed: Collection[str]
) -> str | None:
    """What keeps a group from being an allow group (`effect` Allow) or a deny group (Deny).

    It must hold `sts:AssumeRole` with that effect on `role_arn`, and otherwise at most on other
    roles in `governed`, each by its ARN.
    """
    is_named = False
    for document in documents:
        for statement in text.statements(document):
            if wrong := _statement_fault(statement, effect, governed):
                return wrong
            is_named = is_named or role_arn in text.values(statement["Resource"])
    return None if is_named else f"holds no {effect} of sts:AssumeRole on {role_arn}"


def deny_fault(
    documents: Sequence[Document],
    *,
    role_arn: str,
    trusts: Mapping[str, Document | None],
    visitor: Visitor,
    installation: str,
) -> str | None:
    """What keeps a deny group from being lifted for one grantee of one role.

    It holds exactly Deny of `sts:AssumeRole`, on this role. On others, too, where `wide_fault`
    finds nothing against it.
    """
    covered = covers(documents)
    wrong = fault(documents, effect="Deny", role_arn=role_arn, governed=covered)
    if wrong is not None or covered == {role_arn}:
        return wrong
    return wide_fault(covered, trusts, visitor, installation)


def wide_fault(
    covered: Iterable[str],
    trusts: Mapping[str, Document | None],
    visitor: Visitor,
    installation: str,
) -> str | None:
    """Why leaving a group that denies the roles `covered` would open more than trust opens.

    `trusts` has an entry for each governed role: its trust policy, or None where it is not known.
    Each role must be governed, sealed by this installation, and must have no statement of somebody
    else that lets the visitor in, now or later: not even one with a date, for until then the group
    is what kept him out.
    """
    for arn in sorted(covered):
        if arn not in trusts:
            return f"also covers {arn}, which is no role of the catalog"
        document = trusts[arn]
        if document is None:
            return f"also covers {arn}, whose trust policy could not be read"
        if not trust.is_sealed(document, installation, role_arn=arn):
            return f"also covers {arn}, which is not sealed by this xacct"
        if (open_to := _lets_in(document, visitor)) is not None:
            return (
                f"also covers {arn}, whose trust policy has a statement of somebody else "
                f"({open_to}) that lets {visitor.name} in as soon as he leaves the group"
            )
    return None


def _lets_in(document: Document, visitor: Visitor) -> str | None:
    """The Sid of a statement that lets him in, whenever that is; grants of ours do not count."""
    at_any_time = replace(visitor, after=datetime.min.replace(tzinfo=UTC))
    for statement in text.statements(document):
        if trust.entries(text.document([statement])):
            continue
        bare = {name: said for name, said in statement.items() if name != "Sid"}
        if admitting(text.document([bare]), at_any_time) is not None:
            return str(statement.get("Sid", "without a Sid"))
    return None


def _statement_fault(
    statement: text.Statement, effect: str, governed: Collection[str]
) -> str | None:
    if statement.get("Effect") != effect:
        return f"also holds a statement that is not {effect}"
    if text.values(statement.get("Action", [])) != ["sts:AssumeRole"]:
        return "also holds something else than sts:AssumeRole"
    if "Condition" in statement:
        return "holds a condition, which xacct cannot weigh"
    if "Resource" not in statement:
        return "holds a statement without Resource, which covers more than it says"
    arns = text.values(statement["Resource"])
    if patterns := [arn for arn in arns if _PATTERN.search(arn)]:
        return f"also covers {patterns[0]}: it has to name each role by its ARN"
    beyond = [arn for arn in arns if arn not in governed]
    return f"also covers {beyond[0]}, which is no role it may cover" if beyond else None
