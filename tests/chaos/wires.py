"""The wires between the bots and the world: each bot's way to AWS, and the socket of commits.

A bot's AWS_ENDPOINT_URL is a port here. Requests go on to the sandbox as they are, byte for byte:
the `Host` that was signed stays, so the signature holds. Everything runs in one loop in a thread.
"""

import asyncio
import re
import socket
import struct
import threading
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self, TypeVar
from urllib.parse import parse_qs

from tests.chaos import replies
from tests.chaos.referee import Bot, Gone, Referee
from tests.chaos.runs import Place, What, When

T = TypeVar("T")

_SERVICE: Final = re.compile(rb"Credential=[^/]+/\d+/[^/]+/([a-z0-9]+)/")
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED: Final = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_BLANK: Final = b"\r\n\r\n"
_BIRTH: Final = 60.0  # seconds within which we are told of a process that was started


class Wires:
    """A context manager that ends its thread. What it is asked from outside it does in its loop."""

    def __init__(self, aws_endpoint: str, commits: Path) -> None:
        self.referee = Referee()
        self.commits = str(commits)
        self._aws_port = int(aws_endpoint.rpartition(":")[2])
        self._loop = asyncio.new_event_loop()
        self._servers: dict[int, asyncio.Server] = {}
        self._serving: set[asyncio.Task[None] | None] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wires", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._listening = self._do(asyncio.start_unix_server(self._commit, self.commits))
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        for server in (self._listening, *self._servers.values()):
            server.close()
        while rest := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in rest:
                task.cancel()
            await asyncio.wait(rest)
            await asyncio.sleep(0)  # what was closed is let go of in the loop's next round

    def lay(self, bot: Bot) -> str:
        """A way to AWS for one bot: the endpoint that it is to be told."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            serving = asyncio.current_task()
            self._serving.add(serving)  # asyncio itself holds on to no task
            with suppress(asyncio.CancelledError):  # at the end
                await self._serve(bot, reader, writer)
            self._serving.discard(serving)

        server = self._do(asyncio.start_server(serve, "127.0.0.1", 0))
        port = int(server.sockets[0].getsockname()[1])
        self._servers[id(bot)] = server
        return f"http://127.0.0.1:{port}"

    def know(self, bot: Bot, pid: int) -> None:
        """The bot's process has begun."""
        bot.pid = pid
        self.referee.bots[pid] = bot

    def cut(self, bot: Bot) -> None:
        """The bot is dead: its way is closed."""
        server = self._servers.pop(id(bot))
        self._loop.call_soon_threadsafe(server.close)
        self._loop.call_soon_threadsafe(self.referee.forget, bot)

    def wake(self, bot: Bot) -> None:
        """Wakes a frozen bot, and lets go on what it was frozen in."""
        self._loop.call_soon_threadsafe(self.referee.wake, bot)

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=20)

    # --- commits

    async def _commit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One thread of a bot: commit after commit."""
        with suppress(OSError, Gone, ValueError, asyncio.CancelledError):  # cancelled at the end
            while asked := await reader.readline():
                pid, when, label, number = asked.decode().split()
                bot = self.referee.bots.get(int(pid)) or await self._known(int(pid))
                which = int(number) or self.referee.comes_to(bot, label)
                await self.referee.may_pass(bot, Place(When(when), label, which))
                writer.write(f"{which}\n".encode())
                await writer.drain()
        writer.close()

    async def _known(self, pid: int) -> Bot:
        """A bot may commit a moment before its pid was told."""
        for _ in range(int(_BIRTH / 0.01)):
            await asyncio.sleep(0.01)
            if pid in self.referee.bots:
                return self.referee.bots[pid]
        raise Gone

    # --- calls

    async def _serve(
        self, bot: Bot, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """One connection of the bot: request after request, each on to AWS."""
        onward: list[asyncio.StreamWriter] = []
        try:
            aws_reader, aws_writer = await asyncio.open_connection("127.0.0.1", self._aws_port)
            onward.append(aws_writer)
            while request := await _message(reader, is_reply=False):
                label = _label(request)
                self.referee.began(bot)
                try:
                    reply = await self._pass(bot, label, request, aws_reader, aws_writer)
                finally:
                    self.referee.ended(bot, label)
                if reply is None:
                    _reset(writer)
                    break
                writer.write(reply)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            for one in (*onward, writer):
                one.close()

    async def _pass(
        self,
        bot: Bot,
        label: str,
        request: bytes,
        aws_reader: asyncio.StreamReader,
        aws_writer: asyncio.StreamWriter,
    ) -> bytes | None:
        """What the bot gets to hear; None: its connection breaks."""
        referee = self.referee
        number = referee.comes_to(bot, label)
        instead = referee.answer_instead(bot, label, number)
        if instead is not None and instead not in (What.LOST, What.TRUNCATED):
            return None if instead is What.RESET else replies.refusal(instead, label)
        try:
            await referee.may_pass(bot, Place(When.BEFORE, label, number))
            aws_writer.write(request)
            await aws_writer.drain()
            reply = await _message(aws_reader, is_reply=True)
            await referee.may_pass(bot, Place(When.AFTER, label, number))
        except Gone:
            return None
        if instead is What.LOST or not reply:
            return None
        return replies.truncated(reply) if instead is What.TRUNCATED else reply


async def _message(reader: asyncio.StreamReader, *, is_reply: bool) -> bytes:
    """One whole HTTP message as it came, empty when there is none any more."""
    try:
        head = await reader.readuntil(_BLANK)
    except asyncio.IncompleteReadError:
        return b""
    length = _LENGTH.search(head)
    if length:
        return head + await reader.readexactly(int(length[1]))
    if is_reply and _CHUNKED.search(head):
        return head + await _chunks(reader)
    return head


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    whole = b""
    while True:
        line = await reader.readuntil(b"\r\n")
        whole += line + await reader.readexactly(int(line, 16) + 2)
        if int(line, 16) == 0:
            return whole


def _label(request: bytes) -> str:
    """The call's name as AWS writes it in policies: `iam:GetRole`."""
    head, _, body = request.partition(_BLANK)
    service = _SERVICE.search(head)
    action = parse_qs(body.decode()).get("Action", ["?"])[0]
    return f"{service[1].decode() if service else '?'}:{action}"


def _reset(writer: asyncio.StreamWriter) -> None:
    """Breaks the connection with a reset and not with a goodbye."""
    wire = writer.get_extra_info("socket")
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
