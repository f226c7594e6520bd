"""What `/xacct …` may say, as values, and each written back as the text that says it."""

from dataclasses import dataclass
from datetime import timedelta

from bot.command.words import DOUBLE_QUOTES, escaped
from workflows.durations import duration_text


@dataclass(frozen=True)
class Request:
    """Asks for a role. Account, role and machine are as typed; the catalog tells what they mean.

    Without `duration` the role's usual one is meant; without `machine`, the person's own identity.
    An empty reason was not given.
    """

    account: str
    role: str
    duration: timedelta | None
    reason: str
    machine: str | None


@dataclass(frozen=True)
class Extend:
    """Asks for more time after the end of an open request. An empty reason was not given."""

    id: int
    duration: timedelta
    reason: str = ""


@dataclass(frozen=True)
class ById:
    """The request of that number."""

    id: int


@dataclass(frozen=True)
class ByRole:
    """The asking person's own access to a role, or all that he may end of it; names as typed."""

    account: str
    role: str


@dataclass(frozen=True)
class ByPerson:
    """All access of a person, by Slack id."""

    slack_id: str


@dataclass(frozen=True)
class Revoke:
    """Ends access. An empty reason was not given."""

    target: ById | ByRole | ByPerson
    reason: str = ""


@dataclass(frozen=True)
class List:
    """Asks what is open and what is waiting."""


@dataclass(frozen=True)
class Audit:
    """Searches the audit log; `words` as typed, people in it as `@U012ABCDE`."""

    words: str


@dataclass(frozen=True)
class Help:
    """Asks for help, about a topic or about everything."""

    topic: str | None


@dataclass(frozen=True)
class Unclear:
    """Not understood. `sentence` says what, and how to write it, in Slack's mrkdwn."""

    sentence: str


Command = Request | Extend | Revoke | List | Audit | Help


def render(command: Command) -> str:
    """The text after `/xacct` that says the command, escaped as Slack escapes what is typed."""
    if isinstance(command, Request):
        words = ["request", _name(f"{command.account}/{command.role}")]
        words += ["--as", _name(command.machine)] if command.machine else []
        words += [duration_text(command.duration)] if command.duration else []
        return _joined(*words, _reason(command.reason))
    if isinstance(command, Extend):
        length = duration_text(command.duration)
        return _joined("extend", f"#{command.id}", length, _reason(command.reason))
    if isinstance(command, Revoke):
        return _joined("revoke", _target(command.target), _reason(command.reason))
    if isinstance(command, Audit):
        return _joined("audit", escaped(command.words))
    if isinstance(command, Help):
        return _joined("help", command.topic or "")
    return "list"


def _target(target: ById | ByRole | ByPerson) -> str:
    if isinstance(target, ById):
        return f"#{target.id}"
    if isinstance(target, ByPerson):
        return f"<@{target.slack_id}>"
    return _name(f"{target.account}/{target.role}")


def _name(name: str) -> str:
    return f'"{escaped(name)}"' if " " in name else escaped(name)


def _reason(reason: str) -> str:
    """In quotes, so that no word of it is taken for a duration or an option, if it has none."""
    quotable = reason and not any(quote in reason for quote in DOUBLE_QUOTES)
    return f'"{escaped(reason)}"' if quotable else escaped(reason)


def _joined(*words: str) -> str:
    return " ".join(word for word in words if word)
