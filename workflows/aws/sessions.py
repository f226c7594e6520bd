"""Sessions of boto3 that share the descriptions of services: these take a tenth of a second."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.exceptions import BotoCoreError, ProfileNotFound

from workflows.errors import Trouble


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


def of_keys(keys: Mapping[str, str], region: str | None) -> boto3.Session:
    """A session with the `Credentials` of STS's answer."""
    core: Any = aws_session()
    return boto3.Session(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
        region_name=region,
        botocore_session=core._session,  # noqa: SLF001  shares the descriptions
    )


def opened(profile: str | None) -> boto3.Session:
    """The same, where what is wrong with the settings shows at once. Raises Trouble."""
    try:
        made: Any = aws_session(profile)
        made.client("sts")  # botocore looks profiles and credentials up no sooner
    except ProfileNotFound as error:
        raise Trouble("profile", "ProfileNotFound", str(error)) from None
    except (BotoCoreError, OSError, ValueError) as error:  # ValueError: of a credential_process
        words = "AWS's settings cannot be read"
        raise Trouble("profile", type(error).__name__, words) from None
    session: boto3.Session = made
    return session
