"""IAM of one account as whoever sets it up sees it: all of it read at once, and any call made."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from botocore import xform_name

from workflows.aws import simulation
from workflows.aws.errors import translated
from workflows.documents.text import Document
from workflows.seen import Verdict

_PAGE: Final = 1000  # the most that AWS gives (IAM, GetAccountAuthorizationDetails)

Details = Mapping[str, list[Mapping[str, Any]]]


class Admin:
    """One account's IAM, with the rights of who runs setup. All methods raise Trouble."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def details(self, *, users: bool) -> Details:
        """Roles, and managed policies of the account, with `users` users and groups, too; one call
        per thousand of them.
        """
        kinds = ["Role", "LocalManagedPolicy", *(["User", "Group"] if users else [])]
        found: dict[str, list[Mapping[str, Any]]] = {}
        with translated("iam:GetAccountAuthorizationDetails"):
            pages = self._client.get_paginator("get_account_authorization_details")
            for page in pages.paginate(Filter=kinds, PaginationConfig={"PageSize": _PAGE}):
                for key in ("RoleDetailList", "Policies", "UserDetailList", "GroupDetailList"):
                    found.setdefault(key, []).extend(page.get(key, []))
        return found

    def aliases(self) -> list[str]:
        """What the account is called in IAM: one alias at most (IAM, ListAccountAliases)."""
        with translated("iam:ListAccountAliases"):
            found: list[str] = self._client.list_account_aliases()["AccountAliases"]
        return found

    def longest_sessions(self, roles: Collection[str]) -> Mapping[str, int]:
        """Seconds, by the role's name: one call a role."""
        return {name: self._role(name).get("MaxSessionDuration", 3600) for name in roles}

    def trust(self, role: str) -> Document:
        """The role's trust policy."""
        document: Document = self._role(role)["AssumeRolePolicyDocument"]
        return document

    def lent(self, role: str) -> tuple[str, Document]:
        """The role's ARN and its trust policy."""
        found = self._role(role)
        return found["Arn"], found["AssumeRolePolicyDocument"]

    def may_assume(
        self, principal_arn: str, role_arns: Sequence[str], keys: Mapping[str, str]
    ) -> Mapping[str, Verdict]:
        """What AWS's simulation says of a user or role of this account about each of the roles, by
        their ARNs: a call, and one for each further page. `keys` are condition keys of the call.
        """
        found = self.simulated(principal_arn, ["sts:AssumeRole"], role_arns, keys)
        return {resource: verdict for (_, resource), verdict in found.items()}

    def simulated(
        self,
        principal_arn: str,
        actions: Sequence[str],
        resources: Sequence[str] = (),
        keys: Mapping[str, str] | None = None,
    ) -> Mapping[tuple[str, str], Verdict]:
        """What AWS's simulation says of each action on each resource; the resource is `*` where
        none is given. A call, and one for each further page.
        """
        found: dict[tuple[str, str], Verdict] = {}
        with translated("iam:SimulatePrincipalPolicy"):
            pages = self._client.get_paginator("simulate_principal_policy")
            for page in pages.paginate(
                PolicySourceArn=principal_arn,
                ActionNames=list(actions),
                ContextEntries=simulation.entries(keys or {}),
                **({"ResourceArns": list(resources)} if resources else {}),
            ):
                found |= simulation.each(page)
        return found

    def _role(self, name: str) -> Mapping[str, Any]:
        with translated("iam:GetRole"):
            role: Mapping[str, Any] = self._client.get_role(RoleName=name)["Role"]
        return role

    def call(self, action: str, parameters: Mapping[str, Any]) -> None:
        """Makes one call, by AWS's names."""
        method = getattr(self._client, xform_name(action))
        with translated(f"iam:{action}"):
            method(**parameters)
