"""The modals: where credentials are shown, once, and nowhere else."""

from bot import blocks
from bot.blocks import Json, moment
from workflows.aws.vendor import Credentials


def _modal(parts: list[Json]) -> Json:
    return {
        "type": "modal",
        "callback_id": "credentials",
        "title": blocks.plain("Credentials", blocks.TITLE),
        "close": blocks.plain("Close", blocks.TITLE),
        "clear_on_close": True,
        "blocks": parts,
    }


def fetching() -> Json:
    """While AWS is asked."""
    return _modal([blocks.plain_section("Fetching credentials from AWS…")])


def refusal(sentence: str) -> Json:
    """There are none; the sentence is mrkdwn already."""
    return _modal([blocks.section(sentence)])


def credentials(role: str, keys: Credentials) -> Json:
    """What to paste into a shell. It stands in no message, log or row."""
    exports = [
        f"export AWS_ACCESS_KEY_ID={keys.access_key_id}",
        f"export AWS_SECRET_ACCESS_KEY={keys.secret_access_key}",
        f"export AWS_SESSION_TOKEN={keys.session_token}",
    ]
    return _modal(
        [
            blocks.section(f"{blocks.code(role)} until {moment(keys.until)}"),
            *(blocks.quoted(line) for line in exports),
            blocks.context(
                "Shown once: close this and they are gone. Never paste them into a message."
            ),
        ]
    )
