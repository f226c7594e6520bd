"""`/xacct request …`: two names, then or between them a duration and a machine, then the reason."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from bot.command.doubt import Doubt, copyable
from bot.command.read import LONGEST_REASON, likely, name_in, names_in, reason
from bot.command.render import render
from bot.command.said import Request
from bot.command.words import Word, Words
from workflows.durations import leading_duration, parse_duration
from workflows.errors import Refused
from workflows.names import said

_PAIR: Final = 2  # an account and a role
_USAGE: Final = "request prod-payments admin 1h why I need it"
_AS: Final = re.compile(r"--?as(?:=(.*))?", re.IGNORECASE)
_OPTION: Final = re.compile(r"--[a-z]", re.IGNORECASE)
_LATE_AS: Final = re.compile(r"(?:^|\s)--?as(?:[=\s]|$)", re.IGNORECASE)
_FOR: Final = re.compile(r"for\s+(?=[0-9])", re.IGNORECASE)


@dataclass
class _Asked:
    """What was read so far."""

    names: list[str] = field(default_factory=list)
    duration: timedelta | None = None
    machine: str | None = None

    def usage(
        self, *, duration: timedelta = timedelta(hours=1), machine: str = "", reason: str = ""
    ) -> str:
        """The command as it could be, with what is known of it."""
        if len(self.names) != _PAIR:
            return _USAGE
        account, role = self.names
        machine = self.machine or machine
        return render(Request(account, role, duration, reason or "why I need it", machine or None))


def request(words: Words) -> Request:
    """The request that the words make; what they leave out, a form asks for. Raises Doubt."""
    asked = _Asked()
    while (word := words.peek()) is not None and not words.is_verbatim:
        if not any(take(word, words, asked) for take in (_option, _name, _duration)):
            break
    if len(asked.names) < _PAIR:
        return Request((*asked.names, None)[0], None, None, "", asked.machine)
    if len(asked.names) > _PAIR:
        raise Doubt(_too_many(asked.names))
    if _LATE_AS.search(words.left) and not (words.in_quotes or words.is_verbatim):
        usage = copyable(asked.usage(machine="ci"))
        raise Doubt(
            f"`--as` comes before the reason, or it would be a part of it: write {usage}. If it is "
            "a part of it, put the whole reason into double quotes."
        )
    account, role = asked.names
    usage = asked.usage(duration=asked.duration or timedelta(hours=1))
    return Request(account, role, asked.duration, reason(words, usage), asked.machine)


def _too_many(names: list[str]) -> str:
    named = " and ".join(f"`{said(name)}`" for name in names)
    return f"{named} are too many names for one role. Write, for example, {copyable(_USAGE)}."


def _option(word: Word, words: Words, asked: _Asked) -> bool:
    if word.quoted:
        return False
    found = _AS.fullmatch(word.text)
    if found is None:
        if _OPTION.match(word.text):
            raise Doubt(
                f"There is no option `{said(word.text)}`; there is `--as`, for a machine. Write "
                f"{copyable(asked.usage())}."
            )
        return False
    words.take()
    if asked.machine is not None:
        raise Doubt(f"`--as` is there twice. Write {copyable(asked.usage())}.")
    value = found[1] or ""
    if not value and (following := words.take()) is not None:
        value = following.text.removeprefix("=")
    asked.machine = name_in(value, asked.usage(machine="ci"))
    return True


def _name(word: Word, words: Words, asked: _Asked) -> bool:
    if len(asked.names) >= _PAIR:
        return False
    words.take()
    asked.names += names_in(word, asked.usage())
    return True


def _duration(word: Word, words: Words, asked: _Asked) -> bool:
    left = words.left
    skipped = _FOR.match(left) if asked.duration is None else None
    start = skipped.end() if skipped else 0
    typed = leading_duration(left[start:])
    has_unit = any(letter.isalpha() for letter in typed)
    if word.quoted or not typed or not (has_unit or (asked.duration is None and not skipped)):
        return False
    words.drop(left[:start] + typed)
    if asked.duration is not None:
        usage = asked.usage(duration=asked.duration, reason=f"{typed} {words.rest}")
        raise Doubt(
            f"`{said(typed)}` is a second length of time. Write one only; a reason that begins "
            f"with one goes into double quotes: {copyable(usage)}."
        )
    try:
        asked.duration = parse_duration(typed)
    except Refused as refused:
        usage = asked.usage(duration=likely(typed), reason=words.rest[:LONGEST_REASON])
        raise Doubt(f"{refused} For example {copyable(usage)}.") from refused
    return True
