"""Telling one person what came of what he said: where he said it, or else directly."""

import logging
from dataclasses import dataclass
from typing import Any

from slack_sdk import WebClient

from bot.blocks import Json
from bot.cards import Drawing
from bot.forms import parts
from bot.slack import whisper

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reader:
    """Who is told, and where: in the window he wrote in, by Slack's `response_url`, or, where there
    is neither, in a direct message. Nobody is told where all are missing. `replaces`: instead of
    the message that he clicked in.
    """

    response_url: str | None = None
    view: str | None = None
    title: str = ""
    user: str | None = None
    replaces: bool = False


def tell(client: WebClient, reader: Reader, words: str | Drawing) -> None:
    """Tells it once; a failure is logged and never raised. A window that was closed meanwhile is
    made up for by a direct message.
    """
    said = words if isinstance(words, Drawing) else Drawing(words)
    if reader.view is not None and _shown(client, reader, said):
        return
    if reader.response_url is not None:
        whisper(reader.response_url, said, replaces=reader.replaces)
    elif reader.user is not None:
        _directly(client, reader.user, said)


def _shown(client: WebClient, reader: Reader, said: Drawing) -> bool:
    shown: Any = parts.outcome(reader.title, said.text)
    try:
        client.views_update(view_id=reader.view, view=shown)
    except Exception as error:  # noqa: BLE001  a word that is lost must not undo what was done
        log.info("a window was gone: %s", type(error).__name__)
        return False
    return True


def show_home(client: WebClient, user: str, view: Json) -> None:
    """Publishes somebody's App Home; a failure is logged and never raised."""
    try:
        client.views_publish(user_id=user, view=view)
    except Exception as error:  # noqa: BLE001  it is shown anew the next time
        log.warning("App Home of %s is not shown: %s", user, type(error).__name__)


def _directly(client: WebClient, user: str, said: Drawing) -> None:
    try:
        client.chat_postMessage(channel=user, text=said.text, blocks=said.blocks or None)
    except Exception as error:  # noqa: BLE001  the same
        log.warning("an answer did not reach its reader: %s", type(error).__name__)
