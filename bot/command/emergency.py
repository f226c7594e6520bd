"""`/xacct break-glass …` and `/xacct sign …`: opening without an approver, and signing it after."""

from typing import Final

from bot.command.doubt import Doubt, copyable
from bot.command.read import names_in, number_in, reason
from bot.command.render import render
from bot.command.said import BreakGlass, Sign
from bot.command.words import Words
from workflows.names import said

_PAIR: Final = 2  # an account and a role
_USAGE: Final = "break-glass prod-payments admin why nobody can wait"


def break_glass(words: Words) -> BreakGlass:
    """Which role is to be opened, and why; what is left out, the form asks for. Raises Doubt."""
    names: list[str] = []
    while len(names) < _PAIR and (word := words.take()) is not None:
        names += names_in(word, _USAGE)
    if len(names) > _PAIR:
        raise Doubt(f"Those are too many names for one role. Write {copyable(_USAGE)}.")
    if len(names) < _PAIR:
        return BreakGlass((*names, None)[0], None)
    account, role = names
    usage = render(BreakGlass(account, role, "why"))
    return BreakGlass(account, role, reason(words, usage))


def sign(words: Words) -> Sign:
    """Which use is signed, and what was looked at. Raises Doubt."""
    first = words.take()
    number = number_in(first) if first is not None else None
    if number is None:
        typed = f"`{said(first.text)}` is no request's number. " if first is not None else ""
        raise Doubt(f"Which use is signed? {typed}Write {copyable('sign #42 what I looked at')}.")
    return Sign(number, reason(words, render(Sign(number, "what I looked at"))))
