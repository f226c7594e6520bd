"""Commands about one request by its number, and about who is where."""

from typing import Final

from bot.command.doubt import Doubt, copyable
from bot.command.read import names_in, number_in, reason
from bot.command.render import render
from bot.command.said import Activity, Approve, Cancel, Deny, Show, Who
from bot.command.words import Words
from workflows.names import said

_PAIR: Final = 2  # an account and a role
_WHO: Final = "who prod-payments admin"


def show(words: Words) -> Show:
    """Which request is to be shown. Raises Doubt."""
    return Show(_alone(words, "show"))


def activity(words: Words) -> Activity:
    """Of which grant one asks what was done with it. Raises Doubt."""
    return Activity(_alone(words, "activity"))


def cancel(words: Words) -> Cancel:
    """Which request is taken back. Raises Doubt."""
    return Cancel(_alone(words, "cancel"))


def approve(words: Words) -> Approve:
    """Which request somebody means to approve, and what he says to it. Raises Doubt."""
    number = _number(words, "approve")
    return Approve(number, reason(words, render(Approve(number, "why"))))


def deny(words: Words) -> Deny:
    """Which request is denied, and why. Raises Doubt."""
    number = _number(words, "deny")
    return Deny(number, reason(words, render(Deny(number, "why"))))


def who(words: Words) -> Who:
    """Of which account, or role, one asks who is in. Raises Doubt."""
    names: list[str] = []
    while (word := words.take()) is not None:
        names += names_in(word, _WHO)
        if len(names) > _PAIR:
            raise Doubt(f"That names more than one account and one role. Write {copyable(_WHO)}.")
    if not names:
        raise Doubt(f"Who is in which account? Write, for example, {copyable(_WHO)}.")
    return Who(*names)


def _alone(words: Words, verb: str) -> int:
    number = _number(words, verb)
    if words.left:
        raise Doubt(f"`{verb}` takes a number only: write {copyable(f'{verb} #{number}')}.")
    return number


def _number(words: Words, verb: str) -> int:
    usage = f"Write, for example, {copyable(f'{verb} #42')}; {copyable('list')} shows the numbers."
    first = words.take()
    if first is None:
        raise Doubt(f"Which request? {usage}")
    number = number_in(first)
    if number is None:
        raise Doubt(f"`{said(first.text)}` is no request's number. {usage}")
    return number
