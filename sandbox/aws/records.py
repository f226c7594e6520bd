# ruff: noqa: SLF001  the emulator keeps its records under private names; here and in `emulator` only
"""The emulator's IAM records, read by account."""

from collections.abc import Iterator
from typing import Any

from sandbox.aws.partition import AWS, Partition

Record = dict[str, Any]

ENTITIES = {"user": "_users", "role": "_roles", "group": "_groups"}


class Records:
    """Users, roles, groups and policies of all accounts, as the emulator keeps them."""

    def __init__(self, iam: Any, partition: Partition = AWS) -> None:
        self._iam = iam
        self.partition = partition

    def get(self, kind: str, account_id: str, name: str) -> Record | None:
        """The user, role or group of that name, or None."""
        found: Record | None = self._store(kind).get_scoped(account_id, None, name)
        return found

    def all(self, kind: str, account_id: str | None = None) -> list[Record]:
        """Every user, role or group: of one account, or of all."""
        return [
            record
            for (owner, _), record in self._store(kind).to_dict().items()
            if account_id in (None, owner)
        ]

    def named(self, arn: str) -> Record | None:
        """The user or role that an ARN names exactly, path included."""
        fields = arn.split(":", 5)
        kind, _, rest = fields[5].partition("/") if len(fields) == 6 else ("", "", "")
        if kind not in ("user", "role"):
            return None
        record = self.get(kind, fields[4], rest.rsplit("/", 1)[-1])
        return record if record and record["Arn"] == arn else None

    def with_id(self, unique_id: str) -> Record | None:
        """The user or role that has this unique id."""
        kind = {"AIDA": "user", "AROA": "role"}.get(unique_id[:4])
        if kind is None:
            return None
        key = f"{kind.title()}Id"
        return next((record for record in self.all(kind) if record[key] == unique_id), None)

    def policy(self, account_id: str, arn: str) -> Record | None:
        """The managed policy of that ARN, the account's own or AWS's."""
        if arn.startswith(self.partition.arn("iam", "aws", "")):
            found: Record | None = self._iam._lookup_policy(arn)
            return found
        own: Record | None = self._iam._policies.get_scoped(account_id, None, arn)
        return own

    def inline(self, kind: str, account_id: str, name: str) -> dict[str, str]:
        """A user's, role's or group's inline policies: name to document."""
        if kind == "role":
            role = self.get("role", account_id, name) or {}
            return dict(role.get("InlinePolicies") or {})
        store = self._iam._user_inline_policies
        if kind == "group":
            store = self._iam._group_inline_policies
        return dict(store.get_scoped(account_id, None, name) or {})

    def groups_of(self, account_id: str, user_name: str) -> list[Record]:
        """The groups a user is in."""
        return [group for group in self.all("group", account_id) if user_name in group["Users"]]

    def access_keys_of(self, account_id: str, user_name: str) -> list[Record]:
        """A user's access keys."""
        return [
            key
            for (owner, _), key in self._iam._access_keys.to_dict().items()
            if owner == account_id and key["UserName"] == user_name
        ]

    def mfa_device(self, account_id: str, serial: str) -> Record | None:
        """The virtual MFA device of that serial number, or None."""
        found: Record | None = self._iam._mfa_devices.get_scoped(account_id, None, serial)
        return found

    def mfa_devices_of(self, account_id: str, user_name: str) -> list[Record]:
        """A user's MFA devices."""
        return [
            device
            for (owner, _), device in self._iam._mfa_devices.to_dict().items()
            if owner == account_id and device["User"] == user_name
        ]

    def add_mfa_device(self, account_id: str, path: str, name: str, seed: str) -> str | None:
        """The serial number of a new device that nobody has yet; None when there is one."""
        serial = self.partition.arn("iam", account_id, f"mfa{path}{name}")
        if self.mfa_device(account_id, serial):
            return None
        device = {
            "SerialNumber": serial,
            "Path": path,
            "User": None,
            "EnableDate": None,
            "Base32StringSeed": seed,
            "Used": 0,  # the step of the last code that counted
        }
        self._iam._mfa_devices.set_scoped(account_id, None, serial, device)
        return serial

    def rename_user(self, account_id: str, name: str, renamed: str, path: str) -> None:
        """Gives a user another name and path; his id, keys, groups and policies stay his."""
        user = self._iam._users.pop_scoped(account_id, None, name)
        user |= {
            "UserName": renamed,
            "Path": path,
            "Arn": self.partition.arn("iam", account_id, f"user{path}{renamed}"),
        }
        self._iam._users.set_scoped(account_id, None, renamed, user)
        inline = self._iam._user_inline_policies.pop_scoped(account_id, None, name, None)
        if inline:
            self._iam._user_inline_policies.set_scoped(account_id, None, renamed, inline)
        for group in self.groups_of(account_id, name):
            group["Users"][group["Users"].index(name)] = renamed
        for key in self.access_keys_of(account_id, name):
            key["UserName"] = renamed
        for device in self.mfa_devices_of(account_id, name):
            device["User"] = renamed

    def trusting(self, principal: str) -> Iterator[Record]:
        """The roles of any account whose trust policy names this principal."""
        quoted = f'"{principal}"'
        return (role for role in self.all("role") if quoted in role["AssumeRolePolicyDocument"])

    def _store(self, kind: str) -> Any:
        return getattr(self._iam, ENTITIES[kind])
