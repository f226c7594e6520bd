"""Each command written back as the text that says it."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from bot.command import said
from bot.command.words import DOUBLE_QUOTES, escaped
from workflows.durations import duration_text


def render(command: said.Command) -> str:
    """The text after `/xacct` that says the command, escaped as Slack escapes what is typed."""
    name = _NAMES.get(type(command), type(command).__name__.lower())
    words = [name, *_WORDS[type(command)](command)]
    return " ".join(word for word in words if word)


_NAMES: Final[dict[type, str]] = {
    said.RevokeAll: "revoke --all",
    said.BreakGlass: "break-glass",
    said.Anchor: "audit anchor",
}


def _request(command: said.Request) -> Iterable[str]:
    if command.account is not None:
        yield _name(command.account + (f"/{command.role}" if command.role is not None else ""))
    if command.machine:
        yield f"--as {_name(command.machine)}"
    if command.duration:
        yield duration_text(command.duration)
    yield _reason(command.reason)


def _break_glass(command: said.BreakGlass) -> Iterable[str]:
    if command.account is not None:
        yield _name(command.account + (f"/{command.role}" if command.role is not None else ""))
    yield _reason(command.reason)


def _revoke(command: said.Revoke) -> Iterable[str]:
    target = command.target
    if isinstance(target, said.ById):
        yield f"#{target.id}"
    elif isinstance(target, said.ByPerson):
        yield f"<@{target.slack_id}>"
    else:
        yield _name(f"{target.account}/{target.role}")
    yield _reason(command.reason)


def _scope(scope: said.Everything | said.Account | said.ByPerson) -> str:
    if isinstance(scope, said.ByPerson):
        return f"<@{scope.slack_id}>"
    if isinstance(scope, said.Everything):
        return "all"
    everything = scope.name.casefold() in ("all", "everything")
    return f'"{scope.name}"' if everything else _name(scope.name)


def _who(command: said.Who) -> Iterable[str]:
    role = "" if command.role is None else f"/{command.role}"
    yield _name(f"{command.account}{role}")


_WORDS: Final[dict[type, Callable[[Any], Iterable[str]]]] = {
    said.Request: _request,
    said.Extend: lambda it: (f"#{it.id}", duration_text(it.duration), _reason(it.reason)),
    said.BreakGlass: _break_glass,
    said.Sign: lambda it: (f"#{it.id}", _reason(it.note)),
    said.Revoke: _revoke,
    said.RevokeAll: lambda it: (_scope(it.scope), _reason(it.reason)),
    said.Freeze: lambda it: (_scope(it.scope), _reason(it.reason)),
    said.Thaw: lambda it: (_scope(it.scope),),
    said.Cancel: lambda it: (f"#{it.id}",),
    said.Approve: lambda it: (f"#{it.id}", _reason(it.remark)),
    said.Deny: lambda it: (f"#{it.id}", _reason(it.reason)),
    said.List: lambda _: (),
    said.Roles: lambda it: (escaped(it.words),),
    said.Who: _who,
    said.Show: lambda it: (f"#{it.id}",),
    said.Activity: lambda it: (f"#{it.id}",),
    said.Audit: lambda it: (escaped(it.words),),
    said.Anchor: lambda _: (),
    said.Help: lambda it: (it.topic or "",),
}


def _name(name: str) -> str:
    return f'"{escaped(name)}"' if " " in name else escaped(name)


def _reason(reason: str) -> str:
    """In quotes, or behind `--` if it has some, so that no word of it is taken for a duration or an
    option.
    """
    if not reason:
        return ""
    holds_quotes = any(quote in reason for quote in DOUBLE_QUOTES)
    return f"-- {escaped(reason)}" if holds_quotes else f'"{escaped(reason)}"'
