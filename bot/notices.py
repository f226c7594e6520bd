"""What a requester is told directly, once for each turn that his request takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot import blocks
from bot.blocks import Json, code, escaped, moment, user, users
from bot.cards import Drawing
from bot.headlines import (
    TROUBLE_SHOWN,
    Facts,
    aws_has_it,
    because,
    beforehand,
    goes_on,
    lapsed,
    left,
    spreading,
)
from db.lifecycle import State, Why
from db.models import Request
from db.store.reminders import Asked
from workflows import deliver
from workflows.catalog.model import Delivery


@dataclass(frozen=True)
class Notice:
    """One message to the requester. `turn` is remembered, so that it is told once."""

    turn: str
    drawing: Drawing


def notice(row: Request, facts: Facts) -> Notice | None:
    """What the requester has to be told as the row stands, or None."""
    told = _told(row, facts)
    if told is None or told[0] == row.told:
        return None
    turn, sentence = told
    text = f"{_what(row)}: {sentence}"
    shown = [blocks.section(text), *(_way_in(row) if turn == "active" else [])]
    shown += blocks.actions(f"told:{row.id}:{turn}", _buttons(row, turn))
    return Notice(turn, Drawing(blocks.cut(text, blocks.FALLBACK), shown))


def warning(row: Request) -> Notice:
    """What the requester of an open grant is told before its end."""
    until = moment(row.ends_at) if row.ends_at is not None else "soon"
    more = "Ask for more time before then, or let it end by itself."
    if row.break_glass:
        more = "Break-glass is never extended: ask for the role if you need it for longer."
    text = f"{_what(row)}: ends {until}. {more}"
    shown = [blocks.section(text), *blocks.actions(f"told:{row.id}:soon", _buttons(row, "soon"))]
    return Notice("soon", Drawing(blocks.cut(text, blocks.FALLBACK), shown))


def waits(row: Request, asked: Asked) -> Drawing:
    """What those who are asked hear again, below the card."""
    still = "still waits for a decision"
    if asked.escalates:
        more = ": more of you are asked now" if {*asked.of} - {*row.asked_of} else ""
        because = f" ({escaped(asked.because, 400)})" if asked.because else ""
        still = f"waits for a decision, and nobody has decided{more}{because}"
    text = f"{users(asked.of)}: {_what(row)} {still}. It lapses {moment(row.lapses_at)}."
    return Drawing(text, [blocks.section(text)])


def asked_now(row: Request, asked: Asked) -> Drawing:
    """What the requester is told when others are asked than before."""
    because = f" ({escaped(asked.because, 200)})" if asked.because else ""
    text = f"{_what(row)}: nobody has decided yet. {users(asked.of)} can, now{because}."
    return Drawing(text, [blocks.section(text)])


def asked_directly(row: Request, asked: Sequence[str]) -> Drawing:
    """What the requester is told when no channel takes the card."""
    text = (
        f"{_what(row)}: no channel takes the card now, so {users(asked)} got it in direct messages."
    )
    return Drawing(text, [blocks.section(text)])


def moved(row: Request) -> Drawing:
    """What becomes of a message in a channel that others can read now: it says nothing any more.
    Its thread is not ours to empty: what its replies are called is not remembered.
    """
    text = (
        f"#{row.id}: this channel is shared with others, so xacct took away what stood here, and "
        "goes on in another channel or in direct messages. Replies below stay as they are: delete "
        "them if the others must not read them."
    )
    return Drawing(text, [blocks.context(text)])


def replaced(row: Request) -> Drawing:
    """An older card of a request: no button works here any more."""
    text = f"{_what(row)}: replaced by a newer card."
    return Drawing(text, [blocks.context(f":arrow_down: {text}")])


def over(row: Request) -> Drawing:
    """What becomes of the messages of an open grant when it ends: no button works any more."""
    text = f"{_what(row)}: this access is over."
    return Drawing(text, [blocks.context(text)])


def _what(row: Request) -> str:
    return f"#{row.id} {escaped(row.role, 150)} for {escaped(row.grantee_name, 128)}"


def _buttons(row: Request, turn: str) -> list[Json]:
    """What the requester can do next, each only where it works."""
    if turn in ("active", "soon"):
        extend = blocks.button("extend", "Extend", str(row.id))
        ask = blocks.confirm(
            "Give this access back?",
            f"{row.role} for {row.grantee_name} ends at once, open sessions too.",
            yes="Give Back",
            no="Keep Access",
        )
        back = blocks.button("revoke", "Give Back", str(row.id), confirm=ask)
        get = blocks.button("credentials", "Get Credentials", str(row.id))
        vends = turn == "active" and row.delivery == Delivery.CREDENTIALS
        return [*([get] if vends else []), *([] if row.break_glass else [extend]), back]
    if turn == "failed" and not row.break_glass:
        return [blocks.button("retry", "Retry", str(row.id))]
    return [blocks.button("again", "Ask Again", str(row.id))]


def _told(row: Request, facts: Facts) -> tuple[str, str] | None:
    mine = row.why in (Why.GIVEN_BACK, None)  # who gives back, or cancels, needs no message
    # killed between the writing and the reading back, it may have been open until its time was over
    was_open = row.opened_at is not None or (row.noted_at is not None and row.why is Why.TIME)
    told: tuple[str, str] | None = None
    match row.state:
        case State.ACTIVE:
            told = "active", _active(row)
        case State.DENIED:
            told = "denied", _denied(row)
        case State.LAPSED:
            told = "lapsed", f"lapsed: {lapsed(row)}. Ask again if you still need it."
        case State.CANCELLED if not mine:
            told = "cancelled", f"cancelled. {_over(row, facts)} Nothing was opened."
        case State.ENDING if not (mine or was_open):
            told = "failed", f"{_not_opened(row)}. {_over(row, facts)}"
        case State.ENDED if was_open:
            told = "ended", f"ended. {_over(row, facts)}{_after(row, facts)}"
    return told


def _not_opened(row: Request) -> str:
    """What failed was not opened; what somebody ended while it was written may have been open."""
    if row.noted_at is None or row.why in (Why.FAILED, Why.NOT_OPENED):
        return "not opened"
    return "ended before AWS was read to hold all of it"


def _active(row: Request) -> str:
    until = moment(row.ends_at) if row.ends_at is not None else "its end"
    soon = "In the first minute it may still refuse you."
    return f"active until {until}. {aws_has_it(row)} {soon}{beforehand(row)}"


def _after(row: Request, facts: Facts) -> str:
    return f" {goes_on(facts.goes_on)}" if facts.goes_on else f"{spreading(row)}{left(row)}"


def _denied(row: Request) -> str:
    said = next((one for one in row.decisions if not one.approves), None)
    if said is None:
        return "denied."
    reason = f" Reason: {escaped(said.reason, 600)}" if said.reason else ""
    return f"denied by {user(said.by)}.{reason}"


def _over(row: Request, facts: Facts) -> str:
    by = f" by {user(facts.ended_by)}" if facts.ended_by else ""
    words = f" {code(row.trouble, TROUBLE_SHOWN)}" if row.trouble else ""
    return f"{because(row.why, by)}{words}"


_NEEDS_MFA: Final = (
    "Your MFA device is needed: in the console sign in with it; on the command line you are asked "
    "for its code. If the device is not named like your IAM user, put its ARN or serial number "
    "into `mfa_serial`."
)


def _way_in(row: Request) -> list[Json]:
    """How to use it: no secret stands here, only what the grantee's own sign-in makes work."""
    ways: list[Json] = []
    if row.grantee_kind != "machine":
        link = deliver.switch_role_link(row).replace("&", "&amp;")
        ways.append(blocks.section(f"<{link}|Switch to the role in the AWS console>"))
    if row.mfa:
        ways += [blocks.section(_NEEDS_MFA)]
    ways += [blocks.section("For the command line, in `~/.aws/config`:")]
    ways += [blocks.quoted(deliver.profile(row))]
    return ways
