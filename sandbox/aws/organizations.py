"""AWS Organizations, as far as who lists its accounts sees it.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.aws.errors import AwsError
from sandbox.aws.json_calls import Asked, JsonCall
from sandbox.aws.partition import Partition

_MOST = 20
_NO_PERMISSION = "You don't have permissions to access this resource."


@dataclass(frozen=True)
class Organization:
    """`accounts` are as AWS tells them, `delegated` the ids of who may list them, too."""

    management: str
    accounts: tuple[Mapping[str, Any], ...]
    delegated: frozenset[str]

    @property
    def members(self) -> frozenset[str]:
        return frozenset(one["Id"] for one in self.accounts)


class Organizations(JsonCall):
    """Answers the calls of Organizations."""

    target = "AWSOrganizationsV20161128.ListAccounts"
    action = "organizations:ListAccounts"
    unknown = ("UnknownOperationException", "The sandbox lists accounts only.")
    words = "Message"

    def __init__(self, partition: Partition) -> None:
        self._partition = partition
        self._known: dict[str, Organization] = {}

    def found(self, management: str, accounts: list[dict[str, Any]], delegated: list[str]) -> None:
        """Makes the organization of a management account what is said, in place of the last one.

        Each account needs its `Id` and `Name`, and may say any other field of the answer.
        """
        number = f"o-{management}"
        told = tuple(
            {
                "Arn": self._partition.arn(
                    "organizations", management, f"account/{number}/{one['Id']}"
                ),
                "Email": f"{one['Id']}@example.com",
                "JoinedMethod": "CREATED",
                "JoinedTimestamp": 1.6e9,
                **one,
            }
            for one in accounts
        )
        self._known[management] = Organization(management, told, frozenset(delegated))

    def page(self, account_id: str, asked: Asked) -> dict[str, Any]:
        accounts = self._listed_for(account_id)
        start, most = _start(asked), asked.get("MaxResults", _MOST)
        if not isinstance(most, int) or not 1 <= most <= _MOST:
            raise AwsError(400, "InvalidInputException", "You provided a value that is not valid.")
        page: dict[str, Any] = {"Accounts": accounts[start : start + most]}
        if len(accounts) > start + most:
            page["NextToken"] = base64.b64encode(str(start + most).encode()).decode()
        return page

    def _listed_for(self, account_id: str) -> tuple[Mapping[str, Any], ...]:
        for one in self._known.values():
            if account_id == one.management or account_id in one.delegated:
                return one.accounts
            if account_id in one.members:
                raise AwsError(400, "AccessDeniedException", _NO_PERMISSION)
        told = "Your account is not a member of an organization."
        raise AwsError(400, "AWSOrganizationsNotInUseException", told)


def _start(asked: Asked) -> int:
    token = asked.get("NextToken")
    if token is None:
        return 0
    try:
        return int(base64.b64decode(token, validate=True))
    except (TypeError, ValueError):
        told = "The provided NextToken is not valid."
        raise AwsError(400, "InvalidInputException", told) from None
