"""Commands for incidents: freeze, thaw, and ending everything at once."""

from typing import Final

from bot.command.doubt import Doubt, copyable
from bot.command.read import name_in, reason
from bot.command.render import render
from bot.command.said import Account, ByPerson, Everything, Freeze, RevokeAll, Thaw
from bot.command.words import Words
from workflows.names import said

Scope = Everything | Account | ByPerson

_ALL: Final = frozenset({"all", "everything", "--all"})


def freeze(words: Words) -> Freeze:
    """What is not to be opened any more, and why. Raises Doubt."""
    scope = _scope(words, "freeze prod-payments")
    return Freeze(scope, reason(words, render(Freeze(scope, "why"))))


def thaw(words: Words) -> Thaw:
    """Which freeze is to end. Raises Doubt."""
    scope = _scope(words, "thaw prod-payments")
    if words.left:
        raise Doubt(f"`thaw` takes one thing: write {copyable(render(Thaw(scope)))}.")
    return Thaw(scope)


def revoke_all(words: Words) -> RevokeAll:
    """Whose access is to end, all of it, and why. Raises Doubt."""
    scope = _scope(words, "revoke --all prod-payments")
    return RevokeAll(scope, reason(words, render(RevokeAll(scope, "why"))))


def _scope(words: Words, usage: str) -> Scope:
    """Everything, unless an account or a person is named first."""
    first = words.take()
    if first is None or (not first.quoted and first.text.casefold() in _ALL):
        return Everything()
    if first.person is not None:
        return ByPerson(first.person)
    if first.text.startswith("@"):
        raise Doubt(
            f"`{said(first.text)}` is not known to Slack. Choose the person from the list that "
            f"Slack shows after @, or write {copyable(usage)}."
        )
    if "/" in first.text:
        raise Doubt(
            f"`{said(first.text)}` names a role; this is about whole accounts: write "
            f"{copyable(usage)}."
        )
    return Account(name_in(first.text, usage))
