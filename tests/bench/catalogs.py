"""Catalogs of any size, as the text that the product reads."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from demo.scene import slack_id

Json = dict[str, Any]

APPROVER: Final = "bob"
_CHANNEL: Final = "C0APPROVALS"
_MANAGER: Final = "/x/m"
"""Short: the policy of the bot's user names it once for each account, and its room is small."""


def names(prefix: str, count: int) -> list[str]:
    """`e0`, `e1` and so on: of people, or of accounts."""
    return [f"{prefix}{number}" for number in range(count)]


def role(accounts: Sequence[str], name: str | Sequence[str], mechanism: str) -> Json:
    """One or many roles in one or many accounts, as an entry of the catalog."""
    named = name if isinstance(name, str) else list(name)
    return {"accounts": list(accounts), "name": named, "mechanism": mechanism}


def catalog(people: Iterable[str], accounts: Sequence[str], roles: Sequence[Json]) -> str:
    """A catalog (in JSON, which is YAML too) where bob approves and everybody asks for himself."""
    return json.dumps(
        {
            "version": 1,
            "installation": "bench",
            "slack": {"team": "T0SANDBOX", "approvals_channel": _CHANNEL},
            "limits": {"pending_per_person": 100},
            "grantee_account": {"id": "111122223333", "name": "workforce"},
            "defaults": {
                "manager": _MANAGER,
                "group": "/xacct/{effect}-{account}-{role}",
                "requesters": "everyone",
                "approvers": [slack_id(APPROVER)],
            },
            "accounts": [
                {"id": f"{2 * 10**11 + number}", "name": name}
                for number, name in enumerate(accounts)
            ],
            "roles": list(roles),
            "people": [{"slack": slack_id(name), "iam_user": name} for name in people],
        }
    )
