"""Conditions: the keys a policy may ask for, and policy variables such as `${aws:username}`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import dataclasses
import re
from collections.abc import Callable
from typing import Any

from sandbox.aws.records import Records
from sandbox.clock import SharedClock

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_WITH_VARIABLES = re.compile(r"(for(all|any)values?:)?(string|arn)", re.IGNORECASE)

Resolve = Callable[[str, Any], Any]


class UnresolvedError(Exception):
    """A policy variable has no single value in this request: its statement applies to nothing."""


def frozen(document: Any) -> Any:
    """The document as AWS reads it: before version 2012-10-17 there were no policy variables."""
    if not isinstance(document, dict) or document.get("Version") == "2012-10-17":
        return document
    return {**document, "Statement": _without_variables(document.get("Statement", []))}


def _without_variables(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("${", "$\0{")
    if isinstance(value, list):
        return [_without_variables(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_variables(item) for key, item in value.items()}
    return value


class Conditions:
    """Closes the evaluator's gaps: the clock's time, a session's role ARN, policy variables."""

    def __init__(self, evaluator: Any, records: Records, clock: SharedClock) -> None:
        self._records = records
        self._clock = clock
        self._resolve: Resolve = evaluator._resolve_condition_key  # noqa: SLF001
        self._met: Callable[[Any, Any], bool] = evaluator._conditions_met  # noqa: SLF001
        self._first: Callable[[Any, Any, str], Any] = evaluator._first_match  # noqa: SLF001

    def resolve(self, key: str, context: Any) -> Any:
        """The value of a condition key in this request, or None."""
        name = key.lower()
        if name in context.service_context:
            return context.service_context[name]
        if name == "aws:currenttime":
            return self._clock.now().isoformat()
        if name == "aws:epochtime":
            return str(int(self._clock.time()))
        if name == "aws:principalarn" and context.principal_type == "AssumedRole":
            return self._role_arn(context.principal_arn)
        return self._resolve(key, context)

    def met(self, conditions: Any, context: Any) -> bool:
        """Whether every condition holds."""
        try:
            return self._met(self._filled(conditions or {}, context), context)
        except UnresolvedError:
            return False

    def first_match(self, context: Any, statements: list[Any], effect: str) -> Any:
        """The first statement of that effect that applies to the request, or None."""
        applicable = []
        for statement in statements:
            try:
                applicable.append(self._with_resources(statement, context))
            except UnresolvedError:
                continue
        return self._first(context, applicable, effect)

    def _with_resources(self, statement: Any, context: Any) -> Any:
        if not any("${" in arn for arn in statement.resources + statement.not_resources):
            return statement
        return dataclasses.replace(
            statement,
            resources=[self._fill(arn, context) for arn in statement.resources],
            not_resources=[self._fill(arn, context) for arn in statement.not_resources],
        )

    def _filled(self, conditions: dict[str, Any], context: Any) -> dict[str, Any]:
        return {
            operator: {key: self._fill_all(value, context) for key, value in wanted.items()}
            if _WITH_VARIABLES.match(operator)
            else wanted
            for operator, wanted in conditions.items()
        }

    def _fill_all(self, value: Any, context: Any) -> Any:
        if isinstance(value, list):
            return [self._fill(str(item), context) for item in value]
        return self._fill(str(value), context)

    def _fill(self, text: str, context: Any) -> str:
        def value_of(match: re.Match[str]) -> str:
            name, _, default = (part.strip() for part in match.group(1).partition(","))
            if name in ("*", "?", "$"):
                return name
            value = self.resolve(name, context)
            if value is None or isinstance(value, list):
                if default:
                    return default.strip("'")
                raise UnresolvedError(name)
            return str(value)

        return _VARIABLE.sub(value_of, text)

    def _role_arn(self, session_arn: str) -> str:
        fields = session_arn.split(":")
        name = fields[5].split("/")[1]
        role = self._records.get("role", fields[4], name)
        if role:
            return str(role["Arn"])
        return self._records.partition.arn("iam", fields[4], f"role/{name}")
