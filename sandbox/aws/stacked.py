"""The resources of IAM that a stack of CloudFormation makes, and takes away again.

Each is made by the calls that CloudFormation makes for it, so IAM's own rules and the rights of
whoever asked for the stack decide. A resource that could not be made whole is taken away.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final

from sandbox.aws.behalf import OnBehalf, RefusedError
from sandbox.aws.records import Record, Records
from sandbox.aws.request import current

Properties = Mapping[str, Any]
Made = tuple[str, dict[str, str]]  # what Ref gives, and what Fn::GetAtt gives

_HOLDERS: Final = {"Users": "User", "Roles": "Role", "Groups": "Group"}


class Stacked:
    """Makes and deletes roles, managed policies, groups and memberships."""

    def __init__(self, behalf: OnBehalf, records: Records) -> None:
        self._call = behalf.call
        self._records = records

    def handlers(self) -> dict[str, dict[str, Callable[..., Any]]]:
        """What makes and deletes each type of resource, as ministack keeps it."""
        return {
            "AWS::IAM::Role": {"create": self._role, "delete": self._no_role},
            "AWS::IAM::ManagedPolicy": {"create": self._policy, "delete": self._no_policy},
            "AWS::IAM::Group": {"create": self._group, "delete": self._no_group},
            "AWS::IAM::UserToGroupAddition": {
                "create": self._members,
                "delete": self._no_members,
            },
        }

    # --- roles

    def _role(self, logical_id: str, properties: Properties, stack: str) -> Made:
        name = properties.get("RoleName") or f"{stack}-{logical_id}"
        said = _only(
            properties,
            *("Path", "Description", "AssumeRolePolicyDocument", "MaxSessionDuration"),
            *("PermissionsBoundary", "Tags"),
        )
        self._call("CreateRole", RoleName=name, **said)
        with self._whole(self._no_role, name, properties):
            self._fill("Role", name, properties)
        role = self._there("role", name)
        return name, {"Arn": role["Arn"], "RoleId": role["RoleId"]}

    def _no_role(self, name: str, properties: Properties) -> None:
        with _gone():
            self._drain("Role", name, properties)
            self._call("DeleteRole", RoleName=name)

    # --- managed policies

    def _policy(self, logical_id: str, properties: Properties, stack: str) -> Made:
        name = properties.get("ManagedPolicyName") or f"{stack}-{logical_id}"
        said = _only(properties, "Path", "Description", "PolicyDocument")
        self._call("CreatePolicy", PolicyName=name, **said)
        path = properties.get("Path", "/")
        arn = self._records.partition.arn("iam", current.get().account_id, f"policy{path}{name}")
        with self._whole(self._no_policy, arn, properties):
            for holders, kind in _HOLDERS.items():
                for holder in properties.get(holders) or ():
                    self._call(f"Attach{kind}Policy", PolicyArn=arn, **{f"{kind}Name": holder})
        return arn, {"PolicyArn": arn}

    def _no_policy(self, arn: str, properties: Properties) -> None:
        for holders, kind in _HOLDERS.items():
            for holder in properties.get(holders) or ():
                with _gone():
                    self._call(f"Detach{kind}Policy", PolicyArn=arn, **{f"{kind}Name": holder})
        policy = self._records.policy(current.get().account_id, arn) or {"Versions": {}}
        for version in list(policy["Versions"].values()):
            if not version["IsDefaultVersion"]:
                said = {"PolicyArn": arn, "VersionId": version["VersionId"]}
                self._call("DeletePolicyVersion", **said)
        with _gone():
            self._call("DeletePolicy", PolicyArn=arn)

    # --- groups

    def _group(self, logical_id: str, properties: Properties, stack: str) -> Made:
        name = properties.get("GroupName") or f"{stack}-{logical_id}"
        self._call("CreateGroup", GroupName=name, **_only(properties, "Path"))
        with self._whole(self._no_group, name, properties):
            self._fill("Group", name, properties)
        return name, {"Arn": self._there("group", name)["Arn"]}

    def _no_group(self, name: str, properties: Properties) -> None:
        with _gone():
            self._drain("Group", name, properties)
            self._call("DeleteGroup", GroupName=name)

    # --- memberships

    def _members(self, logical_id: str, properties: Properties, stack: str) -> Made:
        group = properties["GroupName"]
        physical = f"{stack}-{logical_id}"
        with self._whole(self._no_members, physical, properties):
            for user in properties["Users"]:
                self._call("AddUserToGroup", GroupName=group, UserName=user)
        return physical, {"Id": physical}

    def _no_members(self, _physical: str, properties: Properties) -> None:
        for user in properties["Users"]:
            with _gone():
                group = properties["GroupName"]
                self._call("RemoveUserFromGroup", GroupName=group, UserName=user)

    # --- what roles and groups have in common

    def _fill(self, kind: str, name: str, properties: Properties) -> None:
        holder = {f"{kind}Name": name}
        for arn in properties.get("ManagedPolicyArns") or ():
            self._call(f"Attach{kind}Policy", PolicyArn=arn, **holder)
        for inline in properties.get("Policies") or ():
            self._call(f"Put{kind}Policy", **holder, **_only(inline, *inline))

    def _drain(self, kind: str, name: str, properties: Properties) -> None:
        """Takes out what the template has put in; of anything else the deletion has to fail."""
        holder = {f"{kind}Name": name}
        for arn in properties.get("ManagedPolicyArns") or ():
            with _gone():
                self._call(f"Detach{kind}Policy", PolicyArn=arn, **holder)
        for inline in properties.get("Policies") or ():
            with _gone():
                said = {"PolicyName": inline["PolicyName"]}
                self._call(f"Delete{kind}Policy", **holder, **said)

    @contextmanager
    def _whole(
        self, taken: Callable[[str, Properties], None], physical: str, properties: Properties
    ) -> Iterator[None]:
        try:
            yield
        except RefusedError:
            with suppress(RefusedError):
                taken(physical, properties)
            raise

    def _there(self, kind: str, name: str) -> Record:
        record = self._records.get(kind, current.get().account_id, name)
        assert record is not None
        return record


def _only(properties: Properties, *names: str) -> dict[str, Any]:
    return {name: properties[name] for name in names if properties.get(name) is not None}


@contextmanager
def _gone() -> Iterator[None]:
    """What is not there any more needs no deletion."""
    try:
        yield
    except RefusedError as refused:
        if refused.code != "NoSuchEntity":
            raise
