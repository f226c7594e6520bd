"""The throw-away role while it is there: whose hands it is in, and the calls that write it."""

import json
import time
from dataclasses import dataclass
from threading import Event
from typing import Any, Final

from workflows.aws.errors import AwsGone
from workflows.aws.hands import Hands
from workflows.catalog.model import Account
from workflows.documents.text import Statement, document, statements
from workflows.setup.objects import CONTROL
from workflows.verify.asking import Somebody

PATIENCE: Final = 60.0
"""Seconds that AWS is given to come round to what was written (xacct tells people a minute)."""


@dataclass(frozen=True)
class Stage:
    """Where it happens: `hands` may do anything in the owner account, `visitor` is an administrator
    of the grantee account, if one is there. `patience` in seconds.
    """

    account: Account
    installation: str
    hands: Hands
    visitor: Somebody | None
    name: str
    patience: float = PATIENCE

    @property
    def arn(self) -> str:
        home = f"arn:{self.account.partition}:iam::{self.account.id}"
        return f"{home}:role{CONTROL}{self.name}"

    def trusts(self, *several: Statement) -> None:
        """Writes its trust policy. Raises Trouble, as all below."""
        written = {"RoleName": self.name, "PolicyDocument": json.dumps(document(several))}
        self.call("UpdateAssumeRolePolicy", written)

    def puts(self, name: str, policy: dict[str, Any]) -> None:
        """Writes one of its inline policies."""
        named = {"RoleName": self.name, "PolicyName": name, "PolicyDocument": json.dumps(policy)}
        self.call("PutRolePolicy", named)

    def trust(self) -> list[Statement]:
        """The statements of its trust policy, as AWS shows them."""
        role = self.call("GetRole", {"RoleName": self.name})["Role"]
        return statements(role["AssumeRolePolicyDocument"])

    def call(self, action: str, parameters: dict[str, Any]) -> Any:
        """Made again while AWS does not see yet that the role is there."""
        began = time.monotonic()
        while True:
            try:
                return self.hands.call("iam", action, parameters)
            except AwsGone:
                if time.monotonic() - began >= self.patience:
                    raise
            Event().wait(1)
