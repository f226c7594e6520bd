"""What `/xacct …` may say, as values."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Request:
    """Asks for a role. Account, role and machine are as typed; the catalog tells what they mean.

    Without `duration` the role's usual one is meant; without `machine`, the person's own identity.
    An account or role that is None, and an empty reason, were not given: a form asks for them.
    """

    account: str | None
    role: str | None
    duration: timedelta | None
    reason: str
    machine: str | None

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to ask for."""
        return bool(self.account and self.role and self.reason)


@dataclass(frozen=True)
class Extend:
    """Asks for more time after the end of an open request. An empty reason was not given."""

    id: int
    duration: timedelta
    reason: str = ""


@dataclass(frozen=True)
class BreakGlass:
    """Opens a role without an approver, after a confirmation; names as typed. What is None, and an
    empty reason, was not given: the window asks for it.
    """

    account: str | None
    role: str | None
    reason: str = ""


@dataclass(frozen=True)
class Sign:
    """Signs the review of a break-glass use. An empty note was not given."""

    id: int
    note: str = ""


@dataclass(frozen=True)
class ById:
    """The request of that number."""

    id: int


@dataclass(frozen=True)
class ByRole:
    """The asking person's own access to a role, or all that he may end of it; names as typed."""

    account: str
    role: str


@dataclass(frozen=True)
class ByPerson:
    """All access of a person, by Slack id."""

    slack_id: str


@dataclass(frozen=True)
class Revoke:
    """Ends access. An empty reason was not given."""

    target: ById | ByRole | ByPerson
    reason: str = ""


@dataclass(frozen=True)
class Everything:
    """All accounts and people."""


@dataclass(frozen=True)
class Account:
    """One account; name as typed."""

    name: str


@dataclass(frozen=True)
class RevokeAll:
    """Ends all access, or all of an account or a person. An empty reason was not given."""

    scope: Everything | Account | ByPerson
    reason: str = ""


@dataclass(frozen=True)
class Freeze:
    """Opens nothing any more, or nothing of an account or a person. An empty reason was not
    given.
    """

    scope: Everything | Account | ByPerson
    reason: str = ""


@dataclass(frozen=True)
class Thaw:
    """Ends a freeze: exactly that one."""

    scope: Everything | Account | ByPerson


@dataclass(frozen=True)
class Cancel:
    """Takes back a request that nobody has decided on."""

    id: int


@dataclass(frozen=True)
class Approve:
    """Asks to be shown a request, with the button that approves it. An empty remark is none."""

    id: int
    remark: str = ""


@dataclass(frozen=True)
class Deny:
    """Denies a request. An empty reason was not given."""

    id: int
    reason: str = ""


@dataclass(frozen=True)
class List:
    """Asks what is open and what is waiting."""


@dataclass(frozen=True)
class Roles:
    """Asks which roles there are for the person, and have all these words in their names."""

    words: str = ""


@dataclass(frozen=True)
class Who:
    """Asks who is in an account now, or in one role of it; names as typed."""

    account: str
    role: str | None = None


@dataclass(frozen=True)
class Show:
    """Asks to see a request."""

    id: int


@dataclass(frozen=True)
class Activity:
    """Asks what was done with a grant."""

    id: int


@dataclass(frozen=True)
class Audit:
    """Searches the audit log; `words` as typed, people in it as `@U012ABCDE`."""

    words: str


@dataclass(frozen=True)
class Anchor:
    """Has the head of the audit log written down outside of the database, now."""


@dataclass(frozen=True)
class Help:
    """Asks for help, about a topic or about everything."""

    topic: str | None


@dataclass(frozen=True)
class Unclear:
    """Not understood. `sentence` says what, and how to write it, in Slack's mrkdwn."""

    sentence: str


Command = (
    Request
    | Extend
    | BreakGlass
    | Sign
    | Revoke
    | RevokeAll
    | Freeze
    | Thaw
    | Cancel
    | Approve
    | Deny
    | List
    | Roles
    | Who
    | Show
    | Activity
    | Audit
    | Anchor
    | Help
)
