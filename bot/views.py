"""The modal in which credentials are shown, once, and nowhere else."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import blocks
from bot.blocks import Json, moment
from bot.forms import parts
from workflows.aws.vendor import CHAINED, LEAST, Credentials
from workflows.durations import duration_text


@dataclass(frozen=True)
class Lent:
    """What credentials are of: a grant that has `rest` left until `ends_at`.

    `longest` is the role's longest session in AWS, where it is known.
    """

    role: str
    ends_at: datetime
    rest: timedelta
    longest: timedelta | None


def _modal(shown: list[Json]) -> Json:
    return parts.modal("credentials", "Credentials", shown, clear_on_close=True)


def fetching() -> Json:
    """While AWS is asked."""
    return _modal([blocks.plain_section("Fetching credentials from AWS…")])


def refusal(sentence: str) -> Json:
    """There are none; the sentence is mrkdwn already."""
    return _modal([blocks.section(sentence)])


def credentials(lent: Lent, keys: Credentials) -> Json:
    """What to paste into a shell. It stands in no message, log or row."""
    exports = [
        f"export AWS_ACCESS_KEY_ID={keys.access_key_id}",
        f"export AWS_SECRET_ACCESS_KEY={keys.secret_access_key}",
        f"export AWS_SESSION_TOKEN={keys.session_token}",
    ]
    return _modal(
        [
            blocks.section(f"{blocks.code(lent.role)} until {moment(keys.until)}"),
            blocks.context(_lifetime(lent, keys.until)),
            *(blocks.quoted(line) for line in exports),
            blocks.context(
                "Shown once: close this and they are gone. Never paste them into a message."
            ),
        ]
    )


def _lifetime(lent: Lent, until: datetime) -> str:
    """Why they last so long and no longer."""
    longest = duration_text(lent.longest) if lent.longest is not None else "not known"
    least = (
        f"That is the least of three: what is left of the grant ({duration_text(lent.rest)}), the "
        f"role's longest session ({longest}), and {duration_text(CHAINED)}, AWS's limit for a role "
        "that is entered from another role."
    )
    if until < lent.ends_at:
        return f"{least} The grant goes on until {moment(lent.ends_at)}: get new ones then."
    if lent.rest < LEAST:
        return (
            f"{least} AWS gives no session shorter than {duration_text(LEAST)}; the session policy "
            "of this one refuses everything from the end of the grant on."
        )
    return f"{least} They end with the grant."
