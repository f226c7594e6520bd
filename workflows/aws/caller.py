"""Who signs the calls of this process, as AWS says."""

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

_SHORT = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 1})


def caller(session: boto3.Session) -> str | None:
    """The ARN of whoever's keys these are; None when there are none, or AWS does not answer."""
    try:
        found = session.client("sts", config=_SHORT).get_caller_identity()
    except (ClientError, BotoCoreError):
        return None
    return str(found["Arn"])
