"""The card: the one message of a request, drawn from its row; one look for each state.

It says only what is so: a request is called active or ended when its row says that AWS was read
back. `text` tells all of it in one sentence: screen readers read that and not the blocks
(docs.slack.dev/reference/methods/chat.postMessage, "accessibility").
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from bot import blocks
from bot.blocks import Json, code, escaped, moment, user, users
from db.lifecycle import State, Why
from db.models import Request
from workflows.durations import duration_text

REASON_SHOWN: Final = 600
TROUBLE_SHOWN: Final = 600
FINDINGS_SHOWN: Final = 10


@dataclass(frozen=True)
class Facts:
    """What a card needs beside its row.

    `approvers` may decide, by the catalog; `trouble` is what AWS last said of the targets;
    `ended_by` is the Slack id of who ended it, when it was a person.
    """

    approvers: Sequence[str] = ()
    trouble: str | None = None
    ended_by: str | None = None


@dataclass(frozen=True)
class Drawing:
    """A message: its sentence, and its blocks."""

    text: str
    blocks: list[Json] = field(default_factory=list)


def card(row: Request, facts: Facts) -> Drawing:
    """The card of a request as its row stands."""
    headline, detail = _STATES[row.state](row, facts)
    gone = row.state in (State.DENIED, State.CANCELLED, State.LAPSED)
    return Drawing(
        text=blocks.cut(f"{_sentence(row)} {headline}. {detail}{_heard(row)}", blocks.FALLBACK),
        blocks=[
            blocks.header(f"{row.role} for {row.grantee_name}"),
            blocks.section(f"*{headline}*\n{detail}".strip()),
            blocks.fields(_fields(row)),
            *([] if gone else _reason(row)),
            *_findings(row),
            _context(row, facts),
            *blocks.actions(f"card:{row.id}:{row.changed}", _buttons(row)),
        ],
    )


def _sentence(row: Request) -> str:
    whom = escaped(row.grantee_name, 128)
    return (
        f"Request #{row.id}: {user(row.requester)} asks for {escaped(row.role, 150)} for "
        f"{whom}{_mfa(row)} for {_length(row)}: {escaped(row.reason, REASON_SHOWN)}."
    )


def _length(row: Request) -> str:
    return duration_text(timedelta(seconds=row.seconds))


def _fields(row: Request) -> list[tuple[str, str]]:
    return [
        ("Requester", user(row.requester)),
        (
            f"For {_KINDS.get(row.grantee_kind, 'whom')}",
            f"{code(row.grantee_name, 128)}{_mfa(row)}",
        ),
        ("Account", f"{code(row.account_name, 64)} {escaped(row.account_id, 12)}"),
        ("For how long", _length(row)),
    ]


def _mfa(row: Request) -> str:
    return ", needs MFA" if row.mfa else ""


_KINDS: Final = {"user": "IAM user", "machine": "machine", "person": "person"}


def _reason(row: Request) -> list[Json]:
    return [blocks.plain_section(f"Reason: {row.reason}", REASON_SHOWN)]


def _heard(row: Request) -> str:
    """The findings, for who hears the sentence and does not see the blocks."""
    if row.state is not State.PENDING:
        return ""
    return "".join(f" Found: {escaped(one, 200)}" for one in row.findings[:FINDINGS_SHOWN])


def _findings(row: Request) -> list[Json]:
    if not row.findings or row.state not in (State.PENDING, State.APPROVED):
        return []
    lines = [f"• {one}" for one in row.findings[:FINDINGS_SHOWN]]
    if (more := len(row.findings) - FINDINGS_SHOWN) > 0:
        lines.append(f"and {more} more")
    return [blocks.plain_section("\n".join(["Found in AWS:", *lines]))]


def _context(row: Request, facts: Facts) -> Json:
    parts = [f"#{row.id}", f"asked {moment(row.asked_at)}"]
    if row.state is State.PENDING:
        parts += [
            f"lapses {moment(row.lapses_at)}",
            f"{users(facts.approvers)} can approve, not the requester",
        ]
    given = [one for one in row.decisions if one.approves]
    if given:
        parts.append(f"approved by {users([one.by for one in given])}")
    if row.opened_at is not None:
        parts.append(f"opened {moment(row.opened_at)}")
    if row.state is State.ENDED and (at := row.ends_at if row.why is Why.TIME else row.ended_at):
        parts.append(f"ended {moment(at)}")
    return blocks.context(*parts)


# --- one look for each state: its headline, and what is to be said below it

Look = tuple[str, str]


def _pending(row: Request, facts: Facts) -> Look:
    del facts
    if row.terms is not None:
        given = sum(one.approves for one in row.decisions)
        return "Waiting for approval", f"{given} of {row.approvals_needed} approvals given."
    if row.trouble is not None:
        wait = "It is tried again until the request lapses; until then nobody can approve it."
        return "AWS could not be checked", f"{_trouble(row.trouble)} {wait}"
    return "Looking at AWS", "It can be approved when xacct has seen what AWS holds."


def _approved(row: Request, facts: Facts) -> Look:
    tried = f" It is tried until {moment(row.open_by)}." if row.open_by is not None else ""
    said = f" {_trouble(facts.trouble)}" if facts.trouble else ""
    return "Approved, opening", f"Not usable yet: AWS is being written and read back.{tried}{said}"


def _active(row: Request, facts: Facts) -> Look:
    until = moment(row.ends_at) if row.ends_at is not None else "its end"
    since = moment(row.opened_at) if row.opened_at is not None else "now"
    said = f" {_trouble(facts.trouble)}" if facts.trouble else ""
    so = f"AWS has it since {since}; spreading takes up to a minute."
    end = (
        "At the end AWS itself refuses every session."
        if row.session_end
        else "At the end AWS refuses new sessions; one that has begun may go on until it expires."
    )
    return f"Active until {until}", f"{so} {end}{said}"


def _ending(row: Request, facts: Facts) -> Look:
    said = facts.trouble or (None if row.why is Why.FAILED else row.trouble)
    if said:
        return (
            ":red_circle: Ending, but closing fails",
            f"{_because(row, facts)} {_trouble(said)} xacct tries again until AWS is closed.",
        )
    return "Ending", f"{_because(row, facts)} AWS is being closed and read back."


def _ended(row: Request, facts: Facts) -> Look:
    untouched = row.opened_at is None and row.noted_at is None  # a note goes before any write
    headline = "Ended without being opened" if untouched else "Ended"
    return headline, f"{_because(row, facts)} AWS was read back closed.{spreading(row)}"


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
    return "Lapsed", f"{_struck(row)}\nNobody decided in time. Nothing was opened."


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
    one_line = " ".join(blocks.clean(row.reason).replace("~", "-").split())
    return f"~{escaped(one_line, REASON_SHOWN) or '-'}~"


def _trouble(said: str) -> str:
    return f"AWS said: {code(said, TROUBLE_SHOWN)}."


def _because(row: Request, facts: Facts) -> str:
    """Why it ended, as a sentence."""
    by = f" by {user(facts.ended_by)}" if facts.ended_by else ""
    sentence = because(row.why, by)
    failed = row.why in (Why.FAILED, Why.CHANGED, Why.WIDENED) and row.trouble
    return f"{sentence} {code(row.trouble or '', TROUBLE_SHOWN)}." if failed else sentence


def spreading(row: Request) -> str:
    """An end in time was spread long before; any other reaches all of AWS a little later."""
    return "" if row.why is Why.TIME else " Spreading to all of AWS takes up to a minute."


def because(why: Why | None, by: str = "") -> str:
    """Why a request ended, as a sentence; `by` is ` by <@U1>` or empty."""
    return _WHY[why].format(by=by) if why is not None else f"Cancelled{by}."


_WHY: Final = {
    Why.TIME: "Its time was over.",
    Why.REVOKED: "Revoked{by}.",
    Why.GIVEN_BACK: "Given back{by}.",
    Why.WITHDRAWN: "Withdrawn: the role or the person left the catalog.",
    Why.NOT_OPENED: "It could not be opened in time after its approval.",
    Why.FAILED: "It could not be opened.",
    Why.CHANGED: "What was approved had changed before it was opened.",
    Why.REMOVED: "Somebody took the access away in AWS.",
    Why.WIDENED: "Somebody changed the role's trust policy in AWS, so that the access had no end.",
}


_REVOKED_NOW: Final = "every session ends within a minute, also those in use."
_REVOKED_NEW: Final = "new sessions are refused; one that has begun may go on until it expires."


# --- buttons, each only where it works


def _buttons(row: Request) -> list[Json]:
    name = f"{row.role} for {row.grantee_name}"
    if row.state is State.PENDING:
        approve = (
            [blocks.button("approve", "Approve Request", f"{row.id}:{row.terms}", style="primary")]
            if row.terms is not None
            else []
        )
        return [*approve, blocks.button("deny", "Deny Request", str(row.id))]
    if row.state in (State.APPROVED, State.ACTIVE):
        ask = blocks.confirm(
            "Revoke this access?",
            f"{name}: {_REVOKED_NOW if row.session_end else _REVOKED_NEW}",
            yes="Revoke Access",
            no="Keep Access",
        )
        return [blocks.button("revoke", "Revoke Access", str(row.id), style="danger", confirm=ask)]
    return []
