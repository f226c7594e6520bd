"""App Home: what waits for somebody, what he has, what he asked for, who is in what he approves.

A view has 100 blocks at most (docs.slack.dev/reference/views/home-tab-views), so each list is cut
and says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot import blocks
from bot.blocks import Json, code, escaped, givers, moment, user
from bot.cards import approving
from db.lifecycle import State
from db.models import Request
from workflows.durations import duration_text

SHOWN: Final = 8
"""Requests of each list: with at most five blocks each all lists fit."""

_EMPTY: Final = (
    "You have nothing open and nothing waiting. `/xacct request <account> <role> 1h <why>`, or the "
    "button above, asks for a role in another account."
)


@dataclass(frozen=True)
class Lists:
    """What concerns one person: requests that wait for his decision, those of his own that are
    open or wait, his last ones that are over, what is open in the roles that he approves, and the
    break-glass uses whose review he can sign. Who `breaks` glass has a button for it.
    """

    waiting: Sequence[Request]
    own: Sequence[Request]
    over: Sequence[Request]
    inside: Sequence[Request]
    reviews: Sequence[Request] = ()
    breaks: bool = False


def home(lists: Lists, *, at: datetime) -> Json:
    """The view."""
    parts: list[tuple[str, Sequence[Request], Callable[[Request], list[Json]]]] = [
        ("Break-glass: sign the review", lists.reviews, _review),
        ("Waits for you", lists.waiting, _waiting),
        ("Yours", lists.own, _own),
        ("In the roles that you approve", lists.inside, _inside),
        ("Your last requests", lists.over, _over),
    ]
    shown = [*_top(breaks=lists.breaks)]
    for title, rows, draw in parts:
        shown += _listed(title, rows, draw)
    if not (lists.waiting or lists.own or lists.reviews):
        shown.insert(1, blocks.section(_EMPTY))
    return _view([*shown, blocks.context(f"Updated {moment(at)}")])


def refused(sentence: str) -> Json:
    """For who cannot use xacct."""
    return _view([blocks.section(sentence)])


def _view(shown: list[Json]) -> Json:
    return {"type": "home", "callback_id": "home", "blocks": shown}


def _top(*, breaks: bool) -> list[Json]:
    glass = blocks.button("break_glass", "Break Glass…", "break_glass", style="danger")
    return blocks.actions(
        "home-top",
        [
            blocks.button("ask", "Request Access", "ask", style="primary"),
            blocks.button("refresh", "Refresh", "refresh"),
            *([glass] if breaks else []),
        ],
    )


def _listed(
    title: str, rows: Sequence[Request], draw: Callable[[Request], list[Json]]
) -> list[Json]:
    if not rows:
        return []
    shown = [blocks.header(title), *(one for row in rows[:SHOWN] for one in draw(row))]
    more = len(rows) - SHOWN
    return [*shown, blocks.context(f"and {more} more: `/xacct list`")] if more > 0 else shown


def _what(row: Request) -> str:
    return f"*#{row.id} {code(row.role, 150)}* for {code(row.grantee_name, 128)}"


def _waiting(row: Request) -> list[Json]:
    """All that is decided on stands above the buttons that decide."""
    asked = f"{_what(row)}, {duration_text(row.length)}, asked by {user(row.requester)}"
    found = "\n".join(f"• {one}" for one in row.findings)
    return [
        blocks.section(asked),
        blocks.plain_section(f"Reason: {row.reason}", 600),
        *([blocks.plain_section(f"Found in AWS:\n{found}", 1500)] if found else []),
        *blocks.actions(f"home-wait-{row.id}-{row.changed}", approving(row)),
    ]


def _review(row: Request) -> list[Json]:
    over = f", over since {moment(row.ended_at)}" if row.ended_at is not None else ""
    said = f"{_what(row)}, by {user(row.requester)} without an approver{over}"
    return [
        {
            **blocks.section(f"{said}\n{escaped(row.reason, 300)}"),
            "accessory": blocks.button("sign", "Sign Review", str(row.id), style="primary"),
        }
    ]


def _own(row: Request) -> list[Json]:
    until = f"until {moment(row.ends_at)}" if row.ends_at else f"asked {moment(row.asked_at)}"
    number, buttons = str(row.id), []
    if row.state is State.PENDING:
        buttons = [blocks.button("cancel", "Cancel Request", number)]
    elif row.state is State.ACTIVE:
        extend = blocks.button("extend", "Extend", number)
        buttons = [*([] if row.break_glass else [extend]), _end(row, "Give Back")]
    said = blocks.section(f"{_what(row)}: {row.state}, {until}")
    return [said, *blocks.actions(f"home-own-{row.id}-{row.changed}", buttons)]


def _inside(row: Request) -> list[Json]:
    given = givers(one.by for one in row.decisions if one.approves)
    until = f" until {moment(row.ends_at)}" if row.ends_at is not None else ""
    text = f"{_what(row)} ({user(row.requester)}){until}, approved by {given}"
    buttons = [_end(row, "Revoke Access")] if row.state is not State.ENDING else []
    return [
        blocks.section(text),
        *blocks.actions(f"home-in-{row.id}-{row.changed}", buttons),
    ]


def _over(row: Request) -> list[Json]:
    because = f" ({escaped(row.why, 40)})" if row.why else ""
    return [
        {
            **blocks.section(f"{_what(row)}: {row.state}{because}"),
            "accessory": blocks.button("again", "Ask Again", str(row.id)),
        }
    ]


def _end(row: Request, label: str) -> Json:
    ask = blocks.confirm(
        f"{label}?",
        f"{row.role} for {row.grantee_name} ends at once, open sessions too.",
        yes=label,
        no="Keep Access",
    )
    return blocks.button("revoke", label, str(row.id), style="danger", confirm=ask)
