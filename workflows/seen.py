"""What AWS was read to say, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from workflows.errors import Trouble

Document = Mapping[str, Any]
"""A policy document as AWS shows it: decoded JSON."""


@dataclass(frozen=True)
class RoleSeen:
    """A role of an owner account. `at` is AWS's own time of the read (the reply's Date)."""

    arn: str
    role_id: str
    trust: Document
    longest_session: int  # seconds
    boundary: str | None  # ARN of the permissions boundary
    at: datetime
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RoleDetail:
    """A role with what its session end and its room depend on.

    `unread`: what kept the room from being known. It serves openings alone; to close takes none.
    """

    role: RoleSeen
    session_end: Document | None
    other_inline: int  # characters of the role's other inline policies, whitespace not counted
    trust_quota: int
    inline_quota: int
    unread: Trouble | None = None


@dataclass(frozen=True)
class GranteeSeen:
    """An IAM user or role of the grantee account."""

    arn: str
    name: str
    unique_id: str
    at: datetime


@dataclass(frozen=True)
class MemberSeen:
    """An IAM user, the groups he is in, and what the governed ones among them hold.

    `unread`: what kept his quota or a group's policies from being known, as in `RoleDetail`.
    """

    user: GranteeSeen
    groups: frozenset[str]
    contents: Mapping[str, tuple[Document, ...]] = field(default_factory=dict)
    groups_quota: int = 10
    unread: Trouble | None = None


@dataclass(frozen=True)
class Verdict:
    """What AWS's simulation says of one action: `allowed`, `implicitDeny` or `explicitDeny`, and
    the policies that decided it.
    """

    action: str
    decision: str
    by: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()  # condition keys that a policy asks for and nobody gave

    @property
    def allowed(self) -> bool:
        return self.decision == "allowed"

    @property
    def refused(self) -> bool:
        """A sure no: with a key unknown it may be a yes when the principal really comes."""
        return not self.allowed and not self.unknown


@dataclass(frozen=True)
class Caller:
    """Somebody as AWS names him (STS, GetCallerIdentity); `user_id` is his `aws:userid`."""

    arn: str
    account: str
    user_id: str

    @property
    def unique_id(self) -> str:
        """Of the user, or of the role whose session this is."""
        return self.user_id.partition(":")[0]

    @property
    def name(self) -> str:
        """Of the user, or of the session."""
        return self.arn.rpartition("/")[2]

    @property
    def role(self) -> str | None:
        """The name of the role whose session this is."""
        kind, _, rest = self.arn.split(":", 5)[5].partition("/")
        return rest.partition("/")[0] if kind == "assumed-role" else None

    @property
    def words(self) -> str:
        """What he is called: a session by its role, too."""
        return self.name if self.role is None else f"{self.role}/{self.name}"

    @property
    def is_root(self) -> bool:
        return self.arn.endswith(":root")

    def has(self, arn: str) -> bool:
        """Whether this is the user, or a session of the role, of that ARN. A session's own holds no
        path of the role (IAM User Guide, "IAM identifiers").
        """
        if self.role is None:
            return self.arn == arn
        _, partition, _, _, account, resource = arn.split(":", 5)
        is_role = resource.startswith("role/") and resource.rpartition("/")[2] == self.role
        return is_role and (partition, account) == (self.arn.split(":")[1], self.account)


def keys_of_a_write(boundary: str | None, tags: Mapping[str, str]) -> dict[str, str]:
    """Condition keys of a write to a role, which AWS's simulation does not look up by itself
    (Service Authorization Reference for IAM). A role without a boundary fits none.
    """
    tagged = {f"aws:ResourceTag/{key}": value for key, value in tags.items()}
    return {"iam:PermissionsBoundary": boundary or "none", **tagged}


@dataclass(frozen=True)
class Listed:
    """An account of the organization. Only who `is_active` can be entered: others are suspended, or
    about to be opened or closed.
    """

    id: str
    name: str
    partition: str = "aws"
    is_active: bool = True
