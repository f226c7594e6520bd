"""The IAM calls that xacct makes in one account, each returning a value."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from workflows.aws import simulation
from workflows.aws.admin import Admin, Details
from workflows.aws.errors import AwsGone, translated
from workflows.documents import session_end
from workflows.seen import Document, GranteeSeen, RoleSeen, Verdict


@dataclass(frozen=True)
class Written:
    """A write that AWS took: its time, to the second, and its id, by which CloudTrail has it."""

    at: datetime
    request_id: str


class Iam:
    """One account's IAM as one session sees it. Every method is one AWS call unless it says so.

    All raise Trouble. Writes are safe to repeat.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def role(self, name: str) -> RoleSeen:
        with translated("iam:GetRole"):
            reply = self._client.get_role(RoleName=name)
        role = reply["Role"]
        return RoleSeen(
            arn=role["Arn"],
            role_id=role["RoleId"],
            trust=role["AssumeRolePolicyDocument"],
            longest_session=role.get("MaxSessionDuration", 3600),
            boundary=role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            at=date_of(reply),
            tags={tag["Key"]: tag["Value"] for tag in role.get("Tags", ())},
        )

    def machine(self, name: str) -> GranteeSeen:
        role = self.role(name)
        return GranteeSeen(arn=role.arn, name=name, unique_id=role.role_id, at=role.at)

    def user(self, name: str) -> GranteeSeen:
        with translated("iam:GetUser"):
            reply = self._client.get_user(UserName=name)
        user = reply["User"]
        return GranteeSeen(
            arn=user["Arn"], name=user["UserName"], unique_id=user["UserId"], at=date_of(reply)
        )

    def user_names_by_tag(self, key: str, value: str) -> list[str]:
        """Names of users that carry the tag: one call per thousand users."""
        names: list[str] = []
        for user in self._all_users():
            tags = {tag["Key"]: tag["Value"] for tag in user.get("Tags", [])}
            if tags.get(key, "").casefold() == value.casefold():
                names.append(user["UserName"])
        return names

    def user_names(self, ids: Collection[str]) -> Mapping[str, str]:
        """Unique id → name now, of those of these users that there are: one call per thousand."""
        users = self._all_users()
        return {user["UserId"]: user["UserName"] for user in users if user["UserId"] in ids}

    def _all_users(self) -> list[Mapping[str, Any]]:
        with translated("iam:GetAccountAuthorizationDetails"):
            pages = self._client.get_paginator("get_account_authorization_details")
            found = pages.paginate(Filter=["User"], PaginationConfig={"PageSize": 1000})
            return [user for page in found for user in page["UserDetailList"]]

    def everything(self) -> Details:
        """All users, groups, roles and managed policies of the account: a call per thousand."""
        return Admin(self._client).details(users=True)

    def groups_of(self, user_name: str) -> frozenset[str]:
        """Names of the groups the user is in: one call, as no user is in more than ten."""
        with translated("iam:ListGroupsForUser"):
            pages = self._client.get_paginator("list_groups_for_user").paginate(UserName=user_name)
            return frozenset(group["GroupName"] for page in pages for group in page["Groups"])

    def members_of(self, group_name: str) -> Mapping[str, str]:
        """User name → unique id of everybody in the group: one call per hundred members."""
        with translated("iam:GetGroup"):
            pages = self._client.get_paginator("get_group").paginate(GroupName=group_name)
            return {user["UserName"]: user["UserId"] for page in pages for user in page["Users"]}

    def inline_group_names(self, group_name: str) -> list[str]:
        """Names of the group's inline policies."""
        with translated("iam:ListGroupPolicies"):
            pages = self._client.get_paginator("list_group_policies").paginate(GroupName=group_name)
            return [name for page in pages for name in page["PolicyNames"]]

    def group_policy(self, group_name: str, name: str) -> Document | None:
        """One inline policy of the group; None when there is none of that name."""
        try:
            with translated("iam:GetGroupPolicy"):
                reply = self._client.get_group_policy(GroupName=group_name, PolicyName=name)
        except AwsGone:
            return None
        document: Document = reply["PolicyDocument"]
        return document

    def attached_group_arns(self, group_name: str) -> list[str]:
        """ARNs of the managed policies that are attached to the group."""
        with translated("iam:ListAttachedGroupPolicies"):
            pages = self._client.get_paginator("list_attached_group_policies")
            return [
                attached["PolicyArn"]
                for page in pages.paginate(GroupName=group_name)
                for attached in page["AttachedPolicies"]
            ]

    def attached(self, _group_name: str, arn: str) -> Document | None:
        """A managed policy as it is in force: two calls; None when it is gone."""
        try:
            with translated("iam:GetPolicyVersion"):
                version = self._client.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
                policy = self._client.get_policy_version(PolicyArn=arn, VersionId=version)
        except AwsGone:
            return None
        document: Document = policy["PolicyVersion"]["Document"]
        return document

    def other_inline_names(self, role_name: str) -> list[str]:
        """Names of the role's inline policies but for the session end."""
        with translated("iam:ListRolePolicies"):
            pages = self._client.get_paginator("list_role_policies").paginate(RoleName=role_name)
            names = [name for page in pages for name in page["PolicyNames"]]
        return [name for name in names if name != session_end.NAME]

    def inline_policy(self, role_name: str, name: str) -> Document | None:
        """One inline policy of the role; None when there is none of that name."""
        try:
            with translated("iam:GetRolePolicy"):
                reply = self._client.get_role_policy(RoleName=role_name, PolicyName=name)
        except AwsGone:
            return None
        document: Document = reply["PolicyDocument"]
        return document

    def simulated(self, principal_arn: str, actions: Sequence[str], **asked: Any) -> list[Verdict]:
        """What AWS's simulation says of a user or role of this account, with his groups, boundary
        and service control policies (API SimulatePrincipalPolicy): one verdict an action.

        `asked` may hold `resource` (an ARN) and `keys` (condition key → value, as text).
        """
        more: dict[str, Any] = {}
        if resource := asked.get("resource"):
            more["ResourceArns"] = [resource]
        if keys := asked.get("keys"):
            more["ContextEntries"] = simulation.entries(keys)
        with translated("iam:SimulatePrincipalPolicy"):
            reply = self._client.simulate_principal_policy(
                PolicySourceArn=principal_arn, ActionNames=list(actions), **more
            )
        return [
            simulation.verdict(one["EvalActionName"], one["EvalDecision"], one)
            for one in reply["EvaluationResults"]
        ]

    def simulated_on(
        self,
        principal_arn: str,
        actions: Sequence[str],
        resource_arns: Sequence[str],
        keys: Mapping[str, str],
    ) -> Mapping[tuple[str, str], Verdict]:
        """The same of several resources at once, by action and ARN: a call, and one for each
        further page.
        """
        found: dict[tuple[str, str], Verdict] = {}
        with translated("iam:SimulatePrincipalPolicy"):
            pages = self._client.get_paginator("simulate_principal_policy")
            for page in pages.paginate(
                PolicySourceArn=principal_arn,
                ActionNames=list(actions),
                ResourceArns=list(resource_arns),
                ContextEntries=simulation.entries(keys),
            ):
                found |= simulation.each(page)
        return found

    def quotas(self) -> Mapping[str, int]:
        """The account's quotas and counts by AWS's names, e.g. AssumeRolePolicySizeQuota."""
        with translated("iam:GetAccountSummary"):
            summary: Mapping[str, int] = self._client.get_account_summary()["SummaryMap"]
        return summary

    def write_inline_policy(self, role_name: str, name: str, document: Document) -> Written:
        with translated("iam:PutRolePolicy"):
            return _written(
                self._client.put_role_policy(
                    RoleName=role_name, PolicyName=name, PolicyDocument=_compact(document)
                )
            )

    def write_trust(self, role_name: str, document: Document) -> Written:
        with translated("iam:UpdateAssumeRolePolicy"):
            reply = self._client.update_assume_role_policy(
                RoleName=role_name, PolicyDocument=_compact(document)
            )
        return _written(reply)

    def call(self, action: str, parameters: Mapping[str, Any]) -> None:
        """Makes any one call, by AWS's names."""
        Admin(self._client).call(action, parameters)

    def join(self, group_name: str, user_name: str) -> Written:
        with translated("iam:AddUserToGroup"):
            reply = self._client.add_user_to_group(GroupName=group_name, UserName=user_name)
        return _written(reply)

    def leave(self, group_name: str, user_name: str) -> Written:
        with translated("iam:RemoveUserFromGroup"):
            reply = self._client.remove_user_from_group(GroupName=group_name, UserName=user_name)
        return _written(reply)


def _written(reply: Any) -> Written:
    return Written(date_of(reply), str(reply["ResponseMetadata"].get("RequestId", "")))


def _compact(document: Document) -> str:
    return json.dumps(document, separators=(",", ":"))


def date_of(reply: Any) -> datetime:
    """AWS's own time of a reply, to the second: what AWS will judge by is dated with it."""
    header = reply["ResponseMetadata"]["HTTPHeaders"]["date"]
    return parsedate_to_datetime(header).astimezone(UTC)
