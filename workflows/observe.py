"""Reading what AWS holds: in parallel, at most two rounds."""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Final

from workflows.aws.errors import AwsGone
from workflows.aws.fence import Fenced
from workflows.aws.iam import Iam
from workflows.catalog.model import GranteeKind
from workflows.documents import session_end, text
from workflows.seen import GranteeSeen, MemberSeen, RoleDetail
from workflows.world import World

TRUST_QUOTA: Final = 2048
INLINE_QUOTA: Final = 10240
GROUPS_QUOTA: Final = 10
"""AWS's defaults (IAM User Guide, "IAM and AWS STS quotas"), where an account does not say."""


def asking_role(world: World, fenced: Fenced, name: str) -> Callable[[], RoleDetail]:
    """Begins to read the role, its session end, and the room its policies have.

    What comes back waits for the answers, and raises Trouble. Only single calls go to the pool: a
    task of the pool that waited for another one could wait for ever.
    """
    iam = fenced.iam
    role = world.reads.submit(iam.role, name)
    ending = world.reads.submit(iam.inline_policy, name, session_end.NAME)
    names = world.reads.submit(iam.inline_names, name)
    quotas = world.reads.submit(world.quotas.of, fenced)

    def answered() -> RoleDetail:
        others = [
            world.reads.submit(iam.inline_policy, name, one)
            for one in names.result()
            if one != session_end.NAME
        ]
        limits = quotas.result()
        return RoleDetail(
            role=role.result(),
            session_end=ending.result(),
            other_inline=sum(text.length(one.result() or {}) for one in others),
            trust_quota=limits.get("AssumeRolePolicySizeQuota", TRUST_QUOTA),
            inline_quota=limits.get("RolePolicySizeQuota", INLINE_QUOTA),
        )

    return answered


def role(world: World, fenced: Fenced, name: str) -> RoleDetail:
    """The role, its session end, and the room its policies have. Raises Trouble."""
    return asking_role(world, fenced, name)()


def role_again(world: World, fenced: Fenced, name: str, before: RoleDetail) -> RoleDetail:
    """The role and its session end as they are after a write. Raises Trouble."""
    ending = world.reads.submit(fenced.iam.inline_policy, name, session_end.NAME)
    seen = fenced.iam.role(name)
    return replace(before, role=seen, session_end=ending.result())


def grantee(iam: Iam, kind: GranteeKind, name: str, arn: str) -> GranteeSeen:
    """The user, or the role that the machine or person comes with. Raises Trouble."""
    if kind is GranteeKind.USER:
        return iam.user(name)
    return iam.machine(arn.rpartition("/")[2])


def member(world: World, fenced: Fenced, name: str, groups: Collection[str]) -> MemberSeen:
    """The user, where he is a member, and what each of `groups` holds. Raises Trouble."""
    iam = fenced.iam
    places = world.reads.submit(iam.groups_of, name)
    quotas = world.reads.submit(world.quotas.of, fenced)
    inline = {group: world.reads.submit(iam.inline_group_documents, group) for group in groups}
    attached = {group: world.reads.submit(iam.attached_group_documents, group) for group in groups}
    return MemberSeen(
        user=iam.user(name),
        groups=places.result(),
        contents={group: (*inline[group].result(), *attached[group].result()) for group in groups},
        groups_quota=quotas.result().get("GroupsPerUserQuota", GROUPS_QUOTA),
    )


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
