"""The API call that is being answered: who asked for what, and what was judged so far."""

import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from sandbox.aws.errors import AwsError, invalid


class Params(dict[str, str]):
    """The parameters of a call of IAM or STS; a missing one is the caller's mistake."""

    def __missing__(self, name: str) -> str:
        raise invalid(
            f"1 validation error detected: Value null at '{name[:1].lower()}{name[1:]}' "
            "failed to satisfy constraint: Member must not be null"
        )


@dataclass
class Request:
    """One HTTP request on its way through the emulator."""

    arrived: float = field(default_factory=time.monotonic)
    key: str = ""
    account_id: str = ""
    caller: str = ""
    principal_id: str = ""
    principal_type: str = ""  # User, AssumedRole, FederatedUser or Root
    service: str = ""
    region: str = ""  # what it was signed for; empty: a service's own call
    method: str = ""
    action: str = ""
    resource: str = "*"
    known: bool = False  # the caller is who he says
    temporary: bool = False  # signed with the key of a session
    mfa: bool = False  # a code of an MFA device came along and was right
    params: Params = field(default_factory=Params)
    judged: set[str] = field(default_factory=set)


current: ContextVar[Request] = ContextVar("current")


def one_meaning(method: str, query: Mapping[str, list[str]], body: bytes) -> Params:
    """The parameters of a call, each said once and in one place.

    Enforcement and the handlers read the query string, the form and repeated names in different
    orders; a call that could mean two things is refused, so that what was judged is what is done.
    """
    form = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    if method != "POST":
        form = []
    said = [(name, value) for name, values in query.items() for value in values] + form
    names = [name for name, _ in said]
    if (query and form) or len(set(names)) < len(names):
        raise AwsError(400, "InvalidParameterCombination", "A parameter is given more than once.")
    return Params(said)
