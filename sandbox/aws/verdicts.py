"""The verdict of a simulation on one action and resource, and what it rests on."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sandbox.aws.sources import Source

Thing = TypeVar("Thing")

_STRICTEST = ("explicitDeny", "implicitDeny", "allowed")
_DECISIONS = {"Allow": "allowed", "Deny": "explicitDeny", "ImplicitDeny": "implicitDeny"}
_VARIABLE = re.compile(r"\$\{([^},*?$]+)")
_OF_CALLER = frozenset({"aws:principalarn", "aws:principalaccount", "aws:principaltype"})


@dataclass(frozen=True)
class Verdict:
    """`matched` are the statements that decided, each as its policy and its place there; `missing`
    are the condition keys that were not given.

    `inside` says whether the boundary allows it; None where there is no boundary.
    """

    decision: str
    matched: tuple[tuple[str, int], ...]
    missing: tuple[str, ...]
    inside: bool | None


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """What is told of several resources at once: the strictest verdict, and what it rests on."""
    decision = min((verdict.decision for verdict in verdicts), key=_STRICTEST.index)
    deciding = [verdict for verdict in verdicts if verdict.decision == decision]
    insides = [verdict.inside for verdict in verdicts if verdict.inside is not None]
    return Verdict(
        decision,
        _once(each for verdict in deciding for each in verdict.matched),
        _once(key for verdict in verdicts for key in verdict.missing),
        all(insides) if insides else None,
    )


class Verdicts:
    """Asks the evaluator that enforces, with nothing known of the call but what was given."""

    def __init__(
        self,
        evaluator: Any,
        policies: list[Source],
        boundary: list[Source] | None,
        given: dict[str, Any],
    ) -> None:
        self._evaluator = evaluator
        self._policies = policies
        self._boundary = boundary
        self._given = given

    def of(self, asked: Any) -> Verdict:
        """The verdict on one call."""
        missing = _once(self._missing(asked))
        nothing = {key.lower(): None for key in (*missing, "aws:TagKeys")}
        asked = replace(asked, service_context={**nothing, **self._given})
        limits = [] if self._boundary is None else [_statements(self._boundary)]
        decision = self._evaluator.evaluate(asked, _statements(self._policies), *limits).decision
        matched = tuple(
            (source.id, place)
            for source in self._policies
            for place, statement in enumerate(source.statements)
            if self._decides(asked, statement) == decision != "ImplicitDeny"
        )
        inside = None
        if self._boundary is not None:
            inside = self._evaluator.evaluate(asked, limits[0]).decision == "Allow"
        return Verdict(_DECISIONS[decision], matched, missing, inside)

    def _decides(self, asked: Any, statement: Any) -> str:
        """What one statement alone says."""
        return str(self._evaluator.evaluate(asked, [[statement]]).decision)

    def _missing(self, asked: Any) -> Iterator[str]:
        """The keys that statements on this action and resource ask for, and nobody gave."""
        for source in (*self._policies, *(self._boundary or ())):
            for statement in source.statements:
                for key in self._asked_by(asked, statement):
                    if key.lower() not in (*self._given, *_OF_CALLER):
                        yield key

    def _asked_by(self, asked: Any, statement: Any) -> Iterator[str]:
        variables = [
            name.strip()
            for arn in (*statement.resources, *statement.not_resources)
            for name in _VARIABLE.findall(arn)
        ]
        bare = replace(statement, conditions={})
        if variables:
            bare = replace(bare, resources=["*"], not_resources=[])
        if self._decides(asked, bare) == "ImplicitDeny":
            return
        yield from variables
        for wanted in statement.conditions.values():
            for key, values in wanted.items():
                yield key
                yield from (name.strip() for name in _VARIABLE.findall(str(values)))


def _statements(sources: Iterable[Source]) -> list[Any]:
    return [source.statements for source in sources]


def _once(things: Iterable[Thing]) -> tuple[Thing, ...]:
    return tuple(dict.fromkeys(things))
