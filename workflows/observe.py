"""Reading what AWS holds: in parallel, at most two rounds."""

from collections.abc import Collection
from concurrent.futures import Future
from typing import Final

from workflows.aws.errors import AwsGone
from workflows.aws.fence import Fenced
from workflows.aws.iam import Iam
from workflows.catalog.model import GranteeKind
from workflows.documents import session_end, text
from workflows.seen import Document, GranteeSeen, MemberSeen, RoleDetail
from workflows.world import World

TRUST_QUOTA: Final = 2048
INLINE_QUOTA: Final = 10240
GROUPS_QUOTA: Final = 10
"""AWS's defaults (IAM User Guide, "IAM and AWS STS quotas"), where an account does not say."""


def role(world: World, fenced: Fenced, name: str) -> RoleDetail:
    """The role, its session end, and the room its policies have. Raises Trouble."""
    iam = fenced.iam
    quotas = world.reads.submit(iam.quotas)
    inline = world.reads.submit(iam.inline_policies, name)
    seen = iam.role(name)
    policies, limits = inline.result(), quotas.result()
    others = (one for policy, one in policies.items() if policy != session_end.NAME)
    return RoleDetail(
        role=seen,
        session_end=policies.get(session_end.NAME),
        other_inline=sum(text.length(one) for one in others),
        trust_quota=limits.get("AssumeRolePolicySizeQuota", TRUST_QUOTA),
        inline_quota=limits.get("RolePolicySizeQuota", INLINE_QUOTA),
    )


def grantee(iam: Iam, kind: GranteeKind, name: str, arn: str) -> GranteeSeen:
    """The user, or the role that the machine or person comes with. Raises Trouble."""
    if kind is GranteeKind.USER:
        return iam.user(name)
    return iam.machine(arn.rpartition("/")[2])


def member(world: World, fenced: Fenced, name: str, groups: Collection[str]) -> MemberSeen:
    """The user, where he is a member, and what each of `groups` holds. Raises Trouble."""
    iam = fenced.iam
    places = world.reads.submit(iam.groups_of, name)
    quotas = world.reads.submit(iam.quotas)
    contents: dict[str, Future[tuple[Document, ...]]] = {
        group: world.reads.submit(iam.group_documents, group) for group in groups
    }
    return MemberSeen(
        user=iam.user(name),
        groups=places.result(),
        contents={group: found.result() for group, found in contents.items()},
        groups_quota=quotas.result().get("GroupsPerUserQuota", GROUPS_QUOTA),
    )


def is_there(iam: Iam, name: str) -> bool:
    """Whether the user exists. Raises Trouble when AWS does not say."""
    try:
        iam.user(name)
    except AwsGone:
        return False
    return True
