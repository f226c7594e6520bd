"""Messages in Slack: posted once, redrawn, and put off when Slack does not take them."""

import socket
import threading
from datetime import datetime, timedelta
from typing import Any, Final

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.cards import Drawing
from bot.slack import code_of, retry_after
from workflows.clock import Clock

_LOST: Final = frozenset(
    {
        "message_not_found",
        "cant_update_message",
        "edit_window_closed",
        "channel_not_found",
        "is_inactive",
    }
)
"""The message cannot be redrawn any more (chat.update, "Errors"): a new one is posted."""

_CLOSED: Final = frozenset(
    {"channel_not_found", "is_archived", "not_in_channel", "is_inactive", "restricted_action"}
)
"""Nothing can be posted there (chat.postMessage, "Errors")."""


UNREACHABLE: Final = frozenset(
    {
        "user_disabled",
        "user_not_found",
        "user_not_visible",
        "cannot_dm_bot",
        "messages_tab_disabled",
        "channel_not_found",
    }
)
"""This person cannot be told anything, now or later."""


_UNCLEAR: Final = frozenset({"fatal_error", "internal_error", "unknown_error"})
"""It is possible that some of it was done (docs.slack.dev/reference/methods, "Errors")."""


class Later(Exception):  # noqa: N818  an answer: it stays owed
    """Slack did not take it; try again after `pause`, or after a growing one. `lost`: it may have
    taken it, the answer did not come.
    """

    def __init__(self, what: str, pause: timedelta | None = None, *, lost: bool = False) -> None:
        super().__init__(what)
        self.pause, self.lost = pause, lost


class Posting:
    """Posts and redraws. `client` must not repeat a call by itself: an answer can be lost.

    A channel that Slack calls too busy is left alone for as long as Slack asks, and no other is:
    one for all who post, so that they wait together.
    """

    def __init__(self, client: WebClient, clock: Clock) -> None:
        self._client, self._clock = client, clock
        self._busy: dict[str, datetime] = {}
        self._changing = threading.Lock()

    def post(self, channel: str, drawing: Drawing) -> dict[str, Any] | None:
        """Where it stands now (`channel`, `ts`); None where nothing can be posted. Raises Later."""
        try:
            return self.call("chat.postMessage", channel=channel, drawing=drawing)
        except SlackApiError as error:
            if code_of(error) in _CLOSED:
                return None
            raise Later(f"chat.postMessage: {code_of(error)}") from None

    def tell(self, person: str, drawing: Drawing) -> dict[str, Any] | None:
        """Posts into somebody's direct messages: where it stands now (`channel`, `ts`); None where
        he cannot be told anything. Raises Later.
        """
        try:
            return self.call("chat.postMessage", channel=person, drawing=drawing)
        except SlackApiError as error:
            if code_of(error) not in UNREACHABLE:
                raise Later(f"direct message: {code_of(error)}") from None
            return None

    def reply(self, channel: str, ts: str, drawing: Drawing) -> None:
        """Posts below a message; where that is not possible any more nothing is said.

        Raises Later.
        """
        try:
            self.call("chat.postMessage", channel=channel, drawing=drawing, thread_ts=ts)
        except SlackApiError as error:
            if code_of(error) not in (*_CLOSED, *_LOST, "thread_not_found"):
                lost = code_of(error) in _UNCLEAR
                raise Later(f"chat.postMessage: {code_of(error)}", lost=lost) from None

    def redraw(self, channel: str, ts: str, drawing: Drawing) -> bool:
        """Whether the message that is there shows the drawing now; False when it is lost."""
        try:
            self.call("chat.update", channel=channel, ts=ts, drawing=drawing)
        except SlackApiError as error:
            if code_of(error) in _LOST:
                return False
            raise Later(f"chat.update: {code_of(error)}") from None
        return True

    def call(self, method: str, *, channel: str, drawing: Drawing, **where: Any) -> dict[str, Any]:
        """One call. Raises SlackApiError for what is final, Later for what is not."""
        self._wait_for(channel)
        unfurl = {"unfurl_links": False, "unfurl_media": False}
        try:
            answer = self._client.api_call(
                method,
                json={
                    "channel": channel,
                    **where,
                    "text": drawing.text,
                    "blocks": drawing.blocks,
                    **({} if drawing.metadata is None else {"metadata": drawing.metadata}),
                    **unfurl,
                },
            )
        except SlackApiError as error:
            if code_of(error) == "ratelimited":
                asked = timedelta(seconds=retry_after(error.response.headers))
                with self._changing:
                    self._busy[channel] = self._clock.now() + asked
                raise Later(f"{method} in {channel}: ratelimited", asked) from None
            raise
        except Exception as error:  # noqa: BLE001  the network: nobody knows if it was done
            raise Later(f"{method}: {type(error).__name__}", lost=not _was_refused(error)) from None
        return {"channel": answer["channel"], "ts": answer["ts"]}

    def _wait_for(self, channel: str) -> None:
        """Raises Later while Slack has asked to leave this channel alone."""
        with self._changing:
            until, now = self._busy.get(channel), self._clock.now()
            if until is not None and until <= now:
                del self._busy[channel]
        if until is not None and until > now:
            raise Later(f"{channel} is too busy for now", until - now)


def _was_refused(error: BaseException | None) -> bool:
    """Whether nothing was sent: nobody took the connection."""
    while error is not None:
        if isinstance(error, ConnectionRefusedError | socket.gaierror):
            return True
        reason = getattr(error, "reason", None)
        error = reason if isinstance(reason, BaseException) else error.__cause__
    return False
