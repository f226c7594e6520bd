"""Reading what AWS holds: in parallel, at most two rounds, one when little has changed."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from workflows.aws.errors import AwsGone
from workflows.aws.fence import Fenced
from workflows.aws.iam import Iam
from workflows.catalog.model import GranteeKind
from workflows.documents import session_end, text
from workflows.errors import Trouble
from workflows.seen import Document, GranteeSeen, MemberSeen, RoleDetail, Verdict
from workflows.world import World

TRUST_QUOTA: Final = 2048
INLINE_QUOTA: Final = 10240
GROUPS_QUOTA: Final = 10
"""AWS's defaults (IAM User Guide, "IAM and AWS STS quotas"), where an account does not say."""

WAYS_BACK: Final = (
    "iam:CreateUser",
    "iam:CreateAccessKey",
    "iam:CreateRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:AttachRolePolicy",
    "iam:PutRolePolicy",
    "lambda:CreateFunction",
    "ec2:RunInstances",
)
"""With any of these a session can make something that lives on when the access is over."""


@dataclass
class Policies:
    """The policies of one role or group: those it had the last time are asked for while the list
    of names is; only others take a second round.
    """

    names: Future[list[str]]
    asking: dict[str, Future[Document | None]]
    ask: Callable[[str], Future[Document | None]]
    remember: Callable[[Iterable[str]], None]

    def begin_second_round(self) -> None:
        """Waits for the names. Raises Trouble."""
        names = self.names.result()
        self.remember(names)
        self.asking = {name: self.asking.get(name) or self.ask(name) for name in names}

    def result(self) -> list[Document]:
        """All the documents; call `begin_second_round` first. Raises Trouble."""
        found = (one.result() for one in self.asking.values())
        return [document for document in found if document is not None]


def _policies(
    world: World,
    fenced: Fenced,
    whose: str,
    kind: str,
    *,
    names: Callable[[str], list[str]],
    one: Callable[[str, str], Document | None],
) -> Policies:
    """Begins to read the policies of `whose`, by a call that lists and a call that reads one.

    `kind` says which of its policies these are.
    """
    key = (fenced.manager_arn, kind, whose)

    def remember(found: Iterable[str]) -> None:
        world.names[key] = tuple(found)

    def ask(name: str) -> Future[Document | None]:
        return fenced.ask(one, whose, name)

    listing = fenced.ask(names, whose)
    return Policies(listing, {name: ask(name) for name in world.names.get(key, ())}, ask, remember)


def asking_role(world: World, fenced: Fenced, name: str) -> Callable[[], RoleDetail]:
    """Begins to read the role, its session end, and the room its policies have.

    What comes back waits for the answers, and raises Trouble.
    """
    answered = _asking_role(world, fenced, name)
    return lambda: _whole(answered())


def role_to_settle(world: World, fenced: Fenced, name: str) -> RoleDetail:
    """The role and its session end; the room its policies have where AWS says (else `unread`).

    Raises Trouble.
    """
    return _asking_role(world, fenced, name)()


def role_to_close(fenced: Fenced, name: str) -> RoleDetail:
    """The role and its session end: all that closing takes. Raises Trouble."""
    ending = fenced.ask(fenced.iam.inline_policy, name, session_end.NAME)
    return RoleDetail(
        role=fenced.ask(fenced.iam.role, name).result(),
        session_end=ending.result(),
        other_inline=0,
        trust_quota=TRUST_QUOTA,
        inline_quota=INLINE_QUOTA,
    )


def _asking_role(world: World, fenced: Fenced, name: str) -> Callable[[], RoleDetail]:
    iam = fenced.iam
    role = fenced.ask(iam.role, name)
    ending = fenced.ask(iam.inline_policy, name, session_end.NAME)
    inline = _policies(
        world, fenced, name, "role", names=iam.other_inline_names, one=iam.inline_policy
    )
    quotas = fenced.ask(world.quotas.of, fenced)

    def answered() -> RoleDetail:
        limits, others, unread = _room(quotas, {name: (inline,)})
        return RoleDetail(
            role=role.result(),
            session_end=ending.result(),
            other_inline=sum(map(text.length, others.get(name, ()))),
            trust_quota=limits.get("AssumeRolePolicySizeQuota", TRUST_QUOTA),
            inline_quota=limits.get("RolePolicySizeQuota", INLINE_QUOTA),
            unread=unread,
        )

    return answered


def _room(
    quotas: Future[Mapping[str, int]], held: Mapping[str, tuple[Policies, ...]]
) -> tuple[Mapping[str, int], dict[str, tuple[Document, ...]], Trouble | None]:
    """What openings alone need: quotas, and policies by whose they are; and what kept it unknown.

    Raises AwsGone, which is an answer: whose policies these are is not there.
    """
    try:
        for several in held.values():
            for policies in several:
                policies.begin_second_round()
        found = {
            name: tuple(one for policies in several for one in policies.result())
            for name, several in held.items()
        }
        return quotas.result(), found, None
    except AwsGone:
        raise
    except Trouble as trouble:
        return {}, {}, trouble


