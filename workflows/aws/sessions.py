"""Sessions of boto3 that share the descriptions of services: these take a tenth of a second."""

from functools import cache
from typing import Any

import boto3
import botocore.session


@cache
def descriptions() -> Any:
    """Botocore's `data_loader`, which remembers the descriptions that it has read."""
    return botocore.session.Session().get_component("data_loader")


def aws_session(profile: str | None = None) -> boto3.Session:
    """A session with the credentials and settings of the environment, or of a profile.

    Raises botocore's ProfileNotFound.
    """
    core = botocore.session.Session(profile=profile)
    core.register_component("data_loader", descriptions())
    return boto3.Session(botocore_session=core)
