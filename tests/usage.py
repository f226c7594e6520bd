"""What engineers do with a role while they have it, with real calls."""

import json
from typing import Any, Final

from botocore.exceptions import ClientError

from sandbox.aws.process import Keys
from tests.lab import Lab, Visit
from workflows.aws.activity import EventHistory
from workflows.aws.lookup import Lookup
from workflows.aws.vendor import Credentials
from workflows.catalog.permissions import Permissions

MAY: Final = Permissions(
    managed=(),
    document=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["iam:CreateGroup", "iam:List*", "sts:AssumeRole", "s3:*"],
                    "Resource": "*",
                }
            ],
        }
    ),
    at_most=("iam:*", "s3:*", "sts:AssumeRole"),
)
"""A role that can change something: make a group, or go on into a role that lets it in."""


def history(lab: Lab) -> EventHistory:
    """CloudTrail, asked as fast as one likes."""
    return EventHistory(Lookup(lab.session(), run="lab", apart=0))


def client(lab: Lab, session: Visit | Credentials | None, service: str) -> Any:
    """Whoever holds the session's keys, as a client of a service."""
    held = session.session if isinstance(session, Visit) else session
    assert held is not None, session
    keys = Keys(held.access_key_id, held.secret_access_key, held.session_token)
    return lab.aws.client(service, keys)


def works(lab: Lab, session: Visit | Credentials, *groups: str) -> None:
    """Makes groups, reads a little, and tries what the role may not."""
    iam = client(lab, session, "iam")
    for name in groups:
        iam.create_group(GroupName=name)
    iam.list_groups()
    try:
        iam.create_user(UserName="eve")
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDenied"  # noqa: PT017
