"""Sessions of boto3 that share the descriptions of services: these take a tenth of a second."""

from typing import Final

import boto3
import botocore.session

_LOADER: Final = botocore.session.Session().get_component("data_loader")


def aws_session() -> boto3.Session:
    """A session with the credentials and settings of the environment."""
    core = botocore.session.Session()
    core.register_component("data_loader", _LOADER)
    return boto3.Session(botocore_session=core)
