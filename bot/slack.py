"""Slack as xacct calls it: with time-outs, and nothing sent twice that would show twice."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from ssl import SSLContext, create_default_context
from typing import Any, Final

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry import HttpRequest, HttpResponse, RetryHandler, RetryState
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
)
from slack_sdk.webhook import WebhookClient

from bot.cards import Drawing
from bot.settings import Secret, Settings
from workflows.person import Person

TIMEOUT: Final = 5
"""Seconds until a call to Slack has failed."""

WINDOW: Final = 2
"""Seconds for opening a window: its trigger, and the acknowledgement, have three
(docs.slack.dev/interactivity/handling-user-interaction).
"""

log = logging.getLogger(__name__)

Json = dict[str, Any]


class ShortWait(RateLimitErrorRetryHandler):
    """Waits when Slack asks for a moment; asked for longer, the call has failed."""

    def _can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        limited = super()._can_retry(state=state, request=request, response=response, error=error)
        return limited and response is not None and retry_after(response.headers) <= TIMEOUT


def retry_after(headers: Mapping[str, Any]) -> int:
    """The seconds that Slack asks to wait with a 429; a minute when it does not say."""
    said = next((value for name, value in headers.items() if name.lower() == "retry-after"), "60")
    first = said[0] if isinstance(said, list) else said
    return int(first) if str(first).isdigit() else 60


@dataclass(frozen=True)
class Clients:
    """`steady` repeats what may be repeated; `posting` sends once, whatever becomes of the answer.

    A repeated chat.postMessage whose first answer was lost shows two messages. `windows` opens
    windows, and gives up before Slack does.
    """

    steady: WebClient
    posting: WebClient
    windows: WebClient


def clients(settings: Settings) -> Clients:
    """The clients; nothing is sent."""
    token, url = settings.slack_bot_token, settings.slack_api_url
    again = [ConnectionErrorRetryHandler(), ShortWait(max_retry_count=1)]
    return Clients(
        steady=client(token, url, again=again),
        posting=client(token, url),
        windows=client(token, url, timeout=WINDOW),
    )


def client(
    token: Secret, url: str, *, timeout: int = TIMEOUT, again: Sequence[RetryHandler] = ()
) -> WebClient:
    """A client of the Web API at `url`, with a time-out in seconds, that sends anew as `again`
    says. Nothing is sent.
    """
    return WebClient(
        token.reveal(), base_url=url, ssl=_trusted(), timeout=timeout, retry_handlers=[*again]
    )


@cache
def _trusted() -> SSLContext:
    """The machine's certificate authorities, read once: the SDK reads them for each connection."""
    return create_default_context()


def ask_person(client: WebClient, team: str, user: str) -> Person:
    """Who `user` is, from users.info. Raises whatever Slack or the network raises."""
    found: Json = client.users_info(user=user)["user"]
    profile: Json = found.get("profile") or {}
    theirs = str(found.get("team_id") or profile.get("team") or "")
    return Person(
        user=str(found["id"]),
        team=theirs,
        name=str(profile.get("real_name") or found.get("real_name") or found.get("name") or user),
        email=profile.get("email") or None,
        email_confirmed=bool(found.get("is_email_confirmed")),
        guest=bool(found.get("is_restricted") or found.get("is_ultra_restricted")),
        bot=bool(found.get("is_bot")) or found["id"] == "USLACKBOT",
        stranger=bool(found.get("is_stranger")) or theirs != team,
        deleted=bool(found.get("deleted")),
        zone=str(found.get("tz") or "UTC")[:64],
    )


def whisper(response_url: str | None, words: str | Drawing, *, replaces: bool = False) -> None:
    """Tells one person something, once; a failure is logged and never raised. `replaces`: instead
    of the message that the url is of.
    """
    if response_url is None:
        return
    said = words if isinstance(words, Drawing) else Drawing(words)
    try:
        client = WebhookClient(response_url, timeout=TIMEOUT, retry_handlers=[])
        answer = client.send(
            text=said.text,
            blocks=said.blocks or None,
            response_type="ephemeral",
            replace_original=replaces,
        )
    except Exception as error:  # noqa: BLE001  a word that is lost must not undo what was done
        log.warning("an answer did not reach its reader: %s", type(error).__name__)
        return
    if answer.status_code != HTTPStatus.OK:
        log.warning("an answer did not reach its reader: Slack said %s", answer.status_code)


def code_of(error: SlackApiError) -> str:
    """Slack's word for what is wrong, `channel_not_found` for example."""
    return str(error.response.get("error", "unknown_error"))
