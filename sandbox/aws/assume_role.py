"""AssumeRole and its sessions: what STS asks for beyond the two policies.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from xml.sax.saxutils import escape

from sandbox.aws.answers import Answer, refusal
from sandbox.aws.documents import identity_statements
from sandbox.aws.errors import AwsError, denied, invalid
from sandbox.aws.handlers import judged_params
from sandbox.aws.principals import role_named_exactly
from sandbox.aws.records import Records
from sandbox.aws.request import Params, current, one_meaning
from sandbox.aws.sessions import Sessions
from sandbox.aws.spread import Spread

_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/\\-]{2,1224}", re.ASCII)
_SHORTEST, _LONGEST, _CHAINED = 900, 43200, 3600  # seconds
_LONGEST_OF_USER = 129600  # seconds, by GetSessionToken

Handle = Callable[..., Awaitable[Answer]]


class AssumeRole:
    """Answers the calls of STS, and keeps the limits of sessions."""

    def __init__(
        self,
        handle: Handle,
        register: Callable[..., None],
        sessions: Sessions,
        records: Records,
        spread: Spread,
    ) -> None:
        self._handle = handle
        self._register = register
        self._sessions = sessions
        self._records = records
        self._spread = spread

    async def handle(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query: Mapping[str, list[str]],
    ) -> Answer:
        """The answer to one call that enforcement has let through."""
        request = current.get()
        try:
            params = judged_params("sts", request, one_meaning(method, query, body))
            _check_served(params)
            if "Policy" in params:
                identity_statements(params["Policy"])
            with self._spread.seen_by_enforcement():
                if params["Action"] == "AssumeRole":
                    self._check(request.caller, params)
                elif params["Action"] == "GetSessionToken":
                    _check_length(request.caller, params)
                request.mfa = self._sessions.mfa.use(request)
                answer = await self._handle(method, path, headers, body, query)
        except AwsError as error:
            return refusal("sts", error)
        return _with_identity(answer, self._sessions.source_identity(request))

    def register(self, key: str, session: dict[str, Any]) -> None:
        """Keeps a new session, if it is not too long; called once the policies have let it in."""
        request = current.get()
        params = request.params
        if params.get("Action") == "AssumeRole":
            seconds = int(params.get("DurationSeconds") or _CHAINED)
            role = role_named_exactly(self._records, params["RoleArn"])
            if request.key in self._sessions and seconds > _CHAINED:
                raise invalid(
                    "The requested DurationSeconds exceeds the 1 hour session limit "
                    "for roles assumed by role chaining."
                )
            if seconds > role["MaxSessionDuration"]:
                raise invalid(
                    "The requested DurationSeconds exceeds the MaxSessionDuration "
                    "set for this role."
                )
            session["SourceIdentity"] = self._sessions.source_identity(request)
        elif params.get("Action") == "GetSessionToken":
            session["Mfa"] = request.mfa
        self._register(key, session)

    def _check(self, caller: str, params: Params) -> None:
        _check_pattern(params["RoleSessionName"], _NAME, "roleSessionName")
        for name, pattern in (("SourceIdentity", _NAME), ("ExternalId", _EXTERNAL_ID)):
            if name in params:
                _check_pattern(params[name], pattern, name[:1].lower() + name[1:])
        _check_duration(params.get("DurationSeconds") or str(_CHAINED), _LONGEST)
        if caller.endswith(":root"):
            raise denied("Roles may not be assumed by root accounts.")
        role_named_exactly(self._records, params["RoleArn"])


def _check_pattern(value: str, pattern: re.Pattern[str], parameter: str) -> None:
    if not pattern.fullmatch(value):
        raise invalid(
            f"1 validation error detected: Value '{value}' at '{parameter}' failed to satisfy "
            f"constraint: Member must satisfy regular expression pattern: {pattern.pattern}"
        )


def _check_length(caller: str, params: Params) -> None:
    longest = _CHAINED if caller.endswith(":root") else _LONGEST_OF_USER
    _check_duration(params.get("DurationSeconds") or str(_CHAINED), longest)


def _check_duration(value: str, longest: int) -> None:
    if not value.isdigit() or not _SHORTEST <= int(value) <= longest:
        raise invalid(
            f"1 validation error detected: Value '{value}' at 'durationSeconds' failed to satisfy "
            f"constraint: Member must have value between {_SHORTEST} and {longest}"
        )


def _check_served(params: Params) -> None:
    for name in params:
        if name.startswith(("TransitiveTagKeys", "ProvidedContexts")):
            raise AwsError(400, "NotServed", f"The sandbox does not serve {name}.")


def _with_identity(answer: Answer, identity: str | None) -> Answer:
    status, headers, body = answer
    if status != 200 or not identity:
        return answer
    told = f"</AssumedRoleUser><SourceIdentity>{escape(identity)}</SourceIdentity>"
    return status, headers, body.replace(b"</AssumedRoleUser>", told.encode())
