"""Catalog files for tests: a small one that is right, with parts put in its place."""

from typing import Any

import yaml

from workflows.catalog.load import load
from workflows.catalog.mistakes import Mistake
from workflows.catalog.model import Catalog

GRANTEE = "111122223333"
PAYMENTS = {"id": "444455556666", "name": "prod-payments", "aliases": ["pay"]}
SEARCH = {"id": "777788889999", "name": "prod-search"}
ADMIN = {"accounts": "prod-payments", "name": "admin"}
SSO = "role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_0123456789abcdef"

_PARTS: dict[str, Any] = {
    "version": 1,
    "installation": "main",
    "slack": {"team": "T012ABCDE", "approvals_channel": "C012APPROVE"},
    "grantee_account": {"id": GRANTEE, "name": "workforce"},
    "defaults": {
        "group": "/xacct/{effect}-{account}-{role}",
        "requesters": "everyone",
        "approvers": ["U0ALICE", "U0BOB"],
    },
    "accounts": [PAYMENTS, SEARCH],
    "roles": [ADMIN],
}


class _Plain(yaml.SafeDumper):
    """Repeats what repeats, and puts every text in quotes that a catalog needs in quotes."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


_Plain.add_representer(
    str, lambda dumper, data: dumper.represent_scalar("tag:yaml.org,2002:str", data, style='"')
)


def text(**parts: Any) -> str:
    return yaml.dump(_PARTS | parts, Dumper=_Plain, sort_keys=False)


def catalog(**parts: Any) -> Catalog:
    found = load(text(**parts))
    assert isinstance(found, Catalog), [str(one) for one in found]
    return found


def mistakes(**parts: Any) -> list[Mistake]:
    found = load(text(**parts))
    assert isinstance(found, list), "the file was taken"
    return found


def role(**fields: Any) -> dict[str, Any]:
    return ADMIN | fields


def user(arn: str) -> str:
    return f"arn:aws:iam::{GRANTEE}:{arn}"


def person(**fields: Any) -> dict[str, Any]:
    return {"people": [{"slack": "U0A", "iam_user": "alice"} | fields]}


def machines(*several: dict[str, Any]) -> dict[str, Any]:
    return {
        "machines": [{"name": "ci", "role": user("role/ci"), "owners": []} | one for one in several]
    }


def visitor(**fields: Any) -> dict[str, Any]:
    return {"identity_center": [{"slack": "U0D", "role": user(SSO), "user_name": "dave"} | fields]}
