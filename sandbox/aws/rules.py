"""What IAM refuses when something is written, and what it does besides."""

import re
from collections.abc import Callable
from xml.sax.saxutils import escape

from sandbox.aws.documents import identity_statements
from sandbox.aws.errors import AwsError, conflict, invalid
from sandbox.aws.mfa import MfaDevices
from sandbox.aws.principals import Principals
from sandbox.aws.quotas import Quotas
from sandbox.aws.records import Record, Records
from sandbox.aws.request import Params

Check = Callable[[str, Params], None]

_NAME = re.compile(r"[\w+=,.@-]+", re.ASCII)
_PATH = re.compile(r"/|/[\x21-\x7e]+/")
_TAG = re.compile(r"[\w\s.:/=+@-]*")
_OF_AWS = ("/aws-reserved/", "/aws-service-role/")
_LONGEST = {"user": 64, "role": 64, "group": 128}


class Rules:
    """The checks of each IAM action, by account and parameters; they may mend the parameters."""

    def __init__(
        self, records: Records, quotas: Quotas, principals: Principals, mfa: MfaDevices
    ) -> None:
        self._records = records
        self._quotas = quotas
        self._principals = principals
        self._checks: dict[str, tuple[Check, ...]] = {
            "CreateUser": (self._new("user"), self._boundary),
            "CreateRole": (
                self._new("role"),
                self._trust("AssumeRolePolicyDocument"),
                _session_length,
                self._boundary,
            ),
            "PutUserPermissionsBoundary": (self._boundary,),
            "PutRolePermissionsBoundary": (self._boundary,),
            "CreateGroup": (self._new("group"),),
            "UpdateUser": (self._renamed,),
            "CreatePolicy": (self._managed,),
            "CreatePolicyVersion": (self._managed,),
            "CreateAccessKey": (quotas.access_keys,),
            "UpdateRole": (_session_length,),
            "UpdateAssumeRolePolicy": (self._trust("PolicyDocument"),),
            "AddUserToGroup": (quotas.groups,),
            "EnableMFADevice": (mfa.room,),
            "UpdateAccessKey": (self._own_key,),
            "DeleteAccessKey": (self._own_key,),
            "DeleteUser": (self._bare_user,),
            "DeleteGroup": (self._bare_group,),
        }
        for kind in _LONGEST:
            self._checks[f"Put{kind.title()}Policy"] = (self._inline(kind),)
            self._checks[f"Attach{kind.title()}Policy"] = (self._attached(kind),)

    def check(self, action: str, account_id: str, params: Params) -> None:
        """Raises `AwsError` for what AWS would refuse; quotas and documents included."""
        _well_formed(params)
        for check in self._checks.get(action, ()):
            check(account_id, params)

    def protect(self, caller: str, account_id: str, params: Params) -> None:
        """Refuses changes of AWS's own roles; the account's root stands in for AWS here."""
        if "RoleName" not in params or caller.endswith(":root"):
            return
        role = self._records.get("role", account_id, params["RoleName"])
        path = role["Path"] if role else params.get("Path", "/")
        if path.startswith(_OF_AWS):
            raise AwsError(
                400,
                "UnmodifiableEntity",
                f"Cannot perform the operation on the protected role '{params['RoleName']}' - "
                "this role is only modifiable by AWS",
            )

    def needless(self, action: str, account_id: str, params: Params) -> bool:
        """Whether AWS answers yes and does nothing: leaving a group one is not in."""
        if action != "RemoveUserFromGroup":
            return False
        group = self._records.get("group", account_id, params["GroupName"])
        user = self._records.get("user", account_id, params["UserName"])
        return bool(group and user and params["UserName"] not in group["Users"])

    def leaving(self, action: str, account_id: str, params: Params) -> Record | None:
        """The user or role that this call deletes, if it succeeds."""
        kind = {"DeleteUser": "user", "DeleteRole": "role"}.get(action)
        if kind is None:
            return None
        return self._records.get(kind, account_id, params[f"{kind.title()}Name"])

    def left(self, record: Record) -> None:
        """Rewrites the trust policies that named a user or role who is gone."""
        self._principals.forget(record)

    def _new(self, kind: str) -> Check:
        def check(account_id: str, params: Params) -> None:
            name = params[f"{kind.title()}Name"]
            _well_named(kind, name, params.get("Path") or "/")
            taken = (
                record[f"{kind.title()}Name"].lower()
                for record in self._records.all(kind, account_id)
            )
            if name.lower() in taken:
                raise AwsError(
                    409, "EntityAlreadyExists", f"{kind.title()} with name {name} already exists."
                )

        return check

    def _renamed(self, account_id: str, params: Params) -> None:
        renamed = params.get("NewUserName", params["UserName"])
        path = params.get("NewPath") or "/"
        if renamed.lower() == params["UserName"].lower():
            _well_named("user", renamed, path)
        else:
            self._new("user")(account_id, Params(UserName=renamed, Path=path))

    def _trust(self, parameter: str) -> Check:
        def check(account_id: str, params: Params) -> None:
            if parameter == "PolicyDocument" and not self._records.get(
                "role", account_id, params["RoleName"]
            ):
                return  # the handler says NoSuchEntity
            params[parameter] = self._principals.checked(params[parameter])
            self._quotas.trust(account_id, params[parameter])

        return check

    def _managed(self, account_id: str, params: Params) -> None:
        identity_statements(params["PolicyDocument"])
        self._quotas.managed(account_id, params["PolicyDocument"])

    def _inline(self, kind: str) -> Check:
        def check(account_id: str, params: Params) -> None:
            if self._records.get(kind, account_id, params[f"{kind.title()}Name"]):
                identity_statements(params["PolicyDocument"])
                self._quotas.inline(kind, account_id, params)

        return check

    def _attached(self, kind: str) -> Check:
        def check(account_id: str, params: Params) -> None:
            arn = params["PolicyArn"]
            if self._records.policy(account_id, arn) is None:
                told = f"Policy {arn} does not exist or is not attachable."
                raise AwsError(404, "NoSuchEntity", told)
            self._quotas.attached(kind, account_id, params)

        return check

    def _boundary(self, account_id: str, params: Params) -> None:
        arn = params.get("PermissionsBoundary")
        if arn and self._records.policy(account_id, arn) is None:
            told = f"Scope ARN: {arn} does not exist or is not attachable."
            raise AwsError(404, "NoSuchEntity", told)

    def _own_key(self, account_id: str, params: Params) -> None:
        keys = self._records.access_keys_of(account_id, params["UserName"])
        if params["AccessKeyId"] not in [key["AccessKeyId"] for key in keys]:
            raise AwsError(
                404,
                "NoSuchEntity",
                f"The Access Key with id {params['AccessKeyId']} cannot be found.",
            )

    def _bare_user(self, account_id: str, params: Params) -> None:
        name = params["UserName"]
        if self._records.groups_of(account_id, name):
            raise conflict("Cannot delete entity, must remove users from group first.")
        if self._records.inline("user", account_id, name):
            raise conflict("Cannot delete entity, must delete policies first.")
        if self._records.mfa_devices_of(account_id, name):
            raise conflict("Cannot delete entity, must delete MFA device first.")

    def _bare_group(self, account_id: str, params: Params) -> None:
        group = self._records.get("group", account_id, params["GroupName"])
        if group is None:
            return  # the handler says NoSuchEntity
        if group["Users"]:
            raise conflict("Cannot delete entity, must remove users from group first.")
        if group["AttachedPolicies"]:
            raise conflict("Cannot delete entity, must detach all policies first.")
        if self._records.inline("group", account_id, params["GroupName"]):
            raise conflict("Cannot delete entity, must delete policies first.")


def _well_named(kind: str, name: str, path: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > _LONGEST[kind]:
        raise invalid(f"The specified value for {kind}Name is invalid.")
    if not _PATH.fullmatch(path):
        raise invalid("The specified value for path is invalid.")


def _well_formed(params: Params) -> None:
    name = params.get("PolicyName", "x")
    if not _NAME.fullmatch(name) or len(name) > 128:
        raise invalid("The specified value for policyName is invalid.")
    for parameter, value in params.items():
        if parameter.startswith(("Tags.", "TagKeys.")) and not _TAG.fullmatch(value):
            raise invalid(f"The specified value for {parameter} is invalid.")
    if "Description" in params:
        params["Description"] = escape(params["Description"])  # it is answered as it is kept


def _session_length(_account_id: str, params: Params) -> None:
    if "MaxSessionDuration" not in params:
        return
    if not params["MaxSessionDuration"].isdigit() or not (
        3600 <= int(params["MaxSessionDuration"]) <= 43200
    ):
        raise invalid(
            f"1 validation error detected: Value '{params['MaxSessionDuration']}' at "
            "'maxSessionDuration' failed to satisfy constraint: "
            "Member must have a value between 3600 and 43200"
        )
