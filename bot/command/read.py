"""Reading the parts that commands share: names of accounts and roles, and the reason."""

import re
from datetime import timedelta
from typing import Final

from bot.command.doubt import Doubt, copyable
from bot.command.words import Word, Words
from workflows.durations import parse_duration
from workflows.errors import Refused
from workflows.names import said

LONGEST_REASON: Final = 500  # characters; a card shows it whole

_NUMBER: Final = re.compile(r"#?([0-9]{1,9})[,.;]?")
_LONGEST_NAME: Final = 200  # characters: far above what an account, a role or a machine has
_LIKELY_HOURS: Final = 12
_ROLE_ARN: Final = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):role/(?:.*/)?([^/]{1,64})")


def number_in(word: Word) -> int | None:
    """The request's number, if the word is one: `42` or `#42`."""
    found = _NUMBER.fullmatch(word.text)
    return int(found[1]) if found else None


def likely(typed: str) -> timedelta:
    """What a bare number most likely means as a length of time, for an example."""
    if not re.fullmatch(r"[1-9][0-9]{0,2}", typed):
        return timedelta(hours=1)
    number = int(typed)
    return timedelta(hours=number) if number <= _LIKELY_HOURS else timedelta(minutes=number)


def names_in(word: Word, usage: str) -> list[str]:
    """The one or two names in the word: `account`, `role`, `account/role`, or a role's ARN.

    Raises Doubt, ending in `usage`, the command as it should be.
    """
    if found := _ROLE_ARN.fullmatch(word.text):
        return [found[1], found[2]]
    parts = word.text.split("/")
    if len(parts) > len(("account", "role")):
        raise Doubt(f"`{said(word.text)}` has more than one slash. Write {copyable(usage)}.")
    return [name_in(part, usage) for part in parts]


def name_in(text: str, usage: str) -> str:
    """The name, without quotes of other kinds around it. Raises Doubt if it cannot be one."""
    text = text.strip()
    for quote in ("'", '"'):
        if len(text) > 1 and text.startswith(quote) and text.endswith(quote):
            text = text[1:-1].strip()
    if not text or text.startswith("-"):
        raise Doubt(f"A name is missing here. Write {copyable(usage)}.")
    if len(text) > _LONGEST_NAME:  # an answer that repeats it would be too long for Slack
        raise Doubt(f"`{said(text)}` is too long for a name. Write {copyable(usage)}.")
    if "'" in text or '"' in text:
        raise Doubt(
            f"`{said(text)}` has a stray quote. Only double quotes hold words together, as in "
            f'`"prod payments"`. Write {copyable(usage)}.'
        )
    if _is_length(text):
        raise Doubt(
            f"`{said(text)}` is a length of time, and stands where a name should. Write "
            f"{copyable(usage)}."
        )
    return text


def _is_length(text: str) -> bool:
    try:
        return parse_duration(text) is not None
    except Refused:
        return False  # a bare number may be an account's id


def reason(words: Words, usage: str) -> str:
    """All that is left, as it was typed. Raises Doubt if it is too long to be shown whole."""
    text = words.rest
    if len(text) > LONGEST_REASON:
        raise Doubt(
            f"The reason has {len(text)} characters, and at most {LONGEST_REASON} are shown to an "
            f"approver. Shorten it: {copyable(usage)}."
        )
    return text
