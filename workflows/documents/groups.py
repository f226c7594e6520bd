"""What a governed group may hold: exactly one thing, or its membership opens more than it says."""

from collections.abc import Collection, Iterable

from workflows.documents import text
from workflows.documents.text import Document


def fault(
    documents: Iterable[Document], *, effect: str, role_arn: str, governed: Collection[str]
) -> str | None:
    """What keeps a group from being an allow group (`effect` Allow) or a deny group (Deny).

    It must hold `sts:AssumeRole` with that effect on `role_arn`, and otherwise at most on other
    roles in `governed`. None when it does; else the end of a sentence about the group.
    """
    covers = False
    for document in documents:
        for statement in text.statements(document):
            if wrong := _statement_fault(statement, effect, governed):
                return wrong
            covers = covers or role_arn in text.values(statement["Resource"])
    return None if covers else f"holds no {effect} of sts:AssumeRole on {role_arn}"


def _statement_fault(
    statement: text.Statement, effect: str, governed: Collection[str]
) -> str | None:
    if statement.get("Effect") != effect:
        return f"also holds a statement that is not {effect}"
    if text.values(statement.get("Action", [])) != ["sts:AssumeRole"]:
        return "also holds something else than sts:AssumeRole"
    if "Condition" in statement:
        return "holds a condition, which xacct cannot weigh"
    beyond = [arn for arn in text.values(statement.get("Resource", "?")) if arn not in governed]
    return f"also covers {beyond[0]}, which is no role it may cover" if beyond else None
