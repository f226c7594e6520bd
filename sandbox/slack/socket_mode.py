"""Socket Mode's server side: tickets, sockets, envelopes out and acks in.

Source: docs.slack.dev/apis/events-api/using-socket-mode.
"""

import asyncio
import json
import random
import time
from collections import deque
from dataclasses import dataclass
from itertools import count
from secrets import token_hex
from typing import Final
from uuid import uuid4

from aiohttp import WSCloseCode, WSMsgType, web

from sandbox.clock import SharedClock
from sandbox.slack.values import APP, Json, Reply

ACK_SECONDS: Final = 3.0
MOST_SOCKETS: Final = 10
GRACE_SECONDS: Final = 1.0
"""How long a socket that was told to go stays open for what is in flight."""


@dataclass(frozen=True)
class Retry:
    """What an envelope says of an event that is sent again: which try this is, and why."""

    attempt: int
    reason: str


@dataclass(eq=False)
class _Socket:
    ws: web.WebSocketResponse
    request: web.Request
    number: int
    going: bool = False

    async def say(self, message: Json) -> bool:
        """Sends one message; False if the socket is gone."""
        try:
            await self.ws.send_str(json.dumps(message))
        except ConnectionError:
            return False
        return True

    def cut(self) -> None:
        """Drops the connection without a goodbye, as a lost network does."""
        if self.request.transport is not None:
            self.request.transport.abort()


class Sockets:
    """The app's open sockets; each envelope goes to any one of them, as Slack says."""

    def __init__(self, clock: SharedClock) -> None:
        self._clock = clock
        self._tickets: set[str] = set()
        self._open: list[_Socket] = []
        self._numbers = count()
        self._routed: deque[int] = deque()
        self._waiting: dict[str, asyncio.Future[tuple[Json | None, float]]] = {}
        self._closing: set[asyncio.Task[object]] = set()

    def ticket(self) -> str:
        """A ticket for one new socket."""
        ticket = token_hex(16)
        self._tickets.add(ticket)
        return ticket

    def route(self, sockets: list[int]) -> None:
        """The next envelopes go over these sockets, one each; Slack lets nobody choose."""
        self._routed.extend(sockets)

    def connected(self) -> int:
        """How many sockets are there to stay."""
        return sum(not socket.going for socket in self._open)

    async def link(self, request: web.Request) -> web.StreamResponse:
        """Serves one socket from its handshake to its end."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=401, text="unknown or used ticket")
        self._tickets.discard(ticket)
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        socket = _Socket(ws, request, next(self._numbers))
        if len(self._open) >= MOST_SOCKETS:
            await socket.say({"type": "disconnect", "reason": "too_many_websockets"})
            await ws.close()
            return ws
        self._open.append(socket)
        try:
            await self._serve(socket)
        finally:
            self._open.remove(socket)
        return ws

    async def _serve(self, socket: _Socket) -> None:
        await socket.say(
            {
                "type": "hello",
                "num_connections": len(self._open),
                "connection_info": {"app_id": APP},
                "debug_info": {"host": "sandbox", "approximate_connection_time": 18060},
            }
        )
        async for message in socket.ws:
            if message.type is WSMsgType.TEXT:
                self._acknowledge(json.loads(message.data))

    def _acknowledge(self, ack: Json) -> None:
        """An ack may come on any socket of the app; one after the deadline finds nobody waiting."""
        waiting = self._waiting.pop(ack.get("envelope_id", ""), None)
        if waiting is not None and not waiting.done():
            waiting.set_result((ack.get("payload"), time.monotonic()))

    async def deliver(self, kind: str, payload: Json, *, retry: Retry | None = None) -> Reply:
        """Sends one envelope and waits for its ack, three seconds at most."""
        envelope_id = str(uuid4())
        acked = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = acked
        envelope: Json = {
            "envelope_id": envelope_id,
            "type": kind,
            "accepts_response_payload": kind != "events_api",
            "payload": payload,
        }
        if kind == "events_api":
            envelope["retry_attempt"] = retry.attempt if retry else 0
            envelope["retry_reason"] = retry.reason if retry else ""
        started, sent = time.monotonic(), self._clock.time()
        try:
            if (socket := await self._send(envelope)) is None:
                return Reply(acked=False, error="dispatch_failed")
            async with asyncio.timeout(ACK_SECONDS):
                answer, arrived = await acked
        except TimeoutError:
            return Reply(acked=False, latency=ACK_SECONDS, error="operation_timeout")
        finally:
            self._waiting.pop(envelope_id, None)
        return Reply(True, arrived - started, payload=answer, sent=sent, socket=socket.number)

    async def _send(self, envelope: Json) -> _Socket | None:
        """Tries sockets in any order, those that are going last; the one that it went over."""
        candidates = random.sample(self._open, len(self._open))
        first = self._routed.popleft() if self._routed else None
        for socket in sorted(candidates, key=lambda one: (one.number != first, one.going)):
            if not socket.ws.closed and await socket.say(envelope):
                return socket
        return None

    async def disconnect(self, reason: str | None) -> None:
        """Tells every socket to go, and closes it a moment later; with no reason, cuts it.

        A `warning` only warns, as Slack does about ten seconds before a refresh.
        """
        for socket in list(self._open):
            if reason is None:
                socket.cut()
                continue
            await socket.say({"type": "disconnect", "reason": reason})
            if reason != "warning":
                socket.going = True
                self._close_later(socket)

    def _close_later(self, socket: _Socket) -> None:
        async def close() -> None:
            await asyncio.sleep(GRACE_SECONDS)
            await socket.ws.close()

        task: asyncio.Task[object] = asyncio.create_task(close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Closes everything: Slack itself is going."""
        for task in list(self._closing):
            task.cancel()
        for socket in list(self._open):
            await socket.ws.close(code=WSCloseCode.GOING_AWAY)
