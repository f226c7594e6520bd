"""What AWS's simulation is told of a call, and what it answers about several resources.

Source: IAM API Reference, SimulatePrincipalPolicy, ContextEntry, ResourceSpecificResult.
"""

from collections.abc import Mapping
from typing import Any, Final

from workflows.seen import Verdict

_TYPES: Final = {"aws:CurrentTime": "date", "aws:MultiFactorAuthPresent": "boolean"}

BATCH: Final = 50
"""Resources that one simulation is asked about; AWS names no limit of its own."""


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
    return {resource: verdict for (_, resource), verdict in each(page).items()}


def each(page: Mapping[str, Any]) -> dict[tuple[str, str], Verdict]:
    """The verdict on each action (by its name) and each resource (by its ARN) of an answer. Of `*`
    alone AWS tells nothing here.
    """
    return {
        (result["EvalActionName"], one["EvalResourceName"]): Verdict(
            action=result["EvalActionName"],
            decision=one["EvalResourceDecision"],
            by=tuple(held.get("SourcePolicyId", "") for held in one.get("MatchedStatements", ())),
            unknown=tuple(one.get("MissingContextValues", ())),
        )
        for result in page["EvaluationResults"]
        for one in result.get("ResourceSpecificResults", ())
    }
