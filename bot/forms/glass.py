"""Windows of break-glass: what will happen and its confirmation; and the signature afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot import blocks
from bot.blocks import Json, code, escaped, user, users
from bot.command import BreakGlass, Sign, Unclear, parse, render
from bot.command.read import LONGEST_REASON
from bot.forms import parts
from bot.forms.asking import plainly
from bot.headlines import lasted
from db.models import Request
from workflows.access import channel_of
from workflows.catalog.model import Catalog, Role
from workflows.durations import duration_text

BREAK: Final = "break-glass"
SIGN: Final = "sign"
BREAKING: Final = "Break glass"
SIGNING: Final = "Sign review"

_SHOWN: Final = 8
_WHAT_HAPPENS: Final = (
    ":rotating_light: *Only in an emergency.* The role is opened as soon as AWS was looked at, "
    "without an approver, and cannot be extended. Its approvers are told at once, in the channel "
    "below, and again when it is over. Another person has to sign the review of it; until then, "
    "and within a day, you cannot break glass again."
)


@dataclass(frozen=True)
class Choice:
    """A role that somebody may open so."""

    role: Role
    longest: str
    channel: str


def choices(catalog: Catalog, user_id: str) -> list[Choice]:
    """The roles that this person may open so."""
    return [
        Choice(role, duration_text(role.break_glass.longest), channel_of(catalog, role.break_glass))
        for role in catalog.roles_for(user_id)
        if role.break_glass is not None and user_id in role.break_glass.people
    ]


def breaking(shown: Sequence[Choice], said: BreakGlass) -> Json:
    """Says what will happen, and asks for the role's name to be typed."""
    lines = [
        f"• {code(one.role.key, 150)} for {one.longest}: <#{one.channel}> hears of it, and "
        f"{users([*one.role.deciders], 5)}"
        for one in shown[:_SHOWN]
    ]
    if (more := len(shown) - _SHOWN) > 0:
        lines.append(f"and {more} more")
    options = [parts.option(one.role.key, _value(one.role)) for one in shown[: parts.OPTIONS]]
    chosen = {"initial_option": options[0]} if len(options) == 1 else {}
    menu = {"type": "static_select", "action_id": "glass_role", "options": options, **chosen}
    why = parts.line("reason", value=said.reason, most=LONGEST_REASON, multiline=True)
    return parts.modal(
        BREAK,
        BREAKING,
        [
            blocks.section(_WHAT_HAPPENS),
            blocks.section("\n".join(lines)),
            parts.field("glass_role", "Role", menu),
            parts.field("reason", "Why nobody can wait", why, hint="It is told at once."),
            parts.field(
                "word",
                "Type the role's name to open it",
                parts.line("word", most=200),
                hint="As it stands in the list: account/role. Nothing is opened otherwise.",
            ),
        ],
        submit=blocks.plain("Break Glass", blocks.TITLE),
    )


def _value(role: Role) -> str:
    return f"{role.account.id}/{role.name}"


def break_command(catalog: Catalog, user_id: str, view: Json) -> tuple[str, dict[str, str]]:
    """The command, if the role's name was typed; else what is wrong beside which block."""
    said = parts.said(view)
    wanted = said.get("glass_role", "")
    roles = (one.role for one in choices(catalog, user_id))
    role = next((one for one in roles if _value(one) == wanted), None)
    if role is None:
        return "", {"glass_role": "Choose one of your roles."}
    if said.get("word", "").strip() != role.key:
        return "", {"word": f"That is not {role.key}, so nothing is opened."}
    reason = " ".join(said.get("reason", "").split())
    text = render(BreakGlass(role.account.id, role.name, reason))
    understood = parse(text)
    if isinstance(understood, Unclear):
        return "", {"reason": plainly(understood.sentence)}
    if not isinstance(understood, BreakGlass) or not understood.reason:
        return "", {"reason": "Say why, in words."}
    return text, {}


def signing(row: Request, said: Sign) -> Json:
    """Shows the use, and asks what was looked at."""
    what = f"#{row.id} {code(row.role, 150)} for {code(row.grantee_name, 128)}"
    note = parts.line("note", value=said.note, most=LONGEST_REASON, multiline=True)
    return parts.modal(
        SIGN,
        SIGNING,
        [
            blocks.section(f"{what}, by {user(row.requester)} without an approver: {lasted(row)}."),
            blocks.section(f"Reason: {escaped(row.reason, 600)}"),
            parts.field(
                "note",
                "What you looked at",
                note,
                hint="It stands on the review and in the audit log, with your name.",
            ),
        ],
        submit=blocks.plain("Sign Review", blocks.TITLE),
        private_metadata=str(row.id),
    )


def sign_command(view: Json) -> tuple[str, dict[str, str]]:
    """The command that the window of a signature says, or what is wrong beside which block."""
    note = " ".join(parts.said(view).get("note", "").split())
    text = render(Sign(int(view["private_metadata"]), note))
    understood = parse(text)
    if isinstance(understood, Unclear):
        return "", {"note": plainly(understood.sentence)}
    if not isinstance(understood, Sign) or not understood.note:
        return "", {"note": "Say what you looked at, in words."}
    return text, {}
