"""What people put into the accounts by themselves: none of it is the bot's to touch."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sandbox.aws.process import SandboxAws
from workflows.catalog.model import Catalog

READERS: Final = "readers"
"""A group that everybody is in, for other reasons."""

_NOTES: Final = "written-by-a-person"
_BACKUP: Final = {
    "Sid": "BackupOfTheOwners",
    "Effect": "Allow",
    "Principal": {"Service": "backup.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
_AUDITOR: Final = {
    "Sid": "TheAuditor",
    "Effect": "Allow",
    "Action": "sts:AssumeRole",
    "Condition": {"StringEquals": {"sts:ExternalId": "yearly"}},
}
_READ: Final = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}

Statement = dict[str, Any]


@dataclass(frozen=True)
class Theirs:
    """What a person sees of his own in AWS; equal to itself for as long as nobody touched it."""

    statements: list[Statement]  # of the role's trust policy, in their order
    inline: dict[str, Any]
    members: frozenset[str]  # of their group


class Humans:
    """Acts as administrators of both accounts, with root keys."""

    def __init__(self, aws: SandboxAws, catalog: Catalog) -> None:
        self._home = aws.client("iam", aws.root(catalog.grantee.id))
        self._owner = aws.client("iam", aws.root(catalog.accounts[0].id))
        self._role = catalog.roles[0].name

    def move_in(self, users: Iterable[str]) -> None:
        """Two statements around the seal, an inline policy on the role, a group for everybody."""
        auditor = self._owner.create_user(UserName="auditor")["User"]["Arn"]
        trust = self.trust()
        trust["Statement"] = [
            _BACKUP,
            *trust["Statement"],
            {**_AUDITOR, "Principal": {"AWS": auditor}},
        ]
        self._owner.update_assume_role_policy(RoleName=self._role, PolicyDocument=json.dumps(trust))
        document = json.dumps({"Version": "2012-10-17", "Statement": [_READ]})
        self._owner.put_role_policy(RoleName=self._role, PolicyName=_NOTES, PolicyDocument=document)
        self._home.create_group(GroupName=READERS)
        for user in users:
            self._home.add_user_to_group(GroupName=READERS, UserName=user)

    def trust(self) -> dict[str, Any]:
        """The role's trust policy."""
        role = self._owner.get_role(RoleName=self._role)["Role"]
        document: dict[str, Any] = role["AssumeRolePolicyDocument"]
        return document

    def ours_in_trust(self) -> set[str]:
        """xacct's statements, each as text."""
        statements = self.trust()["Statement"]
        return {json.dumps(one, sort_keys=True) for one in statements if _is_ours(one)}

    def theirs(self) -> Theirs:
        """What must never change."""
        inline = self._owner.get_role_policy(RoleName=self._role, PolicyName=_NOTES)
        members = self._home.get_group(GroupName=READERS)["Users"]
        return Theirs(
            [one for one in self.trust()["Statement"] if not _is_ours(one)],
            inline["PolicyDocument"],
            frozenset(one["UserName"] for one in members),
        )

    def groups_of(self, user: str) -> set[str]:
        """The names of a user's groups."""
        groups = self._home.list_groups_for_user(UserName=user)["Groups"]
        return {one["GroupName"] for one in groups}


def _is_ours(statement: Statement) -> bool:
    return str(statement.get("Sid", "")).startswith("Xacct")
