"""Block Kit's parts within Slack's limits (docs.slack.dev/reference/block-kit).

Whatever a person wrote goes through `escaped`, `code` or `plain`: none of them lets it become a
mention, a link or a button.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

Json = dict[str, Any]

HEADER: Final = 150
SECTION: Final = 3000
FIELD: Final = 2000
FIELDS: Final = 10
BUTTON: Final = 75
CONFIRM_TITLE: Final = 100
CONFIRM_TEXT: Final = 300
CONFIRM_BUTTON: Final = 30
TITLE: Final = 24
FALLBACK: Final = 3000
"""Slack recommends at most 4,000 characters of `text`, and chat.update refuses more."""

_SLACK_ID: Final = re.compile("[UW][A-Z0-9]+")
_ENTITIES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def cut(text: str, most: int) -> str:
    """At most `most` code points, the last one `…` when something is missing."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def clean(text: str) -> str:
    """Without control and direction characters, which could make text look like other text."""
    return "".join(
        one for one in text if one == "\n" or unicodedata.category(one) not in ("Cc", "Cf", "Cs")
    )


def escaped(text: str, most: int = FIELD) -> str:
    """Somebody's words for a mrkdwn text: cut first, so that no entity is cut in two."""
    return cut(clean(text), most).translate(_ENTITIES)


def code(text: str, most: int = 256) -> str:
    """A name, as code: no mark-up works inside it."""
    inside = escaped(text.replace("`", "'").replace("\n", " "), most).strip()
    return f"`{inside or '-'}`"


def moment(at: datetime) -> str:
    """A moment in the reader's own zone, and in UTC where that cannot be shown."""
    fallback = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} at {{time}}|{fallback}>"


def to_the_second(at: datetime) -> str:
    """The time of day of a moment that is just past, in the reader's own zone."""
    fallback = at.astimezone(UTC).strftime("%H:%M:%S UTC")
    return f"<!date^{int(at.timestamp())}^{{time_secs}}|{fallback}>"


def user(slack_id: str) -> str:
    """A mention of a person, by an id that Slack or the catalog gave."""
    return f"<@{clean(slack_id).translate(_ENTITIES)}>"


def users(slack_ids: Sequence[str], most: int = 10) -> str:
    """Mentions of some people, the rest counted."""
    named = ", ".join(user(one) for one in slack_ids[:most])
    more = len(slack_ids) - most
    return f"{named} and {more} more" if more > 0 else named or "nobody"


def is_slack_id(text: str) -> bool:
    """Whether it is a person's id in Slack, and not a name of AWS or of this system."""
    return _SLACK_ID.fullmatch(text) is not None


def giver(by: str) -> str:
    """Who gave a decision: a person by his Slack id, or a rule of the catalog (`rule:<name>`)."""
    if by.startswith("rule:"):
        return f"the rule {code(by.removeprefix('rule:'), 32)}"
    return user(by) if by.isalnum() else code(by)


def givers(several: Iterable[str]) -> str:
    """All who gave one."""
    return ", ".join(map(giver, several)) or "nobody"


def mrkdwn(text: str, most: int) -> Json:
    """Text in Slack's mark-up, nothing in it linked that was not written as a link."""
    return {"type": "mrkdwn", "text": cut(text, most) or "-", "verbatim": True}


def plain(text: str, most: int) -> Json:
    """Text that means nothing but itself."""
    shown = cut(clean(text), most)
    return {"type": "plain_text", "text": shown if shown.strip() else "-", "emoji": False}


def header(text: str) -> Json:
    """The first line of a message."""
    return {"type": "header", "text": plain(text.replace("\n", " "), HEADER)}


def section(text: str) -> Json:
    """A paragraph in Slack's mark-up."""
    return {"type": "section", "text": mrkdwn(text, SECTION)}


def plain_section(text: str, most: int = SECTION) -> Json:
    """A paragraph of somebody's own words."""
    return {"type": "section", "text": plain(text, most)}


def fields(pairs: Iterable[tuple[str, str]]) -> Json:
    """Names and values side by side; each value is mrkdwn already."""
    shown = [mrkdwn(f"*{name}*\n{value}", FIELD) for name, value in pairs]
    return {"type": "section", "fields": shown[:FIELDS]}


def context(*parts: str) -> Json:
    """One small line, its parts joined by dots."""
    return {"type": "context", "elements": [mrkdwn(" · ".join(part for part in parts), SECTION)]}


def quoted(text: str) -> Json:
    """Lines to copy, exactly as they are."""
    element = {"type": "text", "text": text}
    block = {"type": "rich_text_preformatted", "elements": [element]}
    return {"type": "rich_text", "elements": [block]}


def actions(block_id: str, buttons: Sequence[Json]) -> list[Json]:
    """The row of buttons, or nothing when there are none."""
    return [{"type": "actions", "block_id": block_id, "elements": list(buttons)}] if buttons else []


def button(action_id: str, label: str, value: str, **more: Any) -> Json:
    """A button; `value` comes back with a click, and whoever clicks can forge it."""
    return {
        "type": "button",
        "action_id": action_id,
        "text": plain(label, BUTTON),
        "value": value,
        **more,
    }


def overflow(action_id: str, choices: Sequence[tuple[str, str]]) -> Json:
    """The menu behind the three dots: up to five choices, each a label and its value."""
    shown = [{"text": plain(label, BUTTON), "value": value} for label, value in choices[:5]]
    return {"type": "overflow", "action_id": action_id, "options": shown}


def confirm(title: str, text: str, *, yes: str, no: str) -> Json:
    """The question that is asked before a button acts."""
    return {
        "title": plain(title, CONFIRM_TITLE),
        "text": plain(text, CONFIRM_TEXT),
        "confirm": plain(yes, CONFIRM_BUTTON),
        "deny": plain(no, CONFIRM_BUTTON),
    }
