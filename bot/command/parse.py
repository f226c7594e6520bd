"""The text after `/xacct` → the command it says, or what is unclear about it."""

from collections.abc import Callable, Iterable
from typing import Final

from bot.command import about, emergency, incidents, question
from bot.command.doubt import Doubt, copyable
from bot.command.extend import extend
from bot.command.help import TOPICS
from bot.command.read import names_in, number_in, reason
from bot.command.render import render
from bot.command.request import request
from bot.command.said import (
    Anchor,
    Audit,
    ById,
    ByPerson,
    ByRole,
    Command,
    Help,
    List,
    Revoke,
    RevokeAll,
    Roles,
    Unclear,
)
from bot.command.secret import holds_secret
from bot.command.words import Word, Words
from workflows.names import closest, said

_LONGEST: Final = 4000  # characters: above what any command needs
_ANCHOR: Final = "anchor"  # to look for the word, it goes into double quotes
_PAIR: Final = 2  # an account and a role
_REVOKE_USAGE: Final = (
    f"Write {copyable('revoke #42')}, {copyable('revoke prod-payments/admin')} or "
    f"{copyable('revoke @alice')}; {copyable('list')} shows what is open."
)
_MEANT: Final = {  # words of other tools
    **dict.fromkeys(("ask", "grant", "get", "assume", "switch", "new"), "request"),
    **dict.fromkeys(("prolong", "lengthen", "longer", "more", "renew"), "extend"),
    **dict.fromkeys(("end", "stop", "return", "give", "drop", "remove"), "revoke"),
    **dict.fromkeys(("withdraw", "retract", "undo"), "cancel"),
    **dict.fromkeys(("allow", "accept", "yes", "ok"), "approve"),
    **dict.fromkeys(("reject", "refuse", "decline", "no"), "deny"),
    **dict.fromkeys(("ls", "status", "mine"), "list"),
    **dict.fromkeys(("accounts", "available", "catalog"), "roles"),
    **dict.fromkeys(("whois", "whos", "in"), "who"),
    **dict.fromkeys(("lock", "lockdown", "panic", "pause"), "freeze"),
    **dict.fromkeys(("unfreeze", "unlock", "resume"), "thaw"),
    **dict.fromkeys(("breakglass", "break_glass", "emergency"), "break-glass"),
    **dict.fromkeys(("view", "open", "details", "info"), "show"),
    **dict.fromkeys(("used", "cloudtrail", "trail", "did", "done"), "activity"),
    **dict.fromkeys(("log", "logs", "history", "search"), "audit"),
    **dict.fromkeys(("?", "-h", "--help", "man", "usage"), "help"),
}


def parse(text: str) -> Command | Unclear:
    """What the text says; `Unclear` rather than a guess when it can be read in two ways."""
    if len(text) > _LONGEST:
        return Unclear(f"That is too long: a command has at most {_LONGEST} characters.")
    if holds_secret(text):
        return Unclear(
            "There seems to be an AWS key or token in that, so it was not taken. If it is real, "
            "deactivate it now: Slack has seen it. Then write the command again without it."
        )
    try:
        return _command(Words(text))
    except Doubt as doubt:
        return Unclear(str(doubt))


def _command(words: Words) -> Command:
    first = words.take()
    if first is not None and first.text.casefold() == "/xacct":
        first = words.take()
    if first is None:
        return request(words)
    read = _READ.get(first.text.casefold())
    if read is None:
        raise _unknown(first, words)
    return read(words)


def _unknown(first: Word, words: Words) -> Doubt:
    typed = first.text.casefold()
    near = [_MEANT[typed]] if typed in _MEANT else closest(typed, _READ)
    if not near:
        return Doubt(
            f"There is no command `{said(typed)}`. There is {_named(_READ)}: write "
            f"{copyable('help')}."
        )
    meant = parse(f"{near[0]} {words.raw}")
    text = near[0] if isinstance(meant, Unclear) else render(meant)
    return Doubt(f"There is no command `{said(typed)}`. Did you mean {copyable(text)}?")


def _named(commands: Iterable[str]) -> str:
    *most, last = (f"`{one}`" for one in commands)
    return f"{', '.join(most)} and {last}"


def _revoke(words: Words) -> Revoke | RevokeAll:
    first = words.peek()
    if first is None:
        raise Doubt(f"What is to end? {_REVOKE_USAGE}")
    if first.text.casefold() in ("--all", "-all") and not first.quoted:
        words.take()
        return incidents.revoke_all(words)
    target = _target(first, words)
    if words.left and all(number_in(one) is not None or one.person for one in words.ahead()):
        raise Doubt(
            f"One thing is ended at a time: write {copyable(render(Revoke(target)))}, then the "
            "next one."
        )
    usage = render(Revoke(target, "why"))
    return Revoke(target, reason(words, usage))


def _target(first: Word, words: Words) -> ById | ByRole | ByPerson:
    if first.person is not None:
        words.take()
        return ByPerson(first.person)
    if (number := number_in(first)) is not None:
        words.take()
        return ById(number)
    if first.text.startswith("@"):
        raise Doubt(
            f"`{said(first.text)}` is not known to Slack. Choose the person from the list that "
            f"Slack shows after @. {_REVOKE_USAGE}"
        )
    if first.text.startswith("#"):
        raise Doubt(f"`{said(first.text)}` is no request's number. {_REVOKE_USAGE}")
    names: list[str] = []
    while len(names) < _PAIR and (word := words.take()) is not None:
        names += names_in(word, "revoke prod-payments/admin")
    if len(names) < _PAIR:
        raise Doubt(f"Which role in `{said(names[0])}`? {_REVOKE_USAGE}")
    if len(names) > _PAIR:
        raise Doubt(f"That names more than one account and one role. {_REVOKE_USAGE}")
    return ByRole(*names)


def _list(words: Words) -> List:
    if words.left:
        raise Doubt(f"`list` takes no words after it: write {copyable('list')}.")
    return List()


def _audit(words: Words) -> Audit | Anchor:
    if words.left.casefold() == _ANCHOR:
        return Anchor()
    question.check(words.left)
    return Audit(words.left)


def _help(words: Words) -> Help:
    topic = words.left.casefold()
    if not topic:
        return Help(None)
    if topic not in TOPICS:
        near = closest(topic, TOPICS)
        usage = f"help {near[0]}" if near else "help"
        raise Doubt(f"There is no help on `{said(topic)}`. Write {copyable(usage)}.")
    return Help(topic)


_READ: Final[dict[str, Callable[[Words], Command]]] = {
    "request": request,
    "extend": extend,
    "break-glass": emergency.break_glass,
    "sign": emergency.sign,
    "revoke": _revoke,
    "freeze": incidents.freeze,
    "thaw": incidents.thaw,
    "cancel": about.cancel,
    "approve": about.approve,
    "deny": about.deny,
    "list": _list,
    "roles": lambda words: Roles(words.left),
    "who": about.who,
    "show": about.show,
    "activity": about.activity,
    "audit": _audit,
    "help": _help,
}
