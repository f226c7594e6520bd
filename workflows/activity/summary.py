"""What the events of a grant come to."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from re import compile as pattern
from typing import Final

from workflows.activity.events import ENTER, Event, Reading, Trace, own

_REFUSED: Final = pattern("AccessDenied|Unauthorized|NotAuthorized|AuthorizationError|Forbidden")
"""How services spell that somebody may not (their API references, "Errors"): `AccessDenied`,
`AccessDeniedException`, `Client.UnauthorizedOperation`, …
"""


@dataclass(frozen=True)
class Count:
    """How often a call was made: `service` as in a policy (`iam`), `what` its name."""

    service: str
    what: str
    times: int


@dataclass(frozen=True)
class Summary:
    """What was done, the most frequent first. What was refused or failed changed nothing, and is in
    none of the others; `what` of those says the error, too.

    `entered` counts sessions that began; `onward` are the roles that a session went on into, by
    ARN. `delivered` counts the calls with access keys that xacct handed out.
    """

    writes: tuple[Count, ...]
    reads: tuple[Count, ...]
    refused: tuple[Count, ...]
    failed: tuple[Count, ...]
    onward: tuple[Count, ...]
    entered: int
    delivered: int
    first: datetime | None
    last: datetime | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is told of these sessions."""
        return self.first is None


def summary(trace: Trace, reading: Reading) -> Summary:
    """What the grant's own events come to, and nobody else's."""
    found = own(trace, reading.events)
    calls = [one for one in found.calls if not one.is_sign_in]
    done = [one for one in calls if one.error is None]
    onward = [one for one in done if one.name in ENTER]
    plain = [one for one in done if one.name not in ENTER]
    wrong = [one for one in found.calls if one.error is not None]
    used = sorted(one.at for one in (*found.entries, *found.calls))
    return Summary(
        writes=_counts((_service(one), one.name) for one in plain if not one.read_only),
        reads=_counts((_service(one), one.name) for one in plain if one.read_only),
        refused=_counts(_error(one) for one in wrong if _is_refused(one)),
        failed=_counts(_error(one) for one in wrong if not _is_refused(one)),
        onward=_counts((_service(one), one.role or one.name) for one in onward),
        entered=len(found.entries),
        delivered=sum(one.key in trace.delivered for one in found.calls),
        first=used[0] if used else None,
        last=used[-1] if used else None,
    )


def total(counts: Iterable[Count]) -> int:
    """All of them together."""
    return sum(one.times for one in counts)


def _service(event: Event) -> str:
    return event.source.removesuffix(".amazonaws.com")


def _error(event: Event) -> tuple[str, str]:
    return _service(event), f"{event.name}: {event.error}"


def _is_refused(event: Event) -> bool:
    return event.error is not None and _REFUSED.search(event.error) is not None


def _counts(calls: Iterable[tuple[str, str]]) -> tuple[Count, ...]:
    """By service, the one with the most calls first; in each the most frequent call first."""
    times = Counter(calls)
    services: Counter[str] = Counter()
    for (service, _), number in times.items():
        services[service] += number
    order = sorted(times, key=lambda one: (-services[one[0]], one[0], -times[one], one[1]))
    return tuple(Count(service, what, times[service, what]) for service, what in order)
