"""What one account was read to hold, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from workflows.seen import Document, GranteeSeen, RoleDetail


@dataclass(frozen=True)
class GroupSeen:
    """A group of the grantee account: its members (name → unique id) and its policies."""

    members: Mapping[str, str]
    documents: tuple[Document, ...]


@dataclass(frozen=True)
class AccountSeen:
    """What was read of one account, begun at `began` (our time). None: AWS has no such thing.

    What is in `unread` (its name → what AWS said) says nothing, and neither does its absence.
    """

    account_id: str
    name: str
    began: datetime
    roles: Mapping[str, RoleDetail | None] = field(default_factory=dict)  # by `account/name`
    groups: Mapping[str, GroupSeen | None] = field(default_factory=dict)
    users: Mapping[str, GranteeSeen | None] = field(default_factory=dict)
    comers: Mapping[str, GranteeSeen | None] = field(default_factory=dict)  # by ARN
    names: Mapping[str, str] = field(default_factory=dict)  # unique id → name now, where asked for
    unread: Mapping[str, str] = field(default_factory=dict)
    shut_out: str | None = None  # what AWS said no to, which no waiting mends
    expired: str | None = None  # the call for which AWS did not know our own credentials

    @property
    def whole(self) -> bool:
        """Whether everything was read: only then may what is not there be said to be gone."""
        return not self.unread
