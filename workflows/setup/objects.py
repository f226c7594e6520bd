"""The objects of IAM that setup makes, as values; and what is in an account, as AWS tells it.

Sources: IAM API Reference, CreateRole, CreatePolicy, CreateGroup, GetAccountAuthorizationDetails.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from workflows.catalog.model import Account
from workflows.documents.text import Document, Statement

CONTROL: Final = "/xacct-ctl/"
"""The path of what xacct itself works with: what it governs never lies there."""

INSTALLATION: Final = "xacct:installation"
MADE_BY: Final = "xacct:made-by"
"""Keys of tags. Who made a role says what `destroy` does to it."""


class MadeBy(StrEnum):
    """Who made a role: setup, which may delete it, or somebody else."""

    SETUP = "setup"
    OTHERS = "others"


@dataclass(frozen=True)
class Named:
    """Anything of IAM that has an ARN, which ends with its path and its name."""

    arn: str

    @property
    def name(self) -> str:
        return self.arn.rpartition("/")[2]

    @property
    def path(self) -> str:
        return path_of(self.arn)


@dataclass(frozen=True)
class Policy(Named):
    """A managed policy of the account, under CONTROL."""

    document: Document
    purpose: str


@dataclass(frozen=True)
class Role(Named):
    """A role. Of its trust policy only `trust` is setup's: the seal, or all of a manager role's.

    `standing` are the statements that let somebody in for good: they are written last. `governed`:
    xacct lends it, so its trust policy has other writers. What somebody else made (`made_by`) keeps
    its permissions, boundary and longest session.
    """

    purpose: str
    trust: tuple[Statement, ...]
    standing: tuple[Statement, ...] = ()
    managed: tuple[str, ...] = ()
    boundary: str | None = None
    longest_session: int = 3600  # seconds; AWS's least
    governed: bool = False
    made_by: MadeBy = MadeBy.SETUP
    adopt: bool = False


@dataclass(frozen=True)
class Group(Named):
    """A group of IAM users: what it holds, inline or in managed policies, and who must be in it."""

    documents: Mapping[str, Document]
    managed: tuple[str, ...] = ()
    members: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Attachment:
    """A managed policy of setup's on a user or role that somebody else made."""

    policy_arn: str
    holder_arn: str

    @property
    def kind(self) -> str:
        """`user` or `role`."""
        return self.holder_arn.rpartition(":")[2].partition("/")[0]

    @property
    def holder(self) -> str:
        return self.holder_arn.rpartition("/")[2]


@dataclass(frozen=True)
class Wanted:
    """All that setup makes in one account; of nothing, it takes everything away."""

    account: Account
    installation: str
    policies: tuple[Policy, ...] = ()
    groups: tuple[Group, ...] = ()
    roles: tuple[Role, ...] = ()
    attachments: tuple[Attachment, ...] = ()


# --- what is there


@dataclass(frozen=True)
class FoundRole(Named):
    """A role as it is. `longest_session` in seconds, None where it was not asked for."""

    unique_id: str
    trust: Document
    inline: Mapping[str, Document]
    managed: tuple[str, ...]
    boundary: str | None
    tags: Mapping[str, str]
    longest_session: int | None = None


@dataclass(frozen=True)
class FoundPolicy(Named):
    """A managed policy of the account: the document in force, and the ids of the other versions,
    the oldest first.
    """

    document: Document
    other_versions: tuple[str, ...]


@dataclass(frozen=True)
class FoundGroup(Named):
    """A group as it is."""

    inline: Mapping[str, Document]
    managed: tuple[str, ...]


@dataclass(frozen=True)
class FoundUser(Named):
    """An IAM user as it is; `groups` are names."""

    unique_id: str
    groups: frozenset[str]
    managed: tuple[str, ...]
    inline: Mapping[str, Document]
    boundary: str | None


@dataclass(frozen=True)
class Found:
    """What is in one account. Names are folded keys: IAM compares them without case."""

    roles: Mapping[str, FoundRole] = field(default_factory=dict)
    policies: Mapping[str, FoundPolicy] = field(default_factory=dict)  # by ARN
    groups: Mapping[str, FoundGroup] = field(default_factory=dict)
    users: Mapping[str, FoundUser] = field(default_factory=dict)

    def members_of(self, group: str) -> frozenset[str]:
        """The names of the users in the group of that name."""
        folded = group.casefold()
        return frozenset(
            user.name
            for user in self.users.values()
            if folded in {one.casefold() for one in user.groups}
        )

    def holders_of(self, policy_arn: str) -> list[str]:
        """ARNs of the users, groups and roles that the managed policy is attached to."""
        held = [(one.arn, one.managed) for one in self.users.values()]
        held += [(one.arn, one.managed) for one in self.groups.values()]
        held += [(one.arn, one.managed) for one in self.roles.values()]
        return [arn for arn, managed in held if policy_arn in managed]


def path_of(arn: str) -> str:
    """The path of a user, group, role or policy: it begins and ends with a slash."""
    middle = arn.rpartition(":")[2].partition("/")[2].rpartition("/")[0]
    return f"/{middle}/" if middle else "/"
