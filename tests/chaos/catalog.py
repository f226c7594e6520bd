"""The catalog of a house: one role in one account, lent one way; and who is who."""

import json
import random
from typing import Any, Final

from sandbox.slack.values import TEAM
from tests.chaos.runs import Way
from workflows.catalog.load import load
from workflows.catalog.model import Catalog

ENGINEERS: Final = tuple(f"e{number}" for number in range(1, 9))
"""One a run; in the way of machines each has a machine that is called the same with an m."""

NEIGHBOUR: Final = "nina"
APPROVER: Final = "bob"
KEY: Final = "vault/admin"


def slack_id(name: str) -> str:
    return f"U0{name.upper()}"


PEOPLE: Final = tuple(slack_id(name) for name in (*ENGINEERS, NEIGHBOUR, APPROVER))


def machine_of(name: str) -> str:
    return f"m-{name}"


def written(way: Way, channel: str) -> str:
    """The text of the file; its accounts are new ones."""
    home, owner = (f"{random.randrange(10**11, 10**12)}" for _ in range(2))
    callers = (*ENGINEERS, NEIGHBOUR)
    parts: dict[str, Any] = {
        "version": 1,
        "installation": "chaos",
        "slack": {"team": TEAM, "approvals_channel": channel, "alerts_channel": channel},
        "grantee_account": {
            "id": home,
            "name": "workforce",
            "manager": "/xacct-ctl/grantee-manager",
            "external_id": "home-1",
        },
        "defaults": {
            "manager": "/xacct-ctl/owner-manager",
            "external_id": "owner-1",
            "path": "/xacct/",
            "group": "/xacct/{effect}-{account}-{role}",
            "requesters": "everyone",
            "approvers": [slack_id(APPROVER)],
            "max_duration": "12h",
        },
        "accounts": [{"id": owner, "name": "vault"}],
        "roles": [
            {
                "accounts": "vault",
                "name": "admin",
                "mechanism": "trust-policy" if way is Way.MACHINE else str(way),
                "kinds": ["machine" if way is Way.MACHINE else "user"],
            }
        ],
        "people": [{"slack": slack_id(name), "iam_user": name} for name in callers],
    }
    if way is Way.MACHINE:
        parts["machines"] = [
            {
                "name": machine_of(name),
                "role": f"arn:aws:iam::{home}:role/{machine_of(name)}",
                "owners": [slack_id(name)],
            }
            for name in callers
        ]
    return json.dumps(parts, indent=1)  # YAML reads JSON


def loaded(text: str) -> Catalog:
    found = load(text)
    assert isinstance(found, Catalog), [str(one) for one in found]
    return found
