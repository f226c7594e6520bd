"""A page of the audit log: rows, the newest first, and the buttons that go on from there."""

import re
from collections.abc import Mapping
from typing import Any, Final

from bot import blocks
from bot.blocks import Json, code, escaped, giver, moment
from bot.cards import Drawing
from db.audit.scan import Found
from db.audit.search import Page

SAID: Final = 160  # characters of what a row tells beside its columns
_TEXT: Final = 2900  # characters of a section
_ESCAPED_MENTION: Final = re.compile("&lt;(@[UW][A-Z0-9]+)&gt;")
_NOT_OURS: Final = "not as xacct writes a row: `xacct audit verify`"
_TELLING: Final = ("sentence", "reason", "question", "why", "findings", "kind")
"""The facts that tell most of a row, in this order."""


def drawn(page: Page, asked: str) -> Drawing:
    """The page as an answer; `asked` is the question as text, which the buttons hold."""
    if not page.rows:
        return Drawing(
            "The audit log has nothing of that kind that you may see. `/xacct help audit` says how "
            "to ask."
        )
    lines = [_line(row) for row in page.rows]
    first, last = page.rows[0].number, page.rows[-1].number
    title = f"*Audit log, rows {last:,} to {first:,}, newest first* {_asked(asked)}"
    return Drawing(
        text=blocks.cut("\n".join([title, *lines]), blocks.FALLBACK),
        blocks=[
            blocks.section(title),
            *(blocks.section(part) for part in _sections(lines)),
            *blocks.actions("audit", _buttons(page, asked)),
        ],
    )


def _asked(asked: str) -> str:
    return f"for {code(asked, 300)}" if asked else ""


def _sections(lines: list[str]) -> list[str]:
    """As few texts as hold all lines."""
    parts = [""]
    for line in lines:
        if len(parts[-1]) + len(line) + 1 > _TEXT:
            parts.append("")
        parts[-1] += f"{line}\n"
    return parts


def _buttons(page: Page, asked: str) -> list[Json]:
    """What they hold does not grow old: a number in the log, and the question."""
    newest, oldest = page.rows[0].number, page.rows[-1].number
    buttons = []
    if page.newer:
        buttons.append(blocks.button("audit_previous", "Previous", f"{newest}:{asked}"))
    if page.older:
        buttons.append(blocks.button("audit_next", "Next", f"{oldest}:{asked}"))
    return [
        *buttons,
        blocks.button("audit_csv", "Export as CSV", f"0:{asked}"),
        blocks.button("audit_json", "Export as JSON", f"0:{asked}"),
    ]


def _line(row: Found) -> str:
    content = row.content
    parts = [f"{row.number}", moment(row.at), _who(row.actor), escaped(row.event, 32)]
    parts += [f"#{row.request_id}"] if row.request_id is not None else []
    parts += [code(row.role, 150)] if row.role else []
    said = told_by(content["facts"]) if "text" not in content else _NOT_OURS
    parts += [_people(escaped(said, SAID))] if said else []
    return f"• {' · '.join(parts)}"


def _who(actor: str) -> str:
    """A mention only of who has an id of Slack: the system's user in the terminal is none."""
    if actor == "xacct":
        return actor
    return giver(actor) if blocks.is_slack_id(actor) or ":" in actor else code(actor)


def told_by(facts: Mapping[str, Any]) -> str:
    """What a row tells beside its columns, in a few words; an empty text where that is nothing."""
    found = next((facts[name] for name in _TELLING if facts.get(name)), None)
    if found is None:
        return ""
    return "; ".join(map(str, found)) if isinstance(found, list) else str(found)


def _people(text: str) -> str:
    """Ids of people as mentions again; an answer that one person reads alerts nobody else."""
    return _ESCAPED_MENTION.sub(r"<\1>", text)
