"""Events as values, what is looked for, and which of them are whose.

An event names who made the call by role id and session name, and when that session began. It does
not say who began it: that is told by the AssumeRole, with the access key id that came of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

ENTER: Final = frozenset({"AssumeRole", "AssumeRoot"})
"""Calls by which a session takes another one, whose calls bear another name from then on."""

_SIGN_IN: Final = "signin.amazonaws.com"


@dataclass(frozen=True)
class Event:
    """One call as CloudTrail records it (CloudTrail User Guide, "CloudTrail record contents").

    `at` and `began` (when the caller's session began) are AWS's time, to the second. `key` is the
    caller's access key id, `caller` his `principalId`. Of an AssumeRole `role` is the ARN that was
    asked for, `made` the `assumedRoleId` and `made_key` the access key id that came of it.
    """

    id: str
    at: datetime
    region: str
    source: str  # `iam.amazonaws.com`
    name: str
    read_only: bool
    caller: str
    error: str | None = None
    key: str | None = None
    began: datetime | None = None
    role: str | None = None
    made: str | None = None
    made_key: str | None = None

    @property
    def is_sign_in(self) -> bool:
        """Whether it only opened the console: a sign of use, which changes nothing."""
        return self.source == _SIGN_IN


@dataclass(frozen=True)
class Trace:
    """What is looked for: the sessions of one grant. All moments are AWS's time.

    Its sessions began from `open_since` on and before `open_until`; what is told is from `since` to
    `until`, both included. `comers` are the unique ids that come in by this grant, the grantee's
    and the vendor's, with a session's name (`AROA…:alice`) where the id alone says too little;
    `delivered` are the access key ids that xacct handed out for it. No `regions`: the usual ones.
    """

    request: int
    account: str
    manager_arn: str
    external_id: str | None
    role_id: str
    session_name: str
    open_since: datetime
    open_until: datetime
    since: datetime
    until: datetime
    comers: frozenset[str] = frozenset()
    delivered: frozenset[str] = frozenset()
    regions: tuple[str, ...] = ()

    @property
    def session(self) -> str:
        """`AROA…:alice`: how AWS calls whoever came in so, in every event (`principalId`)."""
        return f"{self.role_id}:{self.session_name}"


@dataclass(frozen=True)
class Reading:
    """What a source told: `events` of each region that was read, and of the others why not.

    `cut_at` is where a source that gives only so many of the newest stopped: what was before is not
    told. Events up to `up_to` are there, as a rule; with `kept_since` those before it are forgotten
    that may be of these sessions. `lacks` is what is never in this source, in words that follow
    "Not in it:".
    """

    events: tuple[Event, ...]
    regions: tuple[str, ...]
    up_to: datetime
    unread: Mapping[str, str] = field(default_factory=dict)
    cut_at: datetime | None = None
    kept_since: datetime | None = None
    source: str = ""
    lacks: str = ""


class Source(Protocol):
    """Where events are read: CloudTrail's event history, or later a trail's files."""

    def events(self, trace: Trace, *, now: datetime) -> Reading:
        """Everything that may be of these sessions, and maybe more. Raises Trouble where nothing at
        all could be read.
        """


@dataclass(frozen=True)
class Own:
    """The events of one grant's sessions: `entries` are the AssumeRole calls that began them."""

    entries: tuple[Event, ...]
    calls: tuple[Event, ...]


def own(trace: Trace, events: Iterable[Event]) -> Own:
    """Those of the grant's own sessions and of no others, each once, the oldest first.

    Not those of another name or role; not those of a session that began before the access was open,
    or that somebody else began under the same name.
    """
    told = sorted({one.id: one for one in events}.values(), key=lambda one: (one.at, one.id))
    within = [one for one in told if trace.since <= one.at <= trace.until]
    began = [one for one in told if one.made == trace.session and one.made_key is not None]
    others = {one.made_key for one in began if not _is_comer(trace, one)}
    entries = [one for one in began if _is_comer(trace, one) and _is_within(trace, one.at)]
    return Own(
        entries=tuple(one for one in entries if trace.since <= one.at <= trace.until),
        calls=tuple(one for one in within if _is_ours(trace, one) and one.key not in others),
    )


def _is_within(trace: Trace, began: datetime) -> bool:
    """Whether a session that began then is of this grant."""
    return trace.open_since <= began < trace.open_until


def _is_comer(trace: Trace, entry: Event) -> bool:
    ids = {entry.caller, entry.caller.partition(":")[0]}
    return bool(ids & trace.comers) or entry.made_key in trace.delivered


def _is_ours(trace: Trace, call: Event) -> bool:
    if call.caller != trace.session:
        return False
    return call.began is None or _is_within(trace, call.began)
