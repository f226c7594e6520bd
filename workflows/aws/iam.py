"""The IAM calls that xacct makes in one account, each returning a value."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from workflows.aws.errors import AwsGone, translated
from workflows.seen import Document, GranteeSeen, RoleSeen


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
        with translated("iam:GetAccountAuthorizationDetails"):
            pages = self._client.get_paginator("get_account_authorization_details")
            for page in pages.paginate(Filter=["User"], PaginationConfig={"PageSize": 1000}):
                for user in page["UserDetailList"]:
                    tags = {tag["Key"]: tag["Value"] for tag in user.get("Tags", [])}
                    if tags.get(key, "").casefold() == value.casefold():
                        names.append(user["UserName"])
        return names

    def groups_of(self, user_name: str) -> frozenset[str]:
        """Names of the groups the user is in: one call, as no user is in more than ten."""
        with translated("iam:ListGroupsForUser"):
            pages = self._client.get_paginator("list_groups_for_user").paginate(UserName=user_name)
            return frozenset(group["GroupName"] for page in pages for group in page["Groups"])

    def inline_group_documents(self, group_name: str) -> list[Document]:
        """The group's inline policies: one call, and one per policy."""
        with translated("iam:GetGroupPolicy"):
            pages = self._client.get_paginator("list_group_policies").paginate(GroupName=group_name)
            names = [name for page in pages for name in page["PolicyNames"]]
            return [
                self._client.get_group_policy(GroupName=group_name, PolicyName=name)[
                    "PolicyDocument"
                ]
                for name in names
            ]

    def attached_group_documents(self, group_name: str) -> list[Document]:
        """The managed policies attached to the group: one call, and two per policy."""
        documents: list[Document] = []
        with translated("iam:GetPolicyVersion"):
            pages = self._client.get_paginator("list_attached_group_policies")
            for page in pages.paginate(GroupName=group_name):
                for attached in page["AttachedPolicies"]:
                    arn = attached["PolicyArn"]
                    version = self._client.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
                    policy = self._client.get_policy_version(PolicyArn=arn, VersionId=version)
                    documents.append(policy["PolicyVersion"]["Document"])
        return documents

    def inline_names(self, role_name: str) -> list[str]:
        """Names of the role's inline policies."""
        with translated("iam:ListRolePolicies"):
            pages = self._client.get_paginator("list_role_policies").paginate(RoleName=role_name)
            return [name for page in pages for name in page["PolicyNames"]]

    def inline_policy(self, role_name: str, name: str) -> Document | None:
        """One inline policy of the role; None when there is none of that name."""
        try:
            with translated("iam:GetRolePolicy"):
                reply = self._client.get_role_policy(RoleName=role_name, PolicyName=name)
        except AwsGone:
            return None
        document: Document = reply["PolicyDocument"]
        return document

    def quotas(self) -> Mapping[str, int]:
        """The account's quotas and counts by AWS's names, e.g. AssumeRolePolicySizeQuota."""
        with translated("iam:GetAccountSummary"):
            summary: Mapping[str, int] = self._client.get_account_summary()["SummaryMap"]
        return summary

    def write_inline_policy(self, role_name: str, name: str, document: Document) -> None:
        with translated("iam:PutRolePolicy"):
            self._client.put_role_policy(
                RoleName=role_name, PolicyName=name, PolicyDocument=_compact(document)
            )

    def write_trust(self, role_name: str, document: Document) -> None:
        with translated("iam:UpdateAssumeRolePolicy"):
            self._client.update_assume_role_policy(
                RoleName=role_name, PolicyDocument=_compact(document)
            )

    def join(self, group_name: str, user_name: str) -> None:
        with translated("iam:AddUserToGroup"):
            self._client.add_user_to_group(GroupName=group_name, UserName=user_name)

    def leave(self, group_name: str, user_name: str) -> None:
        with translated("iam:RemoveUserFromGroup"):
            self._client.remove_user_from_group(GroupName=group_name, UserName=user_name)


def _compact(document: Document) -> str:
    return json.dumps(document, separators=(",", ":"))


def date_of(reply: Any) -> datetime:
    """AWS's own time of a reply, to the second: what AWS will judge by is dated with it."""
    header = reply["ResponseMetadata"]["HTTPHeaders"]["date"]
    return parsedate_to_datetime(header).astimezone(UTC)
