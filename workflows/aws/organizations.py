"""The accounts of an organization, as AWS Organizations lists them."""

from typing import Any, Final

from workflows.aws.errors import translated
from workflows.seen import Listed

_ACTIVE: Final = "ACTIVE"


class Organization:
    """The organization of whoever asks: AWS answers its management account and delegated
    administrators only (AWS Organizations API Reference, ListAccounts).
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def accounts(self) -> list[Listed]:
        """All of them, in AWS's order; a call for each twenty. Raises Trouble."""
        found = []
        with translated("organizations:ListAccounts"):
            for page in self._client.get_paginator("list_accounts").paginate():
                found += [_listed(one) for one in page["Accounts"]]
        return found


def _listed(one: Any) -> Listed:
    """`State` takes the place of `Status`, which AWS retires; older answers have that alone."""
    state = one.get("State") or one.get("Status")
    partition = one["Arn"].split(":")[1]
    return Listed(one["Id"], one.get("Name", ""), partition, is_active=state == _ACTIVE)
