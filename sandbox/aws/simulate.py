"""SimulatePrincipalPolicy and SimulateCustomPolicy: what the identity side would say.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from sandbox.aws.answers import Answer, refusal, success
from sandbox.aws.documents import identity_statements
from sandbox.aws.errors import AwsError, invalid
from sandbox.aws.records import Records
from sandbox.aws.request import Params

_DECISIONS = {"Allow": "allowed", "Deny": "explicitDeny", "ImplicitDeny": "implicitDeny"}


@dataclass(frozen=True)
class Simulated:
    """The principal of a simulation, with his policies and what limits them (parsed)."""

    arn: str
    type: str
    policies: list[Any]
    limits: list[Any] = field(default_factory=list)
    keys: dict[str, Any] = field(default_factory=dict)


class Simulation:
    """Answers both calls with the evaluator that enforces; looks at no trust policy."""

    def __init__(
        self, evaluator: Any, records: Records, policies_of: Callable[[str, str, str], Any]
    ) -> None:
        self._evaluator = evaluator
        self._records = records
        self._policies_of = policies_of

    def principal(self, account_id: str, params: Params) -> Answer:
        """SimulatePrincipalPolicy: groups, boundary, managed and inline policies count."""
        arn = params["PolicySourceArn"]
        record = self._records.named(arn)
        if record is None or arn.split(":")[4] != account_id:
            return refusal("iam", AwsError(404, "NoSuchEntity", f"{arn} cannot be found."))
        kind = "user" if "UserId" in record else "role"
        name = record[f"{kind.title()}Name"]
        policies, limits = self._policies_of(kind, account_id, name)
        policies = [*policies, *self._given(params, "PolicyInputList")]
        if boundary := self._given(params, "PermissionsBoundaryPolicyInputList"):
            limits = [boundary]
        keys = {"aws:userid": record.get("UserId") or record["RoleId"]}
        if kind == "user":
            keys["aws:username"] = name
        for tag in record.get("Tags") or []:
            keys[f"aws:principaltag/{tag['Key'].lower()}"] = tag["Value"]
        simulated = Simulated(arn, kind.title(), policies, limits, keys)
        return self._answer("SimulatePrincipalPolicy", simulated, params)

    def custom(self, account_id: str, params: Params) -> Answer:
        """SimulateCustomPolicy: the documents given, and nothing else."""
        boundary = self._given(params, "PermissionsBoundaryPolicyInputList")
        simulated = Simulated(
            params.get("CallerArn") or self._records.partition.arn("iam", account_id, "root"),
            "User",
            self._given(params, "PolicyInputList"),
            [boundary] if boundary else [],
        )
        return self._answer("SimulateCustomPolicy", simulated, params)

    def _given(self, params: Params, name: str) -> list[Any]:
        parse = self._evaluator.parse_policy_document
        documents = list(_members(params, name))
        for document in documents:
            identity_statements(document)
        return [parse(document) for document in documents]

    def _answer(self, action: str, simulated: Simulated, params: Params) -> Answer:
        if "ResourcePolicy" in params:
            raise AwsError(400, "NotServed", "The sandbox simulates no ResourcePolicy.")
        actions = list(_members(params, "ActionNames"))
        if not actions:
            raise invalid("ActionNames must hold at least one action.")
        resources = list(_members(params, "ResourceArns")) or ["*"]
        context = dict(_context(params))
        results = "".join(
            self._result(simulated, asked, resource, context)
            for asked in actions
            for resource in resources
        )
        return success(
            "iam",
            action,
            f"<EvaluationResults>{results}</EvaluationResults><IsTruncated>false</IsTruncated>",
        )

    def _result(
        self, simulated: Simulated, action: str, resource: str, context: dict[str, Any]
    ) -> str:
        asked = self._evaluator.EvalContext(
            principal_arn=simulated.arn,
            principal_type=simulated.type,
            principal_account=simulated.arn.split(":")[4],
            action=action,
            resource_arn=resource,
            region=self._records.partition.region,
            service_context={"aws:tagkeys": None, **context},
            principal_keys=simulated.keys,
        )
        result = self._evaluator.evaluate(asked, simulated.policies, *simulated.limits)
        matched = ""
        if result.decision != "ImplicitDeny":
            sid = escape(result.matched_sid or "policy")
            matched = f"<member><SourcePolicyId>{sid}</SourcePolicyId></member>"
        limit = ""
        if simulated.limits:
            inside = self._evaluator.evaluate(asked, simulated.limits[0]).decision == "Allow"
            limit = (
                "<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>"
                f"{str(inside).lower()}"
                "</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail>"
            )
        return (
            f"<member><EvalActionName>{escape(action)}</EvalActionName>"
            f"<EvalResourceName>{escape(resource)}</EvalResourceName>"
            f"<EvalDecision>{_DECISIONS[result.decision]}</EvalDecision>"
            f"<MatchedStatements>{matched}</MatchedStatements>{limit}"
            "<MissingContextValues></MissingContextValues></member>"
        )


def _members(params: Params, name: str) -> Iterator[str]:
    place = 1
    while (value := params.get(f"{name}.member.{place}")) is not None:
        yield value
        place += 1


def _context(params: Params) -> Iterator[tuple[str, Any]]:
    place = 1
    while (name := params.get(f"ContextEntries.member.{place}.ContextKeyName")) is not None:
        values = list(_members(params, f"ContextEntries.member.{place}.ContextKeyValues"))
        yield name.lower(), values[0] if len(values) == 1 else values
        place += 1
