"""Slack's socket, with a doorkeeper: who would be answered too late is told so at once.

What a person typed or clicked must be acknowledged within three seconds. When more arrives than
can be taken, the oldest would be late first; those are turned away before any work is done.
"""

import json
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import Empty
from time import monotonic
from typing import Any, Final

from slack_bolt import App, BoltRequest, BoltResponse
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web import WebClient

PATIENCE: Final = 1.0
"""Seconds that an envelope may wait. With the inbox's own patience an ack stays below 3 s."""

MOST_WAITING: Final = 1000
"""Envelopes that may wait; more could not be answered in time anyway."""

_READ_BYTES: Final = 65536
"""One read takes whole envelopes: slack_sdk's reader hands on nothing until a read ends where an
envelope ends, and recurses for each piece (slack_sdk.socket_mode.builtin.internals)."""

_PING_SECONDS: Final = 3  # a dead socket is noticed after four of these

log = logging.getLogger(__name__)

TurnedAway = Callable[[dict[str, Any]], dict[str, Any] | None]
"""Is told the payload that is not taken; returns what the ack says."""


class Socket(SocketModeClient):
    """One Socket Mode connection. Envelopes are served by `workers`, shared by all sockets."""

    def __init__(
        self,
        app: App,
        *,
        app_token: str,
        web_client: WebClient,
        workers: ThreadPoolExecutor,
        turned_away: TurnedAway,
    ) -> None:
        self._app = app
        self._workers = workers
        self._turned_away = turned_away
        self._waiting = 0
        self._counting = threading.Lock()
        super().__init__(
            app_token,
            web_client=web_client,
            logger=logging.getLogger("slack_sdk.socket_mode"),
            ping_interval=_PING_SECONDS,
            receive_buffer_size=_READ_BYTES,
            concurrency=1,
        )

    def leave(self) -> None:
        """Reads nothing new from the socket; what was read can still be answered."""
        self.auto_reconnect_enabled = False
        self.default_auto_reconnect_enabled = False
        self.current_session_runner.event.set()
        self.current_session_state.terminated = True
        pause = threading.Event()
        for _ in range(100):  # a second at most
            if self.message_queue.empty():
                break
            pause.wait(0.01)

    def close(self) -> None:
        """Closes the connection and ends its threads; the workers are not ours to end."""
        self.closed = True
        self.enqueue_message("")  # wakes the thread that waits for a message
        super().close()

    def disconnect(self) -> None:
        """Two threads may close one session at the same time: to slack_sdk's second one nothing is
        there to be closed.
        """
        with suppress(AttributeError):
            super().disconnect()

    def enqueue_message(self, message: str) -> None:
        """Notes when the message came; from then on a person is waiting."""
        self.message_queue.put((monotonic(), message))

    def process_message(self) -> None:
        """Takes one message of the socket and passes it on; never waits for anything else."""
        try:
            arrived, raw = self.message_queue.get(timeout=1)
        except Empty:
            return
        message = json.loads(raw) if raw.startswith("{") else {}
        if message.get("type") == "disconnect":
            self.message_workers.submit(self.connect_to_new_endpoint, force=True)
        elif (request := SocketModeRequest.from_dict(message)) is not None:
            self._pass_on(arrived, request)

    def _pass_on(self, arrived: float, request: SocketModeRequest) -> None:
        with self._counting:
            full = self._waiting >= MOST_WAITING
            self._waiting += not full
        if full:
            self._turn_away(request)
        else:
            self._workers.submit(self._serve, arrived, request)

    def _serve(self, arrived: float, request: SocketModeRequest) -> None:
        with self._counting:
            self._waiting -= 1
        try:
            if monotonic() - arrived > PATIENCE:
                self._turn_away(request)
            else:
                self._dispatch(request)
        except Exception as error:  # noqa: BLE001  a thread's last line; payloads stay unlogged
            log.error("an envelope was not answered: %s", type(error).__name__)  # noqa: TRY400

    def _dispatch(self, request: SocketModeRequest) -> None:
        answer: BoltResponse = self._app.dispatch(
            BoltRequest(mode="socket_mode", body=request.payload)
        )
        if answer.status == 200:
            self._acknowledge(request, json.loads(answer.body) if answer.body else None)
        else:
            log.error("an envelope of type %s found no listener", request.type)

    def _turn_away(self, request: SocketModeRequest) -> None:
        self._acknowledge(request, self._turned_away(request.payload))

    def _acknowledge(self, request: SocketModeRequest, payload: dict[str, Any] | None) -> None:
        self.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload))
