"""Sessions: what they carry into their calls, and what they may not ask at all.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
"""

from typing import Any

from sandbox.aws.keys import assume_role_keys
from sandbox.aws.mfa import MfaDevices
from sandbox.aws.records import Records
from sandbox.aws.request import Request
from sandbox.clock import SharedClock

_OF_USERS = frozenset({"AssumeRole", "GetCallerIdentity"})
_OF_FEDERATED_USERS = frozenset({"GetCallerIdentity"})

Session = dict[str, Any]


class Sessions:
    """The sessions of all accounts by their access key id, as the emulator keeps them."""

    def __init__(
        self, kept: dict[str, Session], records: Records, mfa: MfaDevices, clock: SharedClock
    ) -> None:
        self._kept = kept
        self._records = records
        self._clock = clock
        self.mfa = mfa

    def __contains__(self, key: str) -> bool:
        return key in self._kept

    def get(self, key: str) -> Session | None:
        """The session that an access key id belongs to; None for long-lived keys."""
        return self._kept.get(key)

    def source_identity(self, request: Request) -> str | None:
        """The source identity of a call: its own, or the one its session carries."""
        inherited = (self._kept.get(request.key) or {}).get("SourceIdentity")
        return request.params.get("SourceIdentity") or inherited

    def asked(self, request: Request) -> dict[str, Any]:
        """The condition keys that an AssumeRole call brings along."""
        keys = assume_role_keys(self._records, request.params, self.source_identity(request))
        return {**keys, **self.mfa.keys(request)}

    def carried(self, key: str) -> dict[str, Any]:
        """The condition keys that a session brings into each of its calls, beside the usual ones.

        A role's session never says that there was MFA, whatever it was assumed with.
        """
        session = self._kept.get(key) or {}
        keys: dict[str, Any] = {}
        if session.get("SourceIdentity"):
            keys["aws:sourceidentity"] = session["SourceIdentity"]
        if session.get("Mfa"):
            age = int(self._clock.time() - session["IssuedAt"])
            keys |= {"aws:multifactorauthpresent": "true", "aws:multifactorauthage": str(age)}
        return keys

    def barred(self, key: str, action: str) -> tuple[str, str] | None:
        """Why the session of a user may not ask this, as code and message; None if it may.

        Without MFA it may not ask IAM; it may ask STS for a role and for its own name only.
        """
        session = self._kept.get(key)
        if session is None or session["PrincipalType"] == "AssumedRole":
            return None
        federated = session["PrincipalType"] == "FederatedUser"
        service, _, name = action.partition(":")
        if service == "iam" and (federated or not session.get("Mfa")):
            return "InvalidClientTokenId", "The security token included in the request is invalid."
        if service == "sts" and name not in (_OF_FEDERATED_USERS if federated else _OF_USERS):
            return "AccessDenied", f"Cannot call {name} with session credentials"
        return None
