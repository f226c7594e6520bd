"""The grammar of questions to the audit log: `user:@alice account:prod* since:7d "free words"`.

One grammar for Slack and for the terminal.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final

from bot.command.doubt import Doubt, copyable
from bot.command.moments import after, before
from bot.command.words import plain
from db.audit.question import Condition, Field, Search
from workflows.names import closest, said

LONGEST: Final = 500
"""Characters of a question that somebody types: it stands whole in the buttons below its answer."""

_READ_BACK: Final = 2 * LONGEST
"""Characters of one that `written` wrote: what was short, like a time, is longer there."""

_MOST: Final = 20  # conditions
_TOKEN: Final = re.compile(
    r"(?P<not>-?)(?:(?P<field>[A-Za-z]+):(?!/))?(?:\"(?P<quoted>[^\"]*)\"|(?P<bare>[^\s\"]*))"
)
_MARKUP: Final = re.compile("[<>]|&(?=(?:lt|gt|amp);)")
"""Signs that would be read in another way the second time; no name has them, and no word."""
_ID: Final = re.compile(r"#?([0-9]{1,9})")
_WORD: Final = re.compile(r"[^\W_]")
_TIMES: Final = ("since", "until")
_FIELDS: Final = ("user", "account", "role", "action", "since", "until", "id")
_USAGE: Final = f"Write, for example, {copyable('audit user:@alice account:prod* since:7d')}."


@dataclass(frozen=True)
class Asker:
    """Who asks: `me` is his Slack id, None in the terminal; times are read in his zone."""

    now: datetime
    zone: tzinfo = UTC
    me: str | None = None


_SOMEBODY: Final = Asker(datetime(2026, 1, 1, tzinfo=UTC), me="U")


@dataclass(frozen=True)
class _Part:
    """`-action:approved`, `"free words"`: one part of the text, as typed."""

    typed: str
    field: str | None
    value: str
    excluded: bool
    quoted: bool


def check(text: str) -> None:
    """Raises Doubt where the text is not a question, whenever it is asked."""
    parts = _read(text, LONGEST)
    for one in parts:
        if one.field in _TIMES:
            _moment(one, _SOMEBODY)
        else:
            _condition(one, _SOMEBODY)


def question(text: str, asker: Asker) -> Search:
    """What the text asks for. Raises Doubt."""
    parts = _read(text, _READ_BACK)
    times = {name: [one for one in parts if one.field == name] for name in _TIMES}
    since, until = (_time(times[name], asker) for name in _TIMES)
    if since is not None and since > asker.now:
        typed = said(times["since"][0].typed)
        raise Doubt(f"`{typed}` lies ahead: nothing is recorded since then.")
    if since is not None and until is not None and since >= until:
        raise Doubt(
            f"Nothing lies between `{said(times['since'][0].typed)}` and "
            f"`{said(times['until'][0].typed)}`: the first is not before the second."
        )
    conditions = tuple(_condition(one, asker) for one in parts if one.field not in _TIMES)
    return Search(conditions, since, until)


def _read(text: str, longest: int) -> list[_Part]:
    told = _MARKUP.sub("_", plain(text))
    if len(told) > longest:
        raise Doubt(f"That is too long: a question has at most {longest} characters.")
    if told.count('"') % 2:
        raise Doubt(
            f"A double quote stands alone in `{said(told)}`: words go between two. {_USAGE}"
        )
    parts = list(_parts(told))
    if len(parts) > _MOST:
        raise Doubt(f"That is too much at once: a question has at most {_MOST} parts.")
    twice = [name for name in _TIMES if sum(one.field == name for one in parts) > 1]
    if twice:
        raise Doubt(f"`{twice[0]}:` stands twice; once is enough.")
    return parts


def written(search: Search) -> str:
    """The text that asks for the same, whenever and by whomever it is read."""
    parts = [_said(one) for one in search.conditions]
    parts += [f"since:{_utc(search.since)}"] if search.since is not None else []
    parts += [f"until:{_utc(search.until)}"] if search.until is not None else []
    return " ".join(parts)


def _parts(text: str) -> Iterator[_Part]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or not found.group():
            at += 1  # a space, or a quote within a word
            continue
        at = found.end()
        if not _WORD.search(found.group()) and found["quoted"] is None and not found["field"]:
            continue  # an `&`, a dash
        quoted = found["quoted"] is not None
        value = found["quoted"] if quoted else found["bare"]
        field = found["field"].casefold() if found["field"] else None
        if field == "arn":  # a name of AWS, not of a field
            field, value = None, f"arn:{value}"
        yield _Part(found.group(), field, value.strip(), bool(found["not"]), quoted)


def _time(parts: list[_Part], asker: Asker) -> datetime | None:
    return _moment(parts[0], asker) if parts else None


def _moment(part: _Part, asker: Asker) -> datetime:
    read = after if part.field == "since" else before
    moment = None if part.excluded else read(part.value, asker.now, asker.zone)
    if moment is None:
        raise Doubt(
            f"`{said(part.typed)}` is no time. Write `{part.field}:7d` for seven days ago (m, h, "
            f"d, w), `{part.field}:2026-01-31`, `{part.field}:2026-01-31T14:30`, "
            f"`{part.field}:14:30`, `{part.field}:today` or `{part.field}:yesterday`."
        )
    return moment


def _condition(part: _Part, asker: Asker) -> Condition:
    field, value = part.field, part.value
    if field is None:
        return _free(part, asker)
    if field not in _FIELDS:
        near = closest(field, _FIELDS)
        meant = f" Did you mean `{near[0]}:{said(value)}`?" if near else ""
        raise Doubt(
            f"There is no `{said(field)}:`.{meant} There is "
            f"{', '.join(f'`{one}:`' for one in _FIELDS)}; double quotes around it look for it as "
            "words."
        )
    if not value:
        raise Doubt(
            f"`{field}:` says nothing: what follows stands right behind the colon. {_USAGE}"
        )
    if field == Field.USER:
        return Condition(Field.USER, _person(value, asker), part.excluded)
    if field == Field.ID:
        return Condition(Field.ID, _number(part), part.excluded)
    return Condition(Field(field), value, part.excluded)


def _free(part: _Part, asker: Asker) -> Condition:
    """Words; or, without quotes, a person or a request."""
    value = part.value
    if not part.quoted and value.startswith("@") and len(value) > 1:
        return Condition(Field.USER, _person(value, asker), part.excluded)
    if not part.quoted and value.startswith("#") and _ID.fullmatch(value):
        return Condition(Field.ID, value[1:], part.excluded)
    if "*" in value:
        raise Doubt(
            f"`{said(value)}`: a `*` can stand in the name of an account, a role or an action, as "
            f"in {copyable('audit account:prod*')}; words are looked for whole."
        )
    if not _WORD.search(value):
        raise Doubt(f"`{said(part.typed)}` holds no word to look for. {_USAGE}")
    return Condition(Field.WORD, value, part.excluded)


def _person(value: str, asker: Asker) -> str:
    name = value.lstrip("@")
    if name.casefold() == "me" and asker.me is not None:
        return asker.me
    if not name or "*" in name:
        raise Doubt(
            f"`{said(value)}` is nobody: write `user:@alice` and choose her from Slack's list, or "
            "her e-mail address, or the name of her IAM user."
        )
    return name


def _number(part: _Part) -> str:
    found = _ID.fullmatch(part.value)
    if found is None:
        raise Doubt(f"`{said(part.typed)}` is no request's number: write `id:42`.")
    return str(int(found[1]))


def _said(condition: Condition) -> str:
    sign = "-" if condition.excluded else ""
    value = condition.value
    if " " in value or value.startswith("/"):  # a slash behind a colon is an address's
        value = f'"{value}"'
    if condition.field is Field.WORD:
        return f'{sign}"{condition.value}"'
    return f"{sign}{condition.field}:{value}"


def _utc(moment: datetime | None) -> str:
    assert moment is not None
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
