"""Lengths of time as people write them: `90m`, `1h30m`, `2 hours`, `1.5h`, `PT1H`, `1d`."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from workflows.errors import Refused
from workflows.names import said

LONGEST: Final = timedelta(days=7)

_MINUTE: Final = timedelta(minutes=1)
_UNITS: Final = {"y": 525600, "mo": 43200, "w": 10080, "d": 1440, "h": 60, "m": 1}  # minutes
_UNIT: Final = (
    r"(?:years?|yrs?|y|months?|mos?|weeks?|w|days?|d|hours?|hrs?|hr|h|minutes?|mins?|min|m"
    r"|seconds?|secs?|sec|s)(?![^\W\d_])"
)
_NUMBER: Final = r"[0-9]+(?:[.,][0-9]+)?"
_CASED: Final = re.IGNORECASE | re.ASCII  # or a long s, \u017f, would count as one, too
_PART: Final = re.compile(rf"({_NUMBER})\s*({_UNIT})", _CASED)
_PARTS: Final = re.compile(
    rf"[-+]?{_NUMBER}\s*{_UNIT}(?:(?:\s*,)?\s*{_NUMBER}\s*{_UNIT})*[0-9]*", _CASED
)
_GLUED: Final = re.compile(r"(?<=h)([0-5]?[0-9])$", re.IGNORECASE)  # 1h30
_ISO: Final = re.compile(
    rf"P(?=.)(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}W)?(?:{_NUMBER}D)?(?:T(?=[0-9])(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?",
    _CASED,
)
_BARE: Final = re.compile(r"[-+]?[0-9]+(?:[.,:][0-9]+)?")
_END: Final = re.compile(r"[,;:.]?(?:\s|$)")
_SHAPES: Final = (_PARTS, _ISO, _BARE)


def leading_duration(text: str) -> str:
    """The words at the start of `text` that are meant as a length of time, or an empty string.

    A bare number counts, so that `parse_duration` can ask which unit is meant.
    """
    for shape in _SHAPES:
        found = shape.match(text)
        if found and _END.match(text, found.end()):
            return found.group()
    return ""


def parse_duration(text: str) -> timedelta | None:
    """The length in whole minutes, above zero and up to seven days; None if it is not one at all.

    Raises Refused, saying what to write, when it is meant as one but leaves a doubt.
    """
    text = " ".join(text.split())
    if not any(shape.fullmatch(text) for shape in _SHAPES):
        return None
    if _BARE.fullmatch(text):
        raise Refused(_which_unit(text))
    if text.startswith("-"):
        raise Refused(f"{said(text)} is no time to lend a role for; write it like 1h30m.")
    spread = _GLUED.sub(r"\1m", _spread(text.upper()) if _ISO.fullmatch(text) else text)
    if spread[-1].isdecimal():
        raise Refused(f"{said(text)} ends in a number without a unit. Write it like 1h30m.")
    return _whole_minutes(text, _PART.findall(spread))


def _spread(iso: str) -> str:
    """Its parts as people write them: before the T, M are months."""
    days, _, hours = iso.removeprefix("P").partition("T")
    return f"{days.replace('M', 'MO')} {hours}"


def _unit(written: str) -> str:
    """The key of `_UNITS`, or `s`."""
    letters = written.lower()
    return letters[:2] if letters.startswith("mo") else letters[0]


def _which_unit(text: str) -> str:
    if text.startswith("-") or not text.strip("+0.,:"):
        return f"{said(text)} is no time to lend a role for; write it like 1h30m."
    if ":" in text:
        return f"Is {said(text)} in hours or in minutes? Write it as 1h30m or as 90m."
    number = said(text.lstrip("+"))
    return f"{number} hours or {number} minutes? Write {number}h or {number}m."


def _whole_minutes(text: str, parts: Sequence[tuple[str, str]]) -> timedelta:
    units = [_unit(written) for _, written in parts]
    if "s" in units:
        raise Refused(
            f"{said(text)} is counted in seconds; roles are lent for whole minutes, like 90m."
        )
    if units != sorted(set(units), key=list(_UNITS).index):
        raise Refused(
            f"{said(text)} names a unit twice, or the smaller one first. Write it like 1h30m."
        )
    minutes = sum(
        float(number.replace(",", ".")) * _UNITS[unit]
        for (number, _), unit in zip(parts, units, strict=True)
    )
    if minutes > LONGEST / _MINUTE:
        raise Refused(
            f"{said(text)} is longer than {duration_text(LONGEST)}, the most any role is lent for."
        )
    length = timedelta(minutes=minutes)
    if length < _MINUTE or length % _MINUTE:
        raise Refused(
            f"{said(text)} is not a number of whole minutes above zero. Write it like 90m."
        )
    return length


def duration_text(length: timedelta) -> str:
    """The shortest way to write it, as `parse_duration` reads it: `45m`, `1h30m`, `2d`.

    Seconds are rounded up, so that what is left of a grant never reads as `0m` before its end.
    """
    minutes = -(-length // _MINUTE)
    days, minutes = divmod(minutes, _UNITS["d"])
    hours, minutes = divmod(minutes, _UNITS["h"])
    parts = ((days, "d"), (hours, "h"), (minutes, "m"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0m"


def whole_minute(at: datetime) -> datetime:
    """The moment itself when it is a whole minute, else the next one."""
    floor = at.replace(second=0, microsecond=0)
    return floor if floor == at else floor + _MINUTE
