"""The policies that count for a user, role or group, by the names a simulation calls them.

An inline policy is called `user_alice_name`, a managed one by its own name, and a document that was
passed along by its place.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.aws.records import Record, Records

Parse = Callable[[Any], list[Any]]


@dataclass(frozen=True)
class Source:
    """A policy: what it is called, and its statements as the evaluator reads them."""

    id: str
    statements: list[Any]


class Sources:
    """Reads the policies of an account's users, roles and groups."""

    def __init__(self, records: Records, parse: Parse) -> None:
        self._records = records
        self._parse = parse

    def of(self, kind: str, account_id: str, record: Record) -> list[Source]:
        """Inline and managed policies, of a user those of his groups too."""
        found = list(self._own(kind, account_id, record))
        if kind == "user":
            for group in self._records.groups_of(account_id, record["UserName"]):
                found += self._own("group", account_id, group)
        return found

    def boundary(self, account_id: str, record: Record) -> list[Source] | None:
        """What limits a user or role, as a list of one; None where nothing does."""
        arn = record.get("PermissionsBoundary")
        return [self._managed(account_id, arn)] if arn else None

    def given(self, name: str, documents: Iterable[str]) -> list[Source]:
        """Documents that were passed along in a list of that name."""
        return [
            Source(f"{name}.{place}", self._parse(document))
            for place, document in enumerate(documents, start=1)
        ]

    def _own(self, kind: str, account_id: str, record: Record) -> Iterator[Source]:
        owner = record[f"{kind.title()}Name"]
        for name, document in self._records.inline(kind, account_id, owner).items():
            yield Source(f"{kind}_{owner}_{name}", self._parse(document))
        for arn in record.get("AttachedPolicies") or []:
            yield self._managed(account_id, arn)

    def _managed(self, account_id: str, arn: str) -> Source:
        policy = self._records.policy(account_id, arn) or {}
        version = (policy.get("Versions") or {}).get(policy.get("DefaultVersionId"), {})
        document = version.get("Document")
        return Source(arn.rpartition("/")[2], self._parse(document) if document else [])
