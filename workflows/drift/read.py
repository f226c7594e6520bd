"""Reading one account for a drift: one call after the other, so that an opening beside it is not
kept waiting.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Final, TypeVar

from db.models import Request
from workflows import observe
from workflows.aws.errors import AwsExpired, AwsGone, AwsRefused
from workflows.aws.fence import Managers
from workflows.aws.iam import Iam
from workflows.catalog.model import Account, GranteeKind, Role
from workflows.documents import session_end
from workflows.drift import places
from workflows.drift.seen import AccountSeen, GroupSeen
from workflows.errors import Trouble
from workflows.seen import GranteeSeen, RoleDetail
from workflows.world import World

PATIENCE: Final = 3
"""After so many reads that failed the rest of an account is not asked for."""

_NO_LIMIT: Final = 1_000_000_000  # nothing is written by a drift, so no quota is asked for

T = TypeVar("T")


@dataclass
class Reader:
    """Reads one account; what fails is remembered under its name. One that `insists` asks on where
    AWS refuses, and stops only where it is silent.
    """

    managers: Managers
    account: Account
    stopping: Event | None
    unread: dict[str, str] = field(default_factory=dict)
    shut_out: str | None = None
    expired: str | None = None
    insists: bool = False
    silences: int = 0

    def ask(self, name: str, call: Callable[[Iam], T]) -> T | None:
        """What AWS says; None where it has no such thing, or did not say (`unread`)."""
        if self._is_enough:
            self.unread[name] = "not asked for any more"
            return None
        try:
            return self._call(call)
        except AwsGone:
            return None
        except Trouble as trouble:
            self._no(name, trouble)
            self.unread[name] = trouble.plain  # an alert is said anew when it says something else
            return None

    def check(self, name: str, call: Callable[[Iam], object]) -> None:
        """Tries a read that a drift has no use for, and without which nothing is opened: of what
        it says only a no counts.
        """
        if self._is_enough:
            return
        try:
            self._call(call)
        except Trouble as trouble:
            self._no(name, trouble)

    @property
    def _is_enough(self) -> bool:
        stops = self.stopping is not None and self.stopping.is_set()
        failed = self.silences if self.insists else len(self.unread)
        return stops or failed >= PATIENCE

    def _call(self, call: Callable[[Iam], T]) -> T:
        """The answer; a session that AWS does not know any more is taken anew, once."""
        manager_arn, external_id = self.account.manager_arn, self.account.external_id
        fenced = self.managers.fenced(manager_arn, external_id)
        try:
            return call(fenced.iam)
        except AwsExpired:
            self.managers.forget(fenced)
        return call(self.managers.fenced(manager_arn, external_id).iam)

    def _no(self, name: str, trouble: Trouble) -> None:
        self.silences += not isinstance(trouble, AwsRefused)
        if isinstance(trouble, AwsRefused):
            self.shut_out = self.shut_out or f"{name}: {trouble.action}: {trouble.code}"
        if isinstance(trouble, AwsExpired):
            self.expired = self.expired or f"{trouble.action}: {trouble.code}"

    def roles(self, roles: Iterable[Role]) -> dict[str, RoleDetail | None]:
        """What could be read of the roles."""
        found = {role.key: self.ask(role.key, _role(role.name)) for role in roles}
        return {key: seen for key, seen in found.items() if key not in self.unread}

    def groups(self, names: Iterable[str]) -> dict[str, GroupSeen | None]:
        """What could be read of the groups."""
        found = {name: self.ask(name, _group(name)) for name in names}
        return {name: seen for name, seen in found.items() if name not in self.unread}

    def users(self, names: Iterable[str]) -> dict[str, GranteeSeen | None]:
        """What could be read of the users, by their names in small letters."""
        found = {name: self.ask(name, _user(name)) for name in names}
        return {name.casefold(): one for name, one in found.items() if name not in self.unread}

    def added_to(self, seen: AccountSeen) -> AccountSeen:
        """The account with what became known of it since."""
        unread = dict(self.unread)
        return replace(seen, unread=unread, shut_out=self.shut_out, expired=self.expired)


def _role(name: str) -> Callable[[Iam], RoleDetail]:
    def read(iam: Iam) -> RoleDetail:
        return RoleDetail(
            role=iam.role(name),
            session_end=iam.inline_policy(name, session_end.NAME),
            other_inline=0,
            trust_quota=_NO_LIMIT,
            inline_quota=_NO_LIMIT,
        )

    return read


def _other_inline(name: str) -> Callable[[Iam], list[str]]:
    return lambda iam: iam.other_inline_names(name)


def _group(name: str) -> Callable[[Iam], GroupSeen]:
    def read(iam: Iam) -> GroupSeen:
        inline = [iam.group_policy(name, one) for one in iam.inline_group_names(name)]
        attached = [iam.attached(name, arn) for arn in iam.attached_group_arns(name)]
        documents = tuple(one for one in [*inline, *attached] if one is not None)
        return GroupSeen(iam.members_of(name), documents)

    return read


def _user(name: str) -> Callable[[Iam], GranteeSeen]:
    return lambda iam: iam.user(name)


def account(
    world: World, account: Account, groups: Iterable[str] = (), *, stopping: Event | None = None
) -> AccountSeen:
    """The governed roles of an account, and the groups of these names."""
    reader = Reader(world.managers, account, stopping)
    begun = AccountSeen(account.id, account.name, began=world.clock.now())
    roles = reader.roles(world.catalog.roles_of(account))
    held = reader.groups(groups)
    for role in roles:
        reader.check(role, _other_inline(role.rpartition("/")[2]))
    reader.check(account.name, lambda iam: iam.quotas())
    return reader.added_to(replace(begun, roles=roles, groups=held))


def users(
    world: World,
    seen: AccountSeen,
    account: Account,
    names: Iterable[str],
    *,
    stopping: Event | None = None,
) -> AccountSeen:
    """The same with the users of these names."""
    reader = Reader(
        world.managers, account, stopping, dict(seen.unread), seen.shut_out, seen.expired
    )
    found = reader.users(sorted(names))
    return reader.added_to(replace(seen, users=found))


def names(
    world: World,
    seen: AccountSeen,
    account: Account,
    ids: Collection[str],
    *,
    stopping: Event | None = None,
) -> AccountSeen:
    """The same with the names that users of these ids have now."""
    if not ids:
        return seen
    reader = Reader(
        world.managers, account, stopping, dict(seen.unread), seen.shut_out, seen.expired
    )
    found = reader.ask(places.NAMES, lambda iam: iam.user_names(ids))
    return reader.added_to(replace(seen, names=found or {}))


def comers(
    world: World,
    seen: AccountSeen,
    account: Account,
    rows: Iterable[Request],
    *,
    stopping: Event | None = None,
) -> AccountSeen:
    """The same with the users and roles that these requests let in by the trust policy."""
    reader = Reader(
        world.managers, account, stopping, dict(seen.unread), seen.shut_out, seen.expired
    )
    wanted = {row.grantee_arn: row for row in rows}
    found = {arn: reader.ask(arn, _comer(row)) for arn, row in sorted(wanted.items())}
    known = {arn: one for arn, one in found.items() if arn not in reader.unread}
    return reader.added_to(replace(seen, comers=known))


def _comer(row: Request) -> Callable[[Iam], GranteeSeen]:
    kind = GranteeKind(row.grantee_kind)
    return lambda iam: observe.grantee(iam, kind, row.grantee_name, row.grantee_arn)
