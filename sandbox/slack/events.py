"""The Events API over Socket Mode: what the app subscribed to is sent, and once more if not acked.

Source: docs.slack.dev/apis/events-api, docs.slack.dev/apis/events-api/using-socket-mode.
"""

import asyncio
from collections.abc import Callable
from secrets import token_hex
from typing import Final

from sandbox.slack.manifest import Manifest
from sandbox.slack.socket_mode import Retry, Sockets
from sandbox.slack.values import APP, BOT_USER, TEAM, Event, Json, Reply

RETRIES: Final = 1
"""Slack tries at once, after a minute and after five; here only the first of these is made."""


class Events:
    """The events that were sent to the app, oldest first. `time` is the shared clock's."""

    def __init__(self, sockets: Sockets, manifest: Manifest, time: Callable[[], float]) -> None:
        self._sockets = sockets
        self._manifest = manifest
        self._time = time
        self._sent: dict[str, Event] = {}
        self._under_way: set[asyncio.Task[Reply]] = set()

    def sent(self) -> list[Event]:
        """What was sent so far, and whether it was acked."""
        return list(self._sent.values())

    def send_later(self, event: Json, *, scope: str) -> None:
        """Sends an event without waiting for its ack."""
        if payload := self._taken(event, scope):
            task = asyncio.create_task(self._deliver(payload))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def send(self, event: Json) -> Reply:
        """Sends an event that needs no scope and waits for its ack."""
        payload = self._taken(event, scope=None)
        return await self._deliver(payload) if payload else Reply(acked=False)

    async def again(self) -> Reply:
        """Sends the last event once more, acked or not, as a retry; `ValueError` if there is none.

        Slack does it too: an ack may come too late or be lost.
        """
        if not self._sent:
            raise ValueError("no event was sent so far")
        last = self.sent()[-1]
        return await self._attempt(last.payload, Retry(last.attempts, "timeout"))

    async def close(self) -> None:
        """Leaves what is under way."""
        for task in list(self._under_way):
            task.cancel()

    def _taken(self, event: Json, scope: str | None) -> Json | None:
        """The payload of a new event, noted; None if the app does not hear of such events."""
        allowed = scope is None or self._manifest.grants(scope)
        if not allowed or not self._manifest.subscribes(event["type"]):
            return None
        event_id = f"Ev{token_hex(5).upper()}"
        payload: Json = {
            "token": "sandbox",
            "team_id": TEAM,
            "api_app_id": APP,
            "event": event,
            "type": "event_callback",
            "event_id": event_id,
            "event_time": int(self._time()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": TEAM,
                    "user_id": BOT_USER,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
        }
        self._sent[event_id] = Event(payload)
        return payload

    async def _deliver(self, payload: Json) -> Reply:
        reply = await self._attempt(payload, None)
        for number in range(1, RETRIES + 1):
            if reply.error != "operation_timeout":
                break
            reply = await self._attempt(payload, Retry(number, "timeout"))
        return reply

    async def _attempt(self, payload: Json, retry: Retry | None) -> Reply:
        reply = await self._sockets.deliver("events_api", payload, retry=retry)
        before = self._sent[payload["event_id"]]
        acked = before.acked or reply.acked
        self._sent[payload["event_id"]] = Event(payload, before.attempts + 1, acked=acked)
        return reply
