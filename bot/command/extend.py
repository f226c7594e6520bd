"""`/xacct extend …`: a request's number, how much longer, then the reason."""

import re
from datetime import timedelta
from typing import Final

from bot.command.doubt import Doubt, copyable
from bot.command.read import LONGEST_REASON, likely, number_in, reason
from bot.command.render import render
from bot.command.said import Extend
from bot.command.words import Words
from workflows.durations import leading_duration, parse_duration
from workflows.errors import Refused
from workflows.names import said

_BY: Final = re.compile(r"(?:by|for)\s+(?=[0-9+])", re.IGNORECASE)
_USAGE: Final = (
    f"Write, for example, {copyable('extend #42 30m')}; {copyable('list')} shows the numbers."
)


def extend(words: Words) -> Extend:
    """The extension that the words ask for. Raises Doubt."""
    number = _number(words)
    duration = _duration(words, number)
    following, left = words.peek(), words.left
    again = leading_duration(left)
    if following is not None and not following.quoted and any(map(str.isalpha, again)):
        usage = render(Extend(number, duration, words.rest[:LONGEST_REASON]))
        raise Doubt(
            f"`{said(again)}` is a second length of time. Write one only; a reason that begins "
            f"with one goes into double quotes: {copyable(usage)}."
        )
    return Extend(number, duration, reason(words, render(Extend(number, duration, "why"))))


def _number(words: Words) -> int:
    first = words.take()
    if first is None:
        raise Doubt(f"Which request is to go on for longer? {_USAGE}")
    number = number_in(first)
    if number is None:
        raise Doubt(
            f"`{said(first.text)}` is no request's number, and what is open is extended by its "
            f"number. {_USAGE}"
        )
    return number


def _duration(words: Words, number: int) -> timedelta:
    left = words.left
    skipped = _BY.match(left)
    start = skipped.end() if skipped else 0
    typed = leading_duration(left[start:])
    if not typed:
        usage = render(Extend(number, timedelta(minutes=30), words.rest[:LONGEST_REASON]))
        raise Doubt(
            f"How much longer is #{number} to be open? Write the length of time after the number: "
            f"{copyable(usage)}."
        )
    words.drop(left[:start] + typed)
    try:
        duration = parse_duration(typed)
    except Refused as refused:
        usage = render(Extend(number, likely(typed), words.rest[:LONGEST_REASON]))
        raise Doubt(f"{refused} For example {copyable(usage)}.") from refused
    assert duration is not None  # whatever is taken for a length is read as one, or refused
    return duration
