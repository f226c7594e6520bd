"""Principals: who a trust policy names, and what remains of him when he is deleted.

AWS keeps the unique id of a user or role that a trust policy names, shows his ARN while he exists
and the bare id afterwards, and accepts no document that still holds such an id.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

import json
import re
from collections.abc import Callable
from typing import Any

from sandbox.aws.documents import trust_statements
from sandbox.aws.errors import AwsError, malformed
from sandbox.aws.records import Record, Records

_ACCOUNT = re.compile(r"[0-9]{12}")
_UNIQUE_ID = re.compile(r"(AIDA|AROA)[A-Z0-9]+")
_KINDS = frozenset({"AWS", "Service", "Federated"})


class Principals:
    """Reads and rewrites the principals of trust policies."""

    def __init__(self, records: Records) -> None:
        self._records = records
        named = records.partition.arn
        self._whole = re.compile(rf"\*|{named('iam', '[0-9]{12}', 'root')}")
        session = named("sts", "[0-9]{12}", "(assumed-role|federated-user)/[^*?]+")
        self._session = re.compile(session)

    def checked(self, text: str) -> str:
        """The trust policy as it is kept: ids as ARNs, and anything unknown refused."""
        for statement in trust_statements(text):
            _check(statement["Principal"])
        return _with_principals(text, self._kept)

    def _kept(self, principal: str) -> str:
        if _ACCOUNT.fullmatch(principal):
            return self._records.partition.arn("iam", principal, "root")
        if self._whole.fullmatch(principal) or self._session.fullmatch(principal):
            return principal
        found = (
            self._records.with_id(principal)
            if _UNIQUE_ID.fullmatch(principal)
            else self._records.named(principal)
        )
        if found is None:
            raise malformed(f'Invalid principal in policy: "AWS":"{principal}"')
        return str(found["Arn"])

    def forget(self, record: Record) -> None:
        """Puts the unique id of a deleted user or role where a trust policy named his ARN."""
        self.follow(record["Arn"], record.get("UserId") or record["RoleId"])

    def follow(self, principal: str, now: str) -> None:
        """Puts what a principal is called now into the trust policies that name him."""
        for role in self._records.trusting(principal):
            role["AssumeRolePolicyDocument"] = _with_principals(
                role["AssumeRolePolicyDocument"], lambda named: now if named == principal else named
            )

    def still_there(self, principal: Any) -> bool:
        """Whether the user or role behind some credentials exists, and is not a namesake of him."""
        kind = {"User": "user", "AssumedRole": "role"}.get(principal.type)
        if kind is None:
            return True
        path = principal.arn.split(":", 5)[5].split("/")
        name = path[1] if kind == "role" else path[-1]
        record = self._records.get(kind, principal.account, name)
        unique_id = str(principal.keys["aws:userid"]).split(":")[0]
        return record is not None and record[f"{kind.title()}Id"] == unique_id


def _check(principal: Any) -> None:
    if principal == "*":
        return
    if not isinstance(principal, dict) or not principal or not principal.keys() <= _KINDS:
        raise malformed("Invalid principal in policy")
    named = principal.get("AWS", [])
    named = [named] if isinstance(named, str) else named
    if not isinstance(named, list) or not all(isinstance(item, str) for item in named):
        raise malformed("Invalid principal in policy")


def _with_principals(text: str, told: Callable[[str], str]) -> str:
    """The document with its AWS principals told otherwise, and all else as it was.

    An ARN in a condition is no principal: it stays, whatever becomes of whom it names.
    """
    document = json.loads(text)
    statements = document["Statement"]
    changed = False
    for statement in [statements] if isinstance(statements, dict) else statements:
        principal = statement["Principal"]
        if principal == "*" or "AWS" not in principal:
            continue
        named = principal["AWS"]
        now = told(named) if isinstance(named, str) else [told(each) for each in named]
        changed = changed or now != named
        principal["AWS"] = now
    return json.dumps(document) if changed else text


def role_named_exactly(records: Records, arn: str) -> Record:
    """The role that a RoleArn names, path included; a missing one is refused like a closed one."""
    role = records.named(arn)
    if role is None or ":role/" not in arn:
        raise AwsError(
            403,
            "AccessDenied",
            f"User is not authorized to perform: sts:AssumeRole on resource: {arn}",
        )
    return role
