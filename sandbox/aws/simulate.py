"""SimulatePrincipalPolicy and SimulateCustomPolicy: what the identity side would say.

A simulation knows of a call what `ContextEntries` say, and who the caller is; a condition that asks
for more is not met, and its key is told as missing. Where a statement stands in its document is not
told, and `EvalResourceName` only for what is in IAM.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from sandbox.aws.answers import Answer, success
from sandbox.aws.context import context_entries, members
from sandbox.aws.documents import identity_statements
from sandbox.aws.errors import AwsError, invalid
from sandbox.aws.keys import subject
from sandbox.aws.records import Record, Records
from sandbox.aws.request import Params
from sandbox.aws.sources import Source, Sources
from sandbox.aws.verdicts import Verdict, Verdicts, together

_NOT_SERVED = ("ResourcePolicy", "ResourceOwner", "ResourceHandlingOption", "PolicyExclusionList")
_KINDS = {"user": "User", "role": "AssumedRole", "group": "Group"}  # as enforcement has them


@dataclass(frozen=True)
class Simulated:
    """Who is simulated: an ARN, his policies, and his boundary if he has one."""

    arn: str
    policies: list[Source]
    boundary: list[Source] | None


class Simulation:
    """Answers both calls with the evaluator that enforces; looks at no trust policy."""

    def __init__(self, evaluator: Any, records: Records) -> None:
        self._evaluator = evaluator
        self._records = records
        self._sources = Sources(records, evaluator.parse_policy_document)

    def principal(self, account_id: str, params: Params) -> Answer:
        """SimulatePrincipalPolicy: groups, boundary, managed and inline policies count."""
        arn = params["PolicySourceArn"]
        kind, record = self._named(account_id, arn)
        policies = self._sources.of(kind, account_id, record)
        policies += self._given(params, "PolicyInputList")
        boundary = self._given(params, "PermissionsBoundaryPolicyInputList")
        limit = boundary or self._sources.boundary(account_id, record)
        simulated = Simulated(params.get("CallerArn") or arn, policies, limit)
        return self._answer("SimulatePrincipalPolicy", simulated, params)

    def custom(self, account_id: str, params: Params) -> Answer:
        """SimulateCustomPolicy: the documents given, and nothing else."""
        arn = params.get("CallerArn") or self._records.partition.arn("iam", account_id, "root")
        boundary = self._given(params, "PermissionsBoundaryPolicyInputList") or None
        simulated = Simulated(arn, self._given(params, "PolicyInputList"), boundary)
        return self._answer("SimulateCustomPolicy", simulated, params)

    def _named(self, account_id: str, arn: str) -> tuple[str, Record]:
        kind, _, path = arn.rpartition(":")[2].partition("/")
        name = path.rpartition("/")[2]
        record = self._records.get(kind, account_id, name) if kind in _KINDS else None
        if record is None or record["Arn"] != arn:
            raise AwsError(404, "NoSuchEntity", f"{arn} cannot be found.")
        return kind, record

    def _given(self, params: Params, name: str) -> list[Source]:
        documents = list(members(params, name))
        for document in documents:
            identity_statements(document)
        return self._sources.given(name, documents)

    def _answer(self, action: str, simulated: Simulated, params: Params) -> Answer:
        for name in params:
            if name.startswith(_NOT_SERVED):
                raise AwsError(400, "NotServed", f"The sandbox simulates no {name}.")
        actions = list(members(params, "ActionNames"))
        if not actions:
            raise invalid("ActionNames must hold at least one action.")
        resources = list(members(params, "ResourceArns")) or ["*"]
        verdicts = Verdicts(
            self._evaluator, simulated.policies, simulated.boundary, context_entries(params)
        )
        results = "".join(
            self._result(verdicts, simulated.arn, asked, resources) for asked in actions
        )
        return success(
            "iam",
            action,
            f"<EvaluationResults>{results}</EvaluationResults><IsTruncated>false</IsTruncated>",
        )

    def _result(self, verdicts: Verdicts, arn: str, action: str, resources: list[str]) -> str:
        each = [
            (resource, verdicts.of(self._context(arn, action, resource))) for resource in resources
        ]
        everything = resources == ["*"]
        name = "*" if everything else _template(action)
        told = (
            f"<EvalActionName>{escape(action)}</EvalActionName>"
            f"<EvalResourceName>{name}</EvalResourceName>"
            + _verdict("EvalDecision", together([verdict for _, verdict in each]))
        )
        if everything:
            return f"<member>{told}</member>"
        specific = "".join(
            f"<member><EvalResourceName>{escape(resource)}</EvalResourceName>"
            f"{_verdict('EvalResourceDecision', verdict)}</member>"
            for resource, verdict in each
        )
        specific = f"<ResourceSpecificResults>{specific}</ResourceSpecificResults>"
        return f"<member>{told}{specific}</member>"

    def _context(self, arn: str, action: str, resource: str) -> Any:
        kind = arn.rpartition(":")[2].partition("/")[0]
        return self._evaluator.EvalContext(
            principal_arn=arn,
            principal_type=_KINDS.get(kind, "Root"),
            principal_account=arn.split(":")[4],
            action=action,
            resource_arn=resource,
            region=self._records.partition.region,
        )


def _verdict(element: str, verdict: Verdict) -> str:
    matched = "".join(
        f"<member><SourcePolicyId>{escape(source)}</SourcePolicyId>"
        "<SourcePolicyType>IAM Policy</SourcePolicyType></member>"
        for source, _ in verdict.matched
    )
    missing = "".join(f"<member>{escape(key)}</member>" for key in verdict.missing)
    limit = ""
    if verdict.inside is not None:
        limit = (
            "<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>"
            f"{str(verdict.inside).lower()}"
            "</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail>"
        )
    return (
        f"<{element}>{verdict.decision}</{element}>"
        f"<MatchedStatements>{matched}</MatchedStatements>"
        f"<MissingContextValues>{missing}</MissingContextValues>{limit}"
    )


def _template(action: str) -> str:
    """The ARN of what an action is about, as the authorization reference writes it."""
    service, _, name = action.partition(":")
    kind = {"sts": "role", "iam": subject(name)}.get(service)
    if kind is None:
        return "*"
    return f"arn:${{Partition}}:iam::${{Account}}:{kind}/${{{kind.title()}NameWithPath}}"
