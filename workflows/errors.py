"""Refusals: what xacct will not do, as types whose text is the sentence a person reads."""

import re
from typing import Final


class Refused(Exception):  # noqa: N818  it is an answer, not a fault
    """Something that was asked for will not be done; `str()` is the whole sentence shown.

    The sentence says what is wrong and how to get it right. It never holds a secret.
    """


class NotFound(Refused):
    """The thing named is not there, or is not for this person: both read alike."""


class NotAllowed(Refused):
    """The rules do not let this person do this."""


class AlreadySettled(Refused):
    """Somebody else, or time, was faster; the sentence says what the state is now."""


class Trouble(Exception):  # noqa: N818  its kinds are named by what AWS did
    """AWS did not do as asked. `action` is AWS's name of the call; the text holds no secret.

    `reference` says under which name more is known of it: AWS's id of the request, by which AWS and
    CloudTrail know it (`AWS request …`), or where AWS gave none, that of a line in xacct's log
    (`reference …`). Each try has another one. `plain` is the text without it.
    """

    def __init__(self, action: str, code: str, message: str, reference: str = "") -> None:
        self.plain = f"{action}: {code}: {message}" if message else f"{action}: {code}"
        super().__init__(f"{self.plain} ({reference})" if reference else self.plain)
        self.action = action
        self.code = code
        self.message = message


_REFERENCE: Final = re.compile(r" \((?:AWS request|reference) [\w-]+\)")


def is_same(one: str | None, other: str | None) -> bool:
    """Whether two texts of troubles say the same, by whichever requests of AWS."""
    return (one and _REFERENCE.sub("", one)) == (other and _REFERENCE.sub("", other))
