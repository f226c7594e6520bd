"""What the catalog says, as values: accounts, roles, people, machines."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import Final

from workflows import names
from workflows.catalog.break_glass import BreakGlass
from workflows.catalog.duty import Duty, Escalation
from workflows.catalog.identity_rule import IdentityRule
from workflows.catalog.outside import NOWHERE, Outside
from workflows.catalog.permissions import Permissions, Standing
from workflows.catalog.rule import Rule

SHORTEST: Final = timedelta(minutes=5)
_SHORTEST_WITH_CREDENTIALS: Final = timedelta(minutes=15)  # STS AssumeRole, DurationSeconds >= 900
MACHINE_PREFIX: Final = "xacct-"
EVERYONE: Final = "everyone"
"""Whom a list of requesters names when every full member of the workspace may ask."""

_ID: Final = re.compile(r"[0-9]{12}")
_SEPARATORS: Final = re.compile(r"[-\s]")


class Mechanism(StrEnum):
    """How an IAM user gets in: by joining a group, by leaving one, or by the trust alone."""

    ALLOW_GROUP = "allow-group"
    DENY_GROUP = "deny-group"
    TRUST_POLICY = "trust-policy"


class GranteeKind(StrEnum):
    """What kind of identity is let in: an IAM user, an IAM role, a person of Identity Center."""

    USER = "user"
    MACHINE = "machine"
    PERSON = "person"


class Delivery(StrEnum):
    """What the grantee is handed: the link to switch role, or short-lived credentials too."""

    LINK = "link"
    CREDENTIALS = "credentials"

    @property
    def shortest(self) -> timedelta:
        """The shortest time for which that can be lent."""
        return _SHORTEST_WITH_CREDENTIALS if self is Delivery.CREDENTIALS else SHORTEST


@dataclass(frozen=True)
class Account:
    """An owner account: `id` has 12 digits, the bot is `manager_arn`, people work in `regions`."""

    id: str
    name: str
    aliases: tuple[str, ...]
    partition: str
    manager_arn: str
    external_id: str | None
    regions: tuple[str, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True)
class GranteeAccount(Account):
    """The account that grantees come from; `vendor_arn` is the role that vends credentials.

    `administrators` are the names of the IAM users whom deny groups leave alone.
    """

    vendor_arn: str | None
    vendor_external_id: str | None
    administrators: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """An IAM user group of the grantee account; `path` begins and ends with a slash."""

    account: GranteeAccount
    name: str
    path: str

    @property
    def arn(self) -> str:
        return f"arn:{self.account.partition}:iam::{self.account.id}:group{self.path}{self.name}"


@dataclass(frozen=True)
class Role:
    """A governed role: who may ask, who approves, for how long, and how it is opened.

    `requesters` and `approvers` are Slack ids; `(EVERYONE,)` are all requesters. `group` is there
    unless the mechanism is the trust policy. With `mfa` only IAM users who signed in with their MFA
    device enter. `told_by` says which entry of the file describes it, and why that one. Setup makes
    the role if it has `permissions`; with `adopt` it may seal one that somebody else made.
    """

    account: Account
    name: str
    path: str
    mechanism: Mechanism
    group: Group | None
    kinds: frozenset[GranteeKind]
    approvers: tuple[str, ...]
    approvals: int
    default_duration: timedelta
    max_duration: timedelta
    delivery: Delivery
    channel: str
    session_end: bool
    mfa: bool = False
    requesters: tuple[str, ...] = ()
    duty: Duty | None = None
    escalation: Escalation | None = None
    told_by: str = ""
    break_glass: BreakGlass | None = None
    permissions: Permissions | None = None
    adopt: bool = False

    @property
    def deciders(self) -> tuple[str, ...]:
        """Everybody whom the catalog names to decide at some time, each once."""
        fallback = self.duty.fallback if self.duty is not None else ()
        later = self.escalation.to if self.escalation is not None else ()
        return tuple(dict.fromkeys((*self.approvers, *fallback, *later)))

    @property
    def arn(self) -> str:
        return f"arn:{self.account.partition}:iam::{self.account.id}:role{self.path}{self.name}"

    @property
    def key(self) -> str:
        """The name that people use, `prod-payments/admin`."""
        return f"{self.account.name}/{self.name}"

    def is_asked_for_by(self, user: str) -> bool:
        """Whether the catalog lets this person ask for it."""
        return EVERYONE in self.requesters or user in self.requesters


@dataclass(frozen=True)
class Machine:
    """An IAM role of the grantee account; its owners (Slack ids) ask for it."""

    name: str
    role_arn: str
    owners: tuple[str, ...]

    @property
    def session_name(self) -> str:
        """The one name under which the machine may enter a governed role."""
        return f"{MACHINE_PREFIX}{self.name}"


@dataclass(frozen=True)
class Engineer:
    """A person in Slack and his IAM user, with its path if it has one: `/team/alice`."""

    slack: str
    iam_user: str | None
    email: str | None


@dataclass(frozen=True)
class Visitor:
    """A person of Identity Center: the AWSReservedSSO role and the user name he comes with."""

    slack: str
    role_arn: str
    user_name: str


@dataclass(frozen=True)
class Catalog:
    """Everything that xacct is told by its file. Missing lists mean nobody.

    `team` is the Slack workspace, `enterprise` its organisation (Enterprise Grid); channels and
    people are Slack ids. `bot_arn` is the bot's identity in AWS, which the manager roles trust.
    """

    installation: str
    team: str
    approvals_channel: str
    alerts_channel: str
    pending_per_person: int
    pending_lapses: timedelta
    remind_after: timedelta
    grantee: GranteeAccount
    accounts: tuple[Account, ...]
    roles: tuple[Role, ...]
    engineers: tuple[Engineer, ...]
    identity_rules: tuple[IdentityRule, ...]
    machines: tuple[Machine, ...]
    visitors: tuple[Visitor, ...]
    admins: tuple[str, ...]
    auditors: tuple[str, ...]
    auto_approve: tuple[Rule, ...] = ()
    bot_arn: str | None = None
    standing: tuple[Standing, ...] = ()
    enterprise: str | None = None
    outside: Outside = NOWHERE

    @cached_property
    def _by_key(self) -> dict[str, Role]:
        return {role.key: role for role in self.roles}  # asked for in every verb and every look

    @cached_property
    def roster(self) -> frozenset[str]:
        """The names of the IAM users who must be in every deny group: all that are listed but the
        administrators.
        """
        spared = {one.casefold() for one in self.grantee.administrators}
        names = {one.iam_user.rpartition("/")[2] for one in self.engineers if one.iam_user}
        return frozenset(name for name in names if name.casefold() not in spared)

    def role(self, key: str) -> Role | None:
        """The role called exactly `account/name`."""
        return self._by_key.get(key)

    def roles_for(self, user: str) -> tuple[Role, ...]:
        """The roles that this person may ask for."""
        return tuple(role for role in self.roles if role.is_asked_for_by(user))

    def roles_in_sight(self, user: str) -> tuple[Role, ...]:
        """The roles of which this person may know who is in: he asks for them, approves them, or
        oversees everything.
        """
        if self.oversees(user):
            return self.roles
        return tuple(
            role for role in self.roles if role.is_asked_for_by(user) or user in role.deciders
        )

    def accounts_of(self, roles: Iterable[Role]) -> tuple[Account, ...]:
        """The accounts that these roles are in, each once."""
        held = {role.account.id for role in roles}
        return tuple(one for one in self.accounts if one.id in held)

    def roles_of(self, account: Account) -> tuple[Role, ...]:
        return tuple(role for role in self.roles if role.account.id == account.id)

    def machine(self, name: str) -> Machine | None:
        """The machine of that name, however its letters are cased."""
        return next((one for one in self.machines if one.name.lower() == name.lower()), None)

    def machines_of(self, user: str) -> tuple[Machine, ...]:
        """The machines that this person owns."""
        return tuple(one for one in self.machines if user in one.owners)

    def roles_decided_by(self, user: str) -> tuple[Role, ...]:
        """The roles that the catalog names this person to decide on."""
        return tuple(role for role in self.roles if user in role.deciders)

    def oversees(self, user: str) -> bool:
        """Whether this person may see everything: an administrator, or an auditor."""
        return user in (*self.admins, *self.auditors)

    def engineer(self, slack: str) -> Engineer | None:
        return next((one for one in self.engineers if one.slack == slack), None)

    def find_account(self, text: str, visible: Iterable[Account]) -> Account:
        """The account that a person means by an id (dashes or not), a name or an alias.

        Only `visible` ones are found or proposed. Raises NotFound, with what may be meant.
        """
        digits = _SEPARATORS.sub("", text)
        return names.find(
            digits if _ID.fullmatch(digits) else text,
            visible,
            names=lambda account: (account.name, *account.aliases, account.id),
            sentence=f"You can use no account called {names.said(text)}.",
        )

    def find_role(self, account: Account, text: str, visible: Iterable[Role]) -> Role:
        """The role of the account that a person means by its name.

        Only `visible` ones are found or proposed. Raises NotFound, with what may be meant.
        """
        return names.find(
            text,
            (role for role in visible if role.account.id == account.id),
            names=lambda role: (role.name,),
            sentence=f"You can use no role called {names.said(text)} in {account.name}.",
        )
