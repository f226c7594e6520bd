"""What AWS's simulation is told of a call, and what it answers about several resources.

Source: IAM API Reference, SimulatePrincipalPolicy, ContextEntry, ResourceSpecificResult.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from workflows.seen import Verdict

_TYPES: Final = {"aws:CurrentTime": "date", "aws:MultiFactorAuthPresent": "boolean"}

BATCH: Final = 50
"""Resources that one simulation is asked about; AWS names no limit of its own."""


def batches(resource_arns: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """All of them, as many at a time as one simulation is asked about."""
    held = tuple(resource_arns)
    for first in range(0, len(held), BATCH):
        yield held[first : first + BATCH]


def entries(keys: Mapping[str, str]) -> list[dict[str, Any]]:
    """Condition keys with their values, as the call takes them."""
    return [
        {
            "ContextKeyName": key,
            "ContextKeyValues": [value],
            "ContextKeyType": _TYPES.get(key, "string"),
        }
        for key, value in keys.items()
    ]


def by_resource(page: Mapping[str, Any]) -> dict[str, Verdict]:
    """The verdict on each resource, by its ARN, of an answer about one action."""
    return {resource: one for (_, resource), one in each(page).items()}


def each(page: Mapping[str, Any]) -> dict[tuple[str, str], Verdict]:
    """The verdicts by action and resource (`*` where it was asked about none in particular)."""
    found: dict[tuple[str, str], Verdict] = {}
    for result in page["EvaluationResults"]:
        action = result["EvalActionName"]
        specific = result.get("ResourceSpecificResults", ())
        for one in specific:
            decision = one["EvalResourceDecision"]
            found[action, one["EvalResourceName"]] = verdict(action, decision, one)
        if not specific:
            found[action, "*"] = verdict(action, result["EvalDecision"], result)
    return found


def verdict(action: str, decision: str, told: Mapping[str, Any]) -> Verdict:
    """One decision with what accounts for it, as the result `told` has it."""
    return Verdict(
        action=action,
        decision=decision,
        by=tuple(held.get("SourcePolicyId", "") for held in told.get("MatchedStatements", ())),
        unknown=tuple(told.get("MissingContextValues", ())),
    )
