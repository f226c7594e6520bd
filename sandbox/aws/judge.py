"""The judgement of each call: who asks, for what, on which resource, with which condition keys."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.aws.conditions import frozen
from sandbox.aws.errors import denied
from sandbox.aws.keys import ABOUT_ONESELF, iam_keys, resource_of
from sandbox.aws.loading import Ministack
from sandbox.aws.principals import Principals
from sandbox.aws.records import Records
from sandbox.aws.request import Params, Request, current
from sandbox.aws.sessions import Sessions
from sandbox.aws.spread import Spread
from sandbox.aws.throttle import Throttle


class Judge:
    """Goes around ministack's enforcement, and asks it for the verdicts."""

    def __init__(
        self,
        parts: Ministack,
        records: Records,
        spread: Spread,
        sessions: Sessions,
        throttle: Throttle,
    ) -> None:
        self._parts = parts
        self._records = records
        self._spread = spread
        self._sessions = sessions
        self._throttle = throttle
        self._principals = Principals(records)
        self._resource_arn = parts.actions.extract_resource_arn
        self._enforce = parts.evaluator.enforce
        self._resolve = parts.evaluator.resolve_principal
        self._original_trusts = parts.evaluator.evaluate_trust_policy

    def name_resource(
        self,
        service: str,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query: Mapping[str, Any],
        *where: str,
    ) -> Any:
        """The ARN a call is judged on; notes who asks for what. Comes before `judge`."""
        request = current.get()
        request.service, request.method = service, method
        _, request.account_id = where
        request.key = self._parts.app.extract_access_key_id(headers, query) or ""
        self._name_caller(request)
        if service in ("iam", "sts"):
            request.params = Params(
                {k: v[0] if isinstance(v, list) else v for k, v in query.items()}
            )
        if service == "iam":
            about_oneself = request.params.get("Action") in ABOUT_ONESELF
            if about_oneself and "UserName" not in request.params:
                return request.caller
            return resource_of(self._records, request.account_id, request.params)
        if service == "organizations":
            return "*"  # ListAccounts has no resource (Service Authorization Reference)
        request.resource = self._resource_arn(service, method, path, headers, body, query, *where)
        return request.resource

    def _name_caller(self, request: Request) -> None:
        credential = self._parts.evaluator.resolve_credential(request.key, request.account_id)
        request.caller = getattr(credential, "principal_arn", request.key)
        request.principal_id = getattr(credential, "principal_id", "")
        request.principal_type = getattr(credential, "principal_type", "")
        request.temporary = getattr(credential, "session_token", None) is not None

    def judge(
        self,
        key: str,
        action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """None when the call may be made, else why not; a call may need several permissions.

        Raises `AwsError` where IAM and STS say it in their own words.
        """
        request = current.get()
        request.action = request.action or action
        if barred := self._sessions.barred(key, action):
            return self._parts.evaluator.AuthError(*barred)
        request.judged.add(action)
        context = {**(service_context or {}), **self._keys(service, action)}
        asked = [action]
        if action == "sts:AssumeRole":
            asked += ["sts:SetSourceIdentity"] * ("sts:sourceidentity" in context)
            asked += ["sts:TagSession"] * ("Tags.member.1.Key" in request.params)
        with self._spread.seen_by_enforcement():
            verdicts = (
                self._enforce(
                    key, each, service, region, resource_arn=resource_arn, service_context=context
                )
                for each in asked
            )
            refused = next((verdict for verdict in verdicts if verdict is not None), None)
        if isinstance(refused, self._parts.evaluator.AuthError):
            return refused
        request.known = True
        if service in ("iam", "sts"):
            self._throttle.take(request.account_id)
        if refused is not None and service in ("iam", "sts"):
            self._sessions.mfa.check(request)  # a wrong code is told first
            raise denied(_not_authorized(request.caller, action, resource_arn, refused))
        return refused

    def _keys(self, service: str, action: str) -> dict[str, Any]:
        request = current.get()
        if service == "iam":
            return iam_keys(self._records, request.account_id, request.params)
        if action == "sts:AssumeRole":
            return self._sessions.asked(request)
        return {}

    def trusts(self, document: Any, caller_arn: str, context: Any = None) -> bool:
        """Whether a trust policy lets the caller in, under his source identity if he has one."""
        trust = frozen(json.loads(document) if isinstance(document, str) else document)
        asked = [context]
        if context is not None and context.action.startswith("sts:"):
            keys = self._keys("sts", "sts:AssumeRole")
            asked = [replace(context, service_context={**context.service_context, **keys})]
            if context.action == "sts:AssumeRole" and "sts:sourceidentity" in keys:
                asked.append(replace(asked[0], action="sts:SetSourceIdentity"))
        return all(self._original_trusts(trust, caller_arn, each) for each in asked)

    def living_principal(self, key: str, account_id: str, credential: Any = None) -> Any:
        """Who is behind a key, with his policies; nobody is when the user or role is gone."""
        evaluator = self._parts.evaluator
        found = self._resolve(key, account_id, credential)
        if isinstance(found, evaluator.AuthError) or self._principals.still_there(found):
            return found
        return evaluator.AuthError(
            "InvalidClientTokenId", "The security token included in the request is invalid."
        )

    def trust_of(self, arn: str) -> tuple[Any, str] | None:
        """A role's trust policy and account, in the shape of a resource policy."""
        role = self._records.named(arn) if ":role/" in arn else None
        if role is None:
            return None
        return frozen(json.loads(role["AssumeRolePolicyDocument"])), arn.split(":")[4]


def _not_authorized(caller: str, action: str, resource: str, refused: Any) -> str:
    """The words of a refusal; STS gives no reasons."""
    told = f"User: {caller} is not authorized to perform: {action} on resource: {resource}"
    if action.startswith("sts:"):
        return told
    if refused.decision == "Deny":
        return f"{told} with an explicit deny in an identity-based policy"
    return f"{told} because no identity-based policy allows the {action} action"
