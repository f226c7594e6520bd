"""Moments as people write them: `7d` ago, `2026-01-31`, `14:30`, `yesterday`."""

import re
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

_AGO: Final = re.compile(r"([0-9]{1,6})\s*(m|min|h|d|w)(?:\s+ago)?")
_UNITS: Final = {
    "m": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_CLOCK: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT: Final = re.compile(
    rf"({_DATE.pattern})[T ]([0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}})?)(Z|[+-][0-9]{{2}}:?[0-9]{{2}})?",
    re.IGNORECASE,
)


class Here(tzinfo):
    """The zone of this machine, in summer and in winter."""

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        return None if dt is None else dt.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, dt: datetime | None) -> timedelta | None:
        del dt
        return None

    def tzname(self, dt: datetime | None) -> str | None:
        return None if dt is None else dt.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, dt: datetime) -> datetime:
        return dt.replace(tzinfo=UTC).astimezone().replace(tzinfo=self)


_DAYS: Final = {"today": 0, "yesterday": 1}


def after(text: str, now: datetime, zone: tzinfo) -> datetime | None:
    """The beginning of what the text names, in UTC; None: it names no time."""
    return _read(text, now, zone, days=0)


def before(text: str, now: datetime, zone: tzinfo) -> datetime | None:
    """The same, but a day is meant with its last moment: what is before the next day."""
    return _read(text, now, zone, days=1)


def _read(text: str, now: datetime, zone: tzinfo, *, days: int) -> datetime | None:
    text = text.strip().casefold()
    try:
        if found := _AGO.fullmatch(text):
            return now.replace(microsecond=0) - int(found[1]) * _UNITS[found[2]]
        return _absolute(text, now.astimezone(zone), days)
    except (ValueError, OverflowError):  # 2026-02-30, the year 0000, a million weeks
        return None


def _absolute(text: str, here: datetime, days: int) -> datetime | None:
    zone = here.tzinfo
    if text in _DAYS:
        day = here.date() - timedelta(days=_DAYS[text] - days)
        return datetime.combine(day, time(), zone).astimezone(UTC)
    if found := _CLOCK.fullmatch(text):
        at = time(int(found[1]), int(found[2]))
        return datetime.combine(here.date(), at, zone).astimezone(UTC)
    if _DATE.fullmatch(text):
        day = datetime.fromisoformat(text).date() + timedelta(days=days)
        return datetime.combine(day, time(), zone).astimezone(UTC)
    if found := _MOMENT.fullmatch(text):
        moment = datetime.fromisoformat(f"{found[1]}T{found[2]}{(found[3] or '').upper()}")
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    return None
