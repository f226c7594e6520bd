"""Policy documents: what AWS accepts when one is written.

Grammar: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import json
import re
from typing import Any

from sandbox.aws.errors import malformed

_PRINCIPALS = frozenset({"Principal", "NotPrincipal"})
_ELEMENTS = _PRINCIPALS | {
    *("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")
}
_SID = re.compile(r"[0-9A-Za-z]*")
_ACTION = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
_OPERATOR = re.compile(
    r"(ForAllValues:|ForAnyValue:)?"
    r"(Null|((String(Not)?Equals(IgnoreCase)?|String(Not)?Like"
    r"|(Numeric|Date)((Not)?Equals|(Less|Greater)Than(Equals)?)"
    r"|Bool|BinaryEquals|(Not)?IpAddress|Arn(Not)?(Equals|Like))(IfExists)?))",
    re.IGNORECASE,
)
_SYNTAX = "Syntax errors in policy."


def identity_statements(text: str) -> list[dict[str, Any]]:
    """The statements of an identity, boundary or session policy; refuses what AWS refuses."""
    statements = _statements(text)
    for statement in statements:
        if _PRINCIPALS & statement.keys():
            raise malformed("Policy document should not specify a principal.")
        if ("Resource" in statement) == ("NotResource" in statement):
            raise malformed("Policy statement must contain resources.")
    return statements


def trust_statements(text: str) -> list[dict[str, Any]]:
    """The statements of a trust policy; refuses what AWS refuses. Principals are not looked up."""
    statements = _statements(text)
    for statement in statements:
        if "Resource" in statement or "NotResource" in statement:
            raise malformed("Has prohibited field Resource")
        if "NotPrincipal" in statement:
            raise malformed("AssumeRole policy must not contain NotPrincipal field.")
        if "Principal" not in statement:
            raise malformed("Missing required field Principal")
        actions = _listed(statement.get("Action", statement.get("NotAction")))
        if any(not action.lower().startswith("sts:") and action != "*" for action in actions):
            raise malformed("AssumeRole policy may only specify STS AssumeRole actions.")
    return statements


def _statements(text: str) -> list[dict[str, Any]]:
    try:
        document = json.loads(text)
    except ValueError:
        raise malformed("This policy contains invalid Json") from None
    if not isinstance(document, dict) or not document.keys() <= {"Version", "Id", "Statement"}:
        raise malformed(_SYNTAX)
    if document.get("Version", "2008-10-17") not in ("2012-10-17", "2008-10-17"):
        raise malformed(_SYNTAX)
    statements = document.get("Statement")
    statements = [statements] if isinstance(statements, dict) else statements
    if not isinstance(statements, list) or not statements:
        raise malformed(_SYNTAX)
    for statement in statements:
        _check(statement)
    sids = [statement["Sid"] for statement in statements if statement.get("Sid")]
    if len(set(sids)) < len(sids):
        raise malformed("Statement IDs (SID) in a single policy must be unique.")
    return statements


def _check(statement: Any) -> None:
    if not isinstance(statement, dict) or not statement.keys() <= _ELEMENTS:
        raise malformed(_SYNTAX)
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise malformed(_SYNTAX)
    if not _SID.fullmatch(str(statement.get("Sid", ""))):
        raise malformed(
            "Statement IDs (SID) must be alpha-numeric. "
            "Check that your input satisfies the regular expression [0-9A-Za-z]*"
        )
    if ("Action" in statement) == ("NotAction" in statement):
        raise malformed("Missing required field Action")
    for action in _listed(statement.get("Action", statement.get("NotAction"))):
        if not _ACTION.fullmatch(action):
            raise malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2")
    _check_condition(statement.get("Condition", {}))


def _check_condition(condition: Any) -> None:
    if not isinstance(condition, dict):
        raise malformed(_SYNTAX)
    for operator, wanted in condition.items():
        if not _OPERATOR.fullmatch(operator):
            raise malformed(f"Invalid Condition type : {operator}.")
        if not isinstance(wanted, dict) or not wanted:
            raise malformed(_SYNTAX)


def _listed(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(item, str) for item in values):
        raise malformed(_SYNTAX)
    return values
