"""What the checks made, and how it is removed with all that hangs on it."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

Remove = Callable[[], None]


class Leftovers:
    """Things to remove, the last made first; something already gone is removed."""

    def __init__(self) -> None:
        self._steps: list[Remove] = []

    def user(self, iam: Any, name: str) -> None:
        self._steps.append(lambda: _remove_user(iam, name))

    def role(self, iam: Any, name: str) -> None:
        self._steps.append(lambda: _remove_role(iam, name))

    def group(self, iam: Any, name: str) -> None:
        self._steps.append(lambda: _remove_group(iam, name))

    def policy(self, iam: Any, arn: str) -> None:
        # Policies hang on the others, so they go last.
        self._steps.insert(0, lambda: _remove_policy(iam, arn))

    def mfa_device(self, iam: Any, serial: str, user_name: str) -> None:
        self._steps.append(lambda: iam.delete_virtual_mfa_device(SerialNumber=serial))
        named = {"UserName": user_name, "SerialNumber": serial}
        self._steps.append(lambda: iam.deactivate_mfa_device(**named))

    def bucket(self, s3: Any, name: str) -> None:
        self._steps.append(lambda: s3.delete_bucket(Bucket=name))

    def remove(self) -> None:
        """Removes everything; tries every step, then raises the first failure."""
        failures = []
        while self._steps:
            try:
                self._steps.pop()()
            except ClientError as error:
                if error.response["Error"]["Code"] != "NoSuchEntity":
                    failures.append(error)
        if failures:
            raise failures[0]


def _remove_user(iam: Any, name: str) -> None:
    for group in iam.list_groups_for_user(UserName=name)["Groups"]:
        iam.remove_user_from_group(GroupName=group["GroupName"], UserName=name)
    for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
        iam.delete_user_policy(UserName=name, PolicyName=policy)
    for attached in iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]:
        iam.detach_user_policy(UserName=name, PolicyArn=attached["PolicyArn"])
    if iam.get_user(UserName=name)["User"].get("PermissionsBoundary"):
        iam.delete_user_permissions_boundary(UserName=name)
    iam.delete_user(UserName=name)


def _remove_role(iam: Any, name: str) -> None:
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    for attached in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=attached["PolicyArn"])
    iam.delete_role(RoleName=name)


def _remove_group(iam: Any, name: str) -> None:
    for user in iam.get_group(GroupName=name)["Users"]:
        iam.remove_user_from_group(GroupName=name, UserName=user["UserName"])
    for policy in iam.list_group_policies(GroupName=name)["PolicyNames"]:
        iam.delete_group_policy(GroupName=name, PolicyName=policy)
    for attached in iam.list_attached_group_policies(GroupName=name)["AttachedPolicies"]:
        iam.detach_group_policy(GroupName=name, PolicyArn=attached["PolicyArn"])
    iam.delete_group(GroupName=name)


def _remove_policy(iam: Any, arn: str) -> None:
    for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
    iam.delete_policy(PolicyArn=arn)
