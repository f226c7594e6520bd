"""What a card says of each state: its headline, and what is to be said below it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.blocks import clean, code, escaped, giver, moment, to_the_second, user
from db.lifecycle import State, Why
from db.models import Request
from workflows.documents.session_end import Anchor
from workflows.durations import duration_text

REASON_SHOWN: Final = 600
TROUBLE_SHOWN: Final = 600

Look = tuple[str, str]


@dataclass(frozen=True)
class Facts:
    """What a card needs beside its row.

    `approvers` may decide, by the catalog; `trouble` is what AWS last said of the targets;
    `ended_by` is the Slack id of who ended it, when it was a person. `extended_end` is when the
    grant ends that this one extends; `goes_on` is the grant, and its end, by which the access goes
    on when this one ends in time. `anchor` is the newest row of the audit log about it.
    """

    approvers: Sequence[str] = ()
    trouble: str | None = None
    ended_by: str | None = None
    extended_end: datetime | None = None
    goes_on: tuple[int, datetime] | None = None
    anchor: Anchor | None = None


def headline(row: Request, facts: Facts) -> Look:
    """The headline of a card, and what stands below it."""
    return _STATES[row.state](row, facts)


def _pending(row: Request, facts: Facts) -> Look:
    del facts
    if row.break_glass and row.trouble is None:
        return "Break-glass, looking at AWS", "It opens when xacct has seen what AWS holds."
    if row.terms is not None:
        given = sum(one.approves for one in row.decisions)
        less = f" The shortest counts: {duration_text(row.length)}." if row.lent_seconds else ""
        return "Waiting for approval", f"{given} of {row.approvals_needed} approvals given.{less}"
    if row.trouble is not None:
        wait = "It is tried again until the request lapses; until then nobody can approve it."
        return "AWS could not be checked", f"{_trouble(row.trouble)} {wait}"
    return "Looking at AWS", "It can be approved when xacct has seen what AWS holds."


def _approved(row: Request, facts: Facts) -> Look:
    tried = f" It is tried until {moment(row.open_by)}." if row.open_by is not None else ""
    said = f" {_trouble(facts.trouble)}" if facts.trouble else ""
    not_yet = "Not usable yet: AWS is being written and read back."
    return "Approved, opening", f"{not_yet}{beforehand(row)}{tried}{said}"


def beforehand(row: Request) -> str:
    """Which rule of the catalog approved it, where no person did: a sentence, or nothing."""
    given = next((one for one in row.decisions if one.approves and not one.is_persons), None)
    return f" Approved by {giver(given.by)}; no person decided." if given is not None else ""


def _active(row: Request, facts: Facts) -> Look:
    until = moment(row.ends_at) if row.ends_at is not None else "its end"
    said = f" {_trouble(facts.trouble)}" if facts.trouble else ""
    return (
        f"Active until {until}",
        f"{aws_has_it(row)} {_at_the_end(row, facts)}{beforehand(row)}{said}",
    )


def _at_the_end(row: Request, facts: Facts) -> str:
    if facts.goes_on is not None:
        return goes_on(facts.goes_on)
    if row.session_end:
        return "At the end AWS itself refuses every session."
    return f"At the end AWS refuses new sessions; {outlives(row)}."


def aws_has_it(row: Request) -> str:
    """Since when AWS was read to hold all of it, and what that is worth."""
    since = row.open_since or row.opened_at
    so = f"AWS has it since {to_the_second(since) if since is not None else 'now'}"
    unasked = " AWS's own simulation could not be asked." if row.verified is False else ""
    return f"{so}; spreading takes up to a minute.{unasked}"


def outlives(row: Request) -> str:
    """How long a session may live that nothing ends: part of a sentence."""
    longest = timedelta(seconds=row.longest_session or 0)
    up_to = duration_text(longest) if longest else "the role's longest session"
    return f"one that has begun may go on for up to {up_to}"


def _ending(row: Request, facts: Facts) -> Look:
    said = facts.trouble or (None if row.why in _SAYS_WHY else row.trouble)
    if facts.goes_on is not None and not said:
        return "Ending", f"{_because(row, facts)} {goes_on(facts.goes_on)}"
    if said:
        return (
            ":red_circle: Ending, but closing fails",
            f"{_because(row, facts)} {_trouble(said)} xacct tries again until AWS is closed.",
        )
    return "Ending", f"{_because(row, facts)} AWS is being closed and read back."


def _ended(row: Request, facts: Facts) -> Look:
    if facts.goes_on is not None:
        by = f"Ended; access goes on by #{facts.goes_on[0]}"
        return by, f"{_because(row, facts)} {goes_on(facts.goes_on)}"
    untouched = row.opened_at is None and row.noted_at is None  # a note goes before any write
    said = "Ended without being opened" if untouched else "Ended"
    after = "" if untouched else left(row)
    return said, f"{_because(row, facts)} AWS was read back closed.{spreading(row)}{after}"


def goes_on(grant: tuple[int, datetime]) -> str:
    """By which grant, and until when."""
    request, until = grant
    return f"The access goes on by #{request} until {moment(until)}."


def left(row: Request) -> str:
    """What may still be in use when the access is over, where nothing ends sessions."""
    return "" if row.session_end else f" No new session begins; {outlives(row)}."


def _denied(row: Request, facts: Facts) -> Look:
    del facts
    said = next((one for one in row.decisions if not one.approves), None)
    if said is None:
        return "Denied", _struck(row)
    reason = f" Reason: {escaped(said.reason, REASON_SHOWN)}" if said.reason else ""
    return "Denied", f"{_struck(row)}\nBy {user(said.by)} {moment(said.at)}.{reason}"


def _cancelled(row: Request, facts: Facts) -> Look:
    return "Cancelled", f"{_struck(row)}\n{_because(row, facts)} Nothing was opened."


def _lapsed(row: Request, facts: Facts) -> Look:
    del facts
    because = lapsed(row)
    said = f"{because[0].upper()}{because[1:]}. Nothing was opened."
    return "Lapsed", f"{_struck(row)}\n{said}"


def lapsed(row: Request) -> str:
    """Why a request lapsed: part of a sentence. Before AWS was looked at nobody can decide, and on
    break-glass nobody is to.
    """
    if row.terms is None:
        return "AWS could not be looked at in time"
    return "nobody decided in time"


def lasted(row: Request) -> str:
    """From when on, and until when, what is over was open, as far as AWS was read: part of a
    sentence.
    """
    until = f" until {moment(row.ended_at)}" if row.ended_at is not None else ""
    if row.opened_at is not None:
        return f"open from {moment(row.opened_at)}{until}"
    if row.noted_at is None:  # a note goes before any write
        return "it did not open"
    over = f", and was closed again {moment(row.ended_at)}" if row.ended_at is not None else ""
    return (
        f"it was being written to AWS from {moment(row.noted_at)} on{over}; AWS was never read to "
        "hold all of it, so it may have been open meanwhile"
    )


_STATES: Final[dict[State, Callable[[Request, Facts], Look]]] = {
    State.PENDING: _pending,
    State.APPROVED: _approved,
    State.ACTIVE: _active,
    State.ENDING: _ending,
    State.ENDED: _ended,
    State.DENIED: _denied,
    State.CANCELLED: _cancelled,
    State.LAPSED: _lapsed,
}


def _struck(row: Request) -> str:
    """The ask, struck through: no tilde or line break of its own ends the line early."""
    one_line = " ".join(clean(row.reason).replace("~", "-").split())
    return f"~{escaped(one_line, REASON_SHOWN) or '-'}~"


def _trouble(said: str) -> str:
    return f"AWS said: {code(said, TROUBLE_SHOWN)}."


def _because(row: Request, facts: Facts) -> str:
    """Why it ended, as a sentence."""
    by = f" by {user(facts.ended_by)}" if facts.ended_by else ""
    sentence = because(row.why, by)
    more = row.why in _SAYS_WHY and row.trouble
    return f"{sentence} {code(row.trouble or '', TROUBLE_SHOWN)}." if more else sentence


def spreading(row: Request) -> str:
    """An end in time was spread long before; any other reaches all of AWS a little later."""
    return "" if row.why is Why.TIME else " Spreading to all of AWS takes up to a minute."


def because(why: Why | None, by: str = "") -> str:
    """Why a request ended, as a sentence; `by` is ` by <@U1>` or empty."""
    return _WHY[why].format(by=by) if why is not None else f"Cancelled{by}."


_SAYS_WHY: Final = (Why.FAILED, Why.CHANGED, Why.WIDENED, Why.WITHDRAWN)
"""Ends of which the row's trouble tells more; a trouble of closing stands in the targets."""

_WHY: Final = {
    Why.TIME: "Its time was over.",
    Why.REVOKED: "Revoked{by}.",
    Why.GIVEN_BACK: "Given back{by}.",
    Why.WITHDRAWN: "Withdrawn: the role or the person left.",
    Why.NOT_OPENED: "It could not be opened in time after its approval.",
    Why.FAILED: "It could not be opened.",
    Why.CHANGED: "What was approved had changed before it was opened.",
    Why.REMOVED: "Somebody took the access away in AWS.",
    Why.WIDENED: "Somebody changed the role's trust policy in AWS, so that the access had no end.",
}
