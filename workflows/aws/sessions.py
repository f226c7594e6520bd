"""Sessions of boto3 that share what is the same in all: the descriptions of services, which take a
tenth of a second to read, and the hooks that botocore comes with, a hundredth.
"""

from collections.abc import Mapping
from copy import copy
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.exceptions import BotoCoreError, ProfileNotFound
from botocore.hooks import HierarchicalEmitter

from workflows.errors import Trouble


@cache
def _first() -> tuple[HierarchicalEmitter, Any]:
    hooks = HierarchicalEmitter()
    loader = botocore.session.Session(event_hooks=hooks).get_component("data_loader")
    return hooks, loader  # botocore fills the hooks that it is given


def core_session(profile: str | None = None) -> botocore.session.Session:
    """A session of botocore as `botocore.session.Session(profile=…)` makes one, in a tenth of the
    time; what is registered with it stays its own.
    """
    hooks, loader = _first()
    core = botocore.session.Session(
        event_hooks=copy(hooks), include_builtin_handlers=False, profile=profile
    )
    core.register_component("data_loader", loader)
    return core


def aws_session(profile: str | None = None) -> boto3.Session:
    """A session with the credentials and settings of the environment, or of a profile.

    Raises botocore's ProfileNotFound.
    """
    return boto3.Session(botocore_session=core_session(profile))


def of_keys(keys: Mapping[str, str], region: str | None) -> boto3.Session:
    """A session with the `Credentials` of STS's answer."""
    return boto3.Session(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
        region_name=region,
        botocore_session=core_session(),
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
