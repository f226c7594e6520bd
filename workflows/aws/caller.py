"""Who signs the calls of this process, as AWS says."""

from datetime import datetime

import boto3
from botocore.config import Config

from workflows.aws.errors import translated
from workflows.aws.fence import CONFIG
from workflows.aws.iam import date_of
from workflows.errors import Trouble
from workflows.seen import Caller

_SHORT = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 1})


def identity(session: boto3.Session, config: Config = CONFIG) -> tuple[Caller, datetime]:
    """Whose keys these are, and AWS's time: GetCallerIdentity, which needs no right. Raises
    Trouble.
    """
    with translated("sts:GetCallerIdentity"):
        reply = session.client("sts", config=config).get_caller_identity()
    return Caller(reply["Arn"], reply["Account"], reply["UserId"]), date_of(reply)


def caller(session: boto3.Session) -> str | None:
    """The ARN of whoever's keys these are; None without keys, or without an answer at once."""
    try:
        return identity(session, _SHORT)[0].arn
    except Trouble:
        return None
