"""The history of a request, as the thread below its card tells it: lines that only grow."""

from datetime import timedelta

from bot.blocks import code, escaped, giver, moment, to_the_second, user
from bot.headlines import REASON_SHOWN, TROUBLE_SHOWN, Facts, because, lapsed
from db.lifecycle import State
from db.models import Decision, Request
from workflows.durations import duration_text


def lines(row: Request, facts: Facts) -> list[str]:
    """All that has happened so far, the oldest first, in mrkdwn."""
    told = [_decided(row, number, one) for number, one in enumerate(row.decisions, start=1)]
    if row.opened_at is not None:
        until = f", until {moment(row.ends_at)}" if row.ends_at is not None else ""
        told.append(f"Open since {to_the_second(row.open_since or row.opened_at)}{until}.")
    if row.state in (State.ENDING, State.ENDED):
        told.append(f"Ending. {_why(row, facts)}")
    if row.state is State.ENDED:
        told.append("Ended: AWS was read back closed.")
    if row.state is State.CANCELLED:
        told.append(f"{_why(row, facts)} Nothing was opened.")
    if row.state is State.LAPSED:
        told.append(f"Lapsed: {lapsed(row)}.")
    return told


def _decided(row: Request, number: int, one: Decision) -> str:
    if not one.approves:
        reason = f" Reason: {escaped(one.reason, REASON_SHOWN)}" if one.reason else ""
        return f"Denied by {user(one.by)}.{reason}"
    if not one.is_persons:
        return f"Approved by {giver(one.by)}; no person decided."
    less = f" for {duration_text(timedelta(seconds=one.seconds))}" if one.seconds else ""
    return f"Approved by {user(one.by)}{less}, {number} of {row.approvals_needed}."


def _why(row: Request, facts: Facts) -> str:
    by = f" by {user(facts.ended_by)}" if facts.ended_by else ""
    words = f" {code(row.trouble, TROUBLE_SHOWN)}" if row.trouble else ""
    return f"{because(row.why, by)}{words}"
