"""Quotas of an account, as `GetAccountSummary` tells them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

import re

from sandbox.aws.answers import Answer
from sandbox.aws.errors import over_quota
from sandbox.aws.records import Records

DEFAULTS = {
    "AccessKeysPerUserQuota": 2,
    "AssumeRolePolicySizeQuota": 2048,
    "AttachedPoliciesPerGroupQuota": 10,
    "AttachedPoliciesPerRoleQuota": 10,
    "AttachedPoliciesPerUserQuota": 10,
    "GroupPolicySizeQuota": 5120,
    "GroupsPerUserQuota": 10,
    "PolicySizeQuota": 6144,
    "RolePolicySizeQuota": 10240,
    "UserPolicySizeQuota": 2048,
}


def size(document: str) -> int:
    """The characters of a document that AWS counts: all but white space."""
    return len(re.sub(r"\s", "", document))


class Quotas:
    """What an account may have at most; every quota can be set."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._set: dict[tuple[str, str], int] = {}

    def of(self, account_id: str, name: str) -> int:
        """The quota of that name in an account."""
        return self._set.get((account_id, name), DEFAULTS[name])

    def set(self, account_id: str, name: str, value: int) -> None:
        """Raises or lowers a quota of an account; `KeyError` for a name that is none."""
        if name not in DEFAULTS:
            raise KeyError(name)
        self._set[account_id, name] = value

    def trust(self, account_id: str, document: str) -> None:
        """Refuses a trust policy that is too long."""
        most = self.of(account_id, "AssumeRolePolicySizeQuota")
        if size(document) > most:
            raise over_quota(f"Cannot exceed quota for ACLSizePerRole: {most}")

    def managed(self, account_id: str, document: str) -> None:
        """Refuses a managed policy that is too long."""
        most = self.of(account_id, "PolicySizeQuota")
        if size(document) > most:
            raise over_quota(f"Cannot exceed quota for PolicySize: {most}")

    def inline(self, kind: str, account_id: str, params: dict[str, str]) -> None:
        """Refuses an inline policy that takes a user's, group's or role's total over its quota."""
        name = params[f"{kind.title()}Name"]
        kept = self._records.inline(kind, account_id, name)
        kept[params["PolicyName"]] = params["PolicyDocument"]
        most = self.of(account_id, f"{kind.title()}PolicySizeQuota")
        if sum(size(document) for document in kept.values()) > most:
            raise over_quota(f"Maximum policy size of {most} bytes exceeded for {kind} {name}")

    def attached(self, kind: str, account_id: str, params: dict[str, str]) -> None:
        """Refuses one managed policy too many."""
        record = self._records.get(kind, account_id, params[f"{kind.title()}Name"])
        if record is None or params["PolicyArn"] in record["AttachedPolicies"]:
            return
        most = self.of(account_id, f"AttachedPoliciesPer{kind.title()}Quota")
        if len(record["AttachedPolicies"]) >= most:
            raise over_quota(f"Cannot exceed quota for PoliciesPer{kind.title()}: {most}")

    def groups(self, account_id: str, params: dict[str, str]) -> None:
        """Refuses one group too many for a user."""
        mine = [
            group["GroupName"] for group in self._records.groups_of(account_id, params["UserName"])
        ]
        most = self.of(account_id, "GroupsPerUserQuota")
        if params["GroupName"] not in mine and len(mine) >= most:
            raise over_quota(f"Cannot exceed quota for GroupsPerUser: {most}")

    def access_keys(self, account_id: str, params: dict[str, str]) -> None:
        """Refuses one access key too many for a user."""
        most = self.of(account_id, "AccessKeysPerUserQuota")
        if len(self._records.access_keys_of(account_id, params["UserName"])) >= most:
            raise over_quota(f"Cannot exceed quota for AccessKeysPerUser: {most}")

    def told(self, account_id: str, answer: Answer) -> Answer:
        """The account summary with the quotas as they are."""
        status, headers, body = answer
        text = body.decode()
        for name in DEFAULTS:
            entry = f"<entry><key>{name}</key><value>{self.of(account_id, name)}</value></entry>"
            text = re.sub(rf"<entry><key>{name}</key><value>\d+</value></entry>", "", text)
            text = text.replace("</SummaryMap>", f"{entry}</SummaryMap>")
        return status, headers, text.encode()