Seen = TypeVar("Seen", RoleDetail, MemberSeen)


def _whole(seen: Seen) -> Seen:
    if seen.unread is not None:
        raise seen.unread
    return seen


@dataclass(frozen=True)
class RoleRead:
    """A role and, where it was read to be opened, what AWS's simulation says of each of WAYS_BACK;
    None where it could not be asked.
    """

    detail: RoleDetail
    to_open: bool = False
    ways_back: Sequence[Verdict] | None = None


def asking_to_open(world: World, fenced: Fenced, name: str, arn: str) -> Callable[[], RoleRead]:
    """Begins to read all of a role that an opening depends on: one call more, beside the others.

    What comes back waits for the answers, and raises Trouble.
    """
    ways_back = asking_simulation(fenced, arn, WAYS_BACK)
    detail = _asking_role(world, fenced, name)
    return lambda: RoleRead(detail(), to_open=True, ways_back=ways_back.result())


def asking_simulation(
    fenced: Fenced, principal_arn: str, actions: Sequence[str], **asked: Any
) -> Future[Sequence[Verdict] | None]:
    """Begins to ask AWS's simulation; it answers None where it could not be asked: a missing right,
    or PolicyEvaluation. `asked` as in `Iam.simulated`.
    """

    def ask() -> Sequence[Verdict] | None:
        try:
            return fenced.iam.simulated(principal_arn, actions, **asked)
        except Trouble:
            return None

    return fenced.ask(ask)


def role_again(fenced: Fenced, name: str, before: RoleDetail) -> RoleDetail:
    """The role and its session end as they are after a write. Raises Trouble."""
    ending = fenced.ask(fenced.iam.inline_policy, name, session_end.NAME)
    seen = fenced.iam.role(name)
    return replace(before, role=seen, session_end=ending.result())


def grantee(iam: Iam, kind: GranteeKind, name: str, arn: str) -> GranteeSeen:
    """The user, or the role that the machine or person comes with. Raises Trouble."""
    if kind is GranteeKind.USER:
        return iam.user(name)
    return iam.machine(arn.rpartition("/")[2])


def asking_member(
    world: World, fenced: Fenced, name: str, groups: Collection[str]
) -> Callable[[], MemberSeen]:
    """Begins to read the user, where he is a member, and what each of `groups` holds.

    What comes back waits for the answers, and raises Trouble.
    """
    answered = _asking_member(world, fenced, name, groups)
    return lambda: _whole(answered())


def member(world: World, fenced: Fenced, name: str, groups: Collection[str]) -> MemberSeen:
    """The user, where he is a member, and what each of `groups` holds. Raises Trouble."""
    return asking_member(world, fenced, name, groups)()


def member_to_settle(
    world: World, fenced: Fenced, name: str, groups: Collection[str]
) -> MemberSeen:
    """The user and where he is a member; his quota and what each of `groups` holds where AWS says
    (else `unread`). Raises Trouble.
    """
    return _asking_member(world, fenced, name, groups)()


def member_to_close(fenced: Fenced, name: str) -> MemberSeen:
    """The user and where he is a member: all that closing takes. Raises Trouble."""
    user, places = fenced.ask(fenced.iam.user, name), fenced.ask(fenced.iam.groups_of, name)
    return MemberSeen(user=user.result(), groups=places.result())


def _asking_member(
    world: World, fenced: Fenced, name: str, groups: Collection[str]
) -> Callable[[], MemberSeen]:
    iam = fenced.iam
    user, places = fenced.ask(iam.user, name), fenced.ask(iam.groups_of, name)
    quotas = fenced.ask(world.quotas.of, fenced)
    held = {
        group: (
            _policies(
                world, fenced, group, "inline", names=iam.inline_group_names, one=iam.group_policy
            ),
            _policies(
                world, fenced, group, "attached", names=iam.attached_group_arns, one=iam.attached
            ),
        )
        for group in groups
    }

    def answered() -> MemberSeen:
        limits, contents, unread = _room(quotas, held)
        return MemberSeen(
            user=user.result(),
            groups=places.result(),
            contents=contents,
            groups_quota=limits.get("GroupsPerUserQuota", GROUPS_QUOTA),
            unread=unread,
        )

    return answered


def member_again(fenced: Fenced, before: MemberSeen) -> MemberSeen:
    """The user's memberships as they are after a write. Raises Trouble."""
    return replace(before, groups=fenced.iam.groups_of(before.user.name))


def is_there(iam: Iam, name: str) -> bool:
    """Whether the user exists. Raises Trouble when AWS does not say."""
    try:
        iam.user(name)
    except AwsGone:
        return False
    return True
