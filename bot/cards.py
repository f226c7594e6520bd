"""The card: the one message of a request, drawn from its row; one look for each state.

It says only what is so: a request is called active or ended when its row says that AWS was read
back. `text` tells all of it in one sentence: screen readers read that and not the blocks
(docs.slack.dev/reference/methods/chat.postMessage, "accessibility").
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from bot import blocks, shorter
from bot.blocks import Json, code, escaped, givers, moment, user, users
from bot.headlines import REASON_SHOWN, Facts, headline, outlives
from db.lifecycle import State, Why
from db.models import Request
from workflows.durations import duration_text

FINDINGS_SHOWN: Final = 10


@dataclass(frozen=True)
class Drawing:
    """A message: its sentence, and its blocks; `metadata` is for programs that read the channel."""

    text: str
    blocks: list[Json] = field(default_factory=list)
    metadata: Json | None = None


def card(row: Request, facts: Facts, *, works: frozenset[str] | None = None) -> Drawing:
    """The card of a request as its row stands. `works` are the buttons that work for the one person
    it is shown to; None is everybody's card.
    """
    said, detail = headline(row, facts)
    gone = row.state in (State.DENIED, State.CANCELLED, State.LAPSED)
    return Drawing(
        text=blocks.cut(f"{_sentence(row, facts)} {said}. {detail}{_heard(row)}", blocks.FALLBACK),
        blocks=[
            blocks.header(
                f"{'Break-glass: ' if row.break_glass else ''}{row.role} for {row.grantee_name}"
            ),
            blocks.section(f"*{said}*\n{detail}".strip()),
            blocks.fields(_fields(row, facts)),
            *([] if gone else _reason(row)),
            *_findings(row),
            _context(row, facts),
            *blocks.actions(f"card:{row.id}:{row.changed}", _buttons(row, works)),
        ],
    )


def _sentence(row: Request, facts: Facts) -> str:
    whom = escaped(row.grantee_name, 128)
    kind = "Break-glass" if row.break_glass else "Request"
    return (
        f"{kind} #{row.id}: {user(row.requester)} asks for {escaped(row.role, 150)} for "
        f"{whom}{_mfa(row)} for {_length(row, facts)}: {escaped(row.reason, REASON_SHOWN)}."
    )


def _length(row: Request, facts: Facts) -> str:
    length = row.length
    if row.extends is None:
        asked = timedelta(seconds=row.seconds)
        less = f" (asked for {duration_text(asked)})" if length != asked else ""
        return f"{duration_text(length)}{less}"
    until: datetime | None = row.ends_at
    if until is None and facts.extended_end is not None:
        until = facts.extended_end + length
    end = f" until {moment(until)}" if until is not None else ""
    return f"longer: extends #{row.extends}{end} by {duration_text(length)}"


def _fields(row: Request, facts: Facts) -> list[tuple[str, str]]:
    return [
        ("Requester", user(row.requester)),
        (
            f"For {_KINDS.get(row.grantee_kind, 'whom')}",
            f"{code(row.grantee_name, 128)}{_mfa(row)}",
        ),
        ("Account", f"{code(row.account_name, 64)} {escaped(row.account_id, 12)}"),
        ("For how long", _length(row, facts)),
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
    if facts.anchor is not None:  # before what may be long, and is cut
        parts.append(f"audit {facts.anchor.number} · {facts.anchor.short}")
    if row.state is State.PENDING:
        parts += [
            f"lapses {moment(row.lapses_at)}",
            _who_decides(row, facts),
        ]
    given = [one for one in row.decisions if one.approves]
    if given:
        parts.append(f"approved by {givers(one.by for one in given)}")
    if row.opened_at is not None:
        parts.append(f"opened {moment(row.opened_at)}")
    if row.state is State.ENDED and (at := row.ends_at if row.why is Why.TIME else row.ended_at):
        parts.append(f"ended {moment(at)}")
    return blocks.context(*parts)


def _who_decides(row: Request, facts: Facts) -> str:
    """Who can decide; of a roster only what it said when it was last asked."""
    asked = users(facts.approvers)
    if row.break_glass:
        return f"nobody has to approve it; {asked} can deny it"
    if row.asked_because:
        return f"asked of {asked} ({escaped(row.asked_because, 200)})"
    return f"{asked} can approve, not the requester"


# --- buttons, each only where it works


_REVOKED_NOW: Final = "every session ends within a minute, also those in use."


def approving(row: Request) -> list[Json]:
    """The buttons of a decision; those that approve only when there is something to decide on."""
    deny = blocks.button("deny", "Deny Request", str(row.id))
    if row.terms is None:
        return [deny]
    value = f"{row.id}:{row.terms}"
    return [
        blocks.button("approve", "Approve Request", value, style="primary"),
        deny,
        *_less(row),
    ]


def _less(row: Request) -> list[Json]:
    """The menu that approves for less time, where there is less."""
    choices = [
        (f"Approve for {duration_text(one)} instead", f"{row.id}:{shorter.terms(row, one)}")
        for one in shorter.lengths(row)
    ]
    return [blocks.overflow("approve_less", choices)] if choices else []


def _buttons(row: Request, works: frozenset[str] | None) -> list[Json]:
    shown = _all_buttons(row)
    return [one for one in shown if works is None or one["action_id"] in works]


def _all_buttons(row: Request) -> list[Json]:
    name = f"{row.role} for {row.grantee_name}"
    if row.state is State.PENDING:
        return approving(row)
    if row.state in (State.APPROVED, State.ACTIVE):
        what = _REVOKED_NOW if row.session_end else f"new sessions are refused; {outlives(row)}."
        ask = blocks.confirm(
            "Revoke this access?",
            f"{name}: {what}",
            yes="Revoke Access",
            no="Keep Access",
        )
        return [blocks.button("revoke", "Revoke Access", str(row.id), style="danger", confirm=ask)]
    return []
