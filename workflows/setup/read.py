"""What is in an account, out of AWS's answers."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from workflows.aws.admin import Admin, Details
from workflows.documents import ours
from workflows.documents.text import Document
from workflows.setup.objects import (
    Found,
    FoundGroup,
    FoundPolicy,
    FoundRole,
    FoundUser,
    Wanted,
)


def found(admin: Admin, wanted: Wanted, *, users: bool) -> Found:
    """All that a plan needs: a call for all, and one for each role that is meant to be there, since
    AWS tells the longest session of a role nowhere else. Raises Trouble.
    """
    details = admin.details(users=users)
    names = {role.name.casefold() for role in wanted.roles}
    there = [role["RoleName"] for role in details.get("RoleDetailList", [])]
    lengths = admin.longest_sessions([name for name in there if name.casefold() in names])
    return parsed(details, lengths)


def parsed(details: Details, lengths: Mapping[str, int]) -> Found:
    """The values of an answer (IAM, GetAccountAuthorizationDetails); `lengths` are seconds by the
    names of roles.
    """
    return Found(
        roles={
            one["RoleName"].casefold(): FoundRole(
                arn=one["Arn"],
                unique_id=one["RoleId"],
                trust=one["AssumeRolePolicyDocument"],
                inline=_inline(one.get("RolePolicyList", ())),
                managed=_managed(one),
                boundary=_boundary(one),
                tags={tag["Key"]: tag["Value"] for tag in one.get("Tags", ())},
                longest_session=lengths.get(one["RoleName"]),
            )
            for one in details.get("RoleDetailList", ())
        },
        policies={one["Arn"]: _policy(one) for one in details.get("Policies", ())},
        groups={
            one["GroupName"].casefold(): FoundGroup(
                one["Arn"], _inline(one.get("GroupPolicyList", ())), _managed(one)
            )
            for one in details.get("GroupDetailList", ())
        },
        users={
            one["UserName"].casefold(): FoundUser(
                arn=one["Arn"],
                unique_id=one["UserId"],
                groups=frozenset(one.get("GroupList", ())),
                managed=_managed(one),
                inline=_inline(one.get("UserPolicyList", ())),
                boundary=_boundary(one),
            )
            for one in details.get("UserDetailList", ())
        },
    )


def _inline(listed: Iterable[Mapping[str, Any]]) -> dict[str, Document]:
    return {one["PolicyName"]: one["PolicyDocument"] for one in listed}


def _managed(one: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(held["PolicyArn"] for held in one.get("AttachedManagedPolicies", ()))


def _boundary(one: Mapping[str, Any]) -> str | None:
    arn: str | None = one.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    return arn


def _policy(one: Mapping[str, Any]) -> FoundPolicy:
    versions = sorted(one["PolicyVersionList"], key=lambda held: int(held["VersionId"][1:]))
    in_force = next(held for held in versions if held["IsDefaultVersion"])
    others = tuple(held["VersionId"] for held in versions if not held["IsDefaultVersion"])
    return FoundPolicy(one["Arn"], in_force["Document"], others)


def let_in(accounts: Collection[Found], *, now: datetime) -> frozenset[str]:
    """The unique ids of all whom a grant lets into some role now."""
    roles = (role for account in accounts for role in account.roles.values())
    return ours.inside((role.trust for role in roles), now=now)
