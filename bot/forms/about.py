"""Forms about one request: denying it, asking for more time."""

from datetime import timedelta
from typing import Final

from bot import blocks
from bot.blocks import Json, code, moment
from bot.command import Deny, Extend, Unclear, parse, render
from bot.command.read import LONGEST_REASON
from bot.forms import parts
from bot.forms.asking import plainly
from db.models import Request
from workflows.durations import duration_text, parse_duration
from workflows.errors import Refused

DENY: Final = "deny"
EXTEND: Final = "extend"
DENYING: Final = "Deny request"
EXTENDING: Final = "Ask for more time"

_USUAL: Final = timedelta(minutes=30)


def denying(row: Request) -> Json:
    """Asks why."""
    return parts.modal(
        DENY,
        DENYING,
        [
            blocks.section(f"#{row.id} {code(row.role, 150)} for {code(row.grantee_name, 128)}"),
            blocks.plain_section(f"Reason: {row.reason}", 600),
            parts.field(
                "reason",
                "Why not",
                parts.line("reason", most=LONGEST_REASON, multiline=True),
                hint=f"It goes to {row.grantee_name}, and into the audit log. Denying is final.",
                optional=True,
            ),
        ],
        submit=blocks.plain("Deny Request", blocks.TITLE),
        private_metadata=str(row.id),
    )


def extending(row: Request) -> Json:
    """Asks how much longer, and why."""
    ends = f", open until {moment(row.ends_at)}" if row.ends_at is not None else ""
    return parts.modal(
        EXTEND,
        EXTENDING,
        [
            blocks.section(f"#{row.id} {code(row.role, 150)}{ends}"),
            parts.field(
                "duration",
                "How much longer",
                parts.line("duration", value=duration_text(_USUAL), most=30),
                hint="From that end on, like 30m or 1h. It needs an approval before that end.",
            ),
            parts.field(
                "reason",
                "Why",
                parts.line("reason", most=LONGEST_REASON, multiline=True),
                hint="Left empty, the reason of the request stands.",
                optional=True,
            ),
        ],
        submit=blocks.plain("Send Request", blocks.TITLE),
        private_metadata=str(row.id),
    )


def command(view: Json) -> tuple[str, dict[str, str]]:
    """The command that such a form says, or what is wrong beside which block: one of the two."""
    said = parts.said(view)
    number = int(view["private_metadata"])
    reason = " ".join(said.get("reason", "").split())
    if view["callback_id"] == DENY:
        return _understood(render(Deny(number, reason)))
    try:
        duration = parse_duration(said.get("duration", ""))
    except Refused as refused:
        return "", {"duration": plainly(str(refused))}
    if duration is None:
        return "", {"duration": "Write a length of time like 30m or 1h."}
    return _understood(render(Extend(number, duration, reason)))


def _understood(text: str) -> tuple[str, dict[str, str]]:
    found = parse(text)
    return ("", {"reason": plainly(found.sentence)}) if isinstance(found, Unclear) else (text, {})
