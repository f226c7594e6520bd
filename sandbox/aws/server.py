"""The server: loopback only, one process, ready when its self-test has passed."""

import asyncio
import contextlib
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs

from hypercorn.asyncio import serve as serve_hypercorn
from hypercorn.config import Config

from sandbox.aws.answers import Answer, refusal
from sandbox.aws.calls import Call
from sandbox.aws.control import PREFIX, Control
from sandbox.aws.emulator import Emulator
from sandbox.aws.errors import AwsError
from sandbox.aws.recorder import Sender
from sandbox.aws.request import Request, current
from sandbox.aws.selftest import complaints

LOOPBACK = "127.0.0.1"
FAILED_SELF_TEST = 3  # exit code
_KEPT_OF_ANSWER = 100_000  # bytes
_SERVED = ("iam", "sts", "s3", "cloudtrail", "cloudformation", "organizations")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Server:
    """The ASGI application around the emulator."""

    def __init__(self, emulator: Emulator, control: Control) -> None:
        self._emulator = emulator
        self._control = control

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _http(self, scope: Any, receive: Receive, send: Send) -> None:
        headers = {
            name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        if scope["path"].startswith(PREFIX):
            status, body = self._control.answer(scope["path"], headers, await _body(receive))
            await _reply(send, status, "application/json", body)
            return
        request = Request()
        if error := self._refused(scope, headers):
            status, _, body = refusal("sts", error)
            await _reply(self._dated(send), status, "text/xml", body)
            return
        request.region = _scope(scope, headers).split("/")[2]
        if self._control.slowness:
            await asyncio.sleep(self._control.slowness)
        await self._call(request, scope, headers, receive, send)

    def _refused(self, scope: Any, headers: dict[str, str]) -> AwsError | None:
        """Why a request is not even looked at: unsigned, of elsewhere, or of no service here."""
        signed = _scope(scope, headers).split("/")
        if len(signed) < 4 or scope["path"].startswith("/_"):
            return AwsError(
                403, "MissingAuthenticationToken", "Request is missing Authentication Token"
            )
        _, _, region, service, *_ = signed
        if service not in _SERVED:
            told = "The sandbox serves IAM, STS, S3, CloudTrail, CloudFormation and Organizations."
            return AwsError(400, "UnknownService", told)
        if not self._emulator.partition.holds(region):
            told = f"Credential should be scoped to a valid region, not '{region}'."
            return AwsError(403, "SignatureDoesNotMatch", told)
        return None

    async def _call(
        self,
        request: Request,
        scope: Any,
        headers: dict[str, str],
        receive: Receive,
        send: Send,
    ) -> None:
        sender = _sender(scope, headers)
        answered = Answered(send, lambda answer: self._note(request, answer, sender))
        token = current.set(request)
        try:
            await self._emulator.app(scope, receive, self._dated(answered))
        except AwsError as error:
            status, _, body = refusal(request.service, error)
            await _reply(self._dated(answered), status, "text/xml", body)
        finally:
            current.reset(token)

    def _note(self, request: Request, answer: Answer, sender: Sender) -> None:
        if not request.action:
            return
        moment, lasted = self._emulator.clock.now(), time.monotonic() - request.arrived
        call = Call(request.account_id, request.caller, request.action, moment, answer[0], lasted)
        self._emulator.calls.add(call)
        self._emulator.recorder.note(request, answer, sender)

    def _dated(self, send: Send) -> Send:
        """Sends with the clock's moment as the `Date`."""

        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(self._emulator.clock.time(), usegmt=True).encode()
                others = [pair for pair in message.get("headers", []) if pair[0].lower() != b"date"]
                message = {**message, "headers": [*others, (b"date", date)]}
            await send(message)

        return send_dated


class Answered:
    """Sends an answer on when it has been noted: whoever has it finds it in every log.

    Of a long answer only the beginning is noted.
    """

    def __init__(self, send: Send, note: Callable[[Answer], None]) -> None:
        self._send = send
        self._note = note
        self._start: Message = {}
        self._started = False
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        if len(self._body) < _KEPT_OF_ANSWER:
            self._body += message.get("body", b"")
        if not message.get("more_body", False):
            self._note(self._answer())
        if not self._started:
            self._started = True
            await self._send(self._start)
        await self._send(message)

    def _answer(self) -> Answer:
        pairs = self._start["headers"]
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in pairs}
        return self._start["status"], headers, self._body


def _sender(scope: Any, headers: dict[str, str]) -> Sender:
    address = (scope.get("client") or (LOOPBACK,))[0]
    return Sender(address, headers.get("user-agent", ""), headers.get("host", ""))


def _scope(scope: Any, headers: dict[str, str]) -> str:
    """The key, date, region and service that a request says it is signed for; may be empty."""
    signed = headers.get("authorization", "").partition("Credential=")[2].partition(",")[0]
    if not signed:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        signed = (query.get("X-Amz-Credential") or [""])[0]
    return signed


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _reply(send: Send, status: int, content_type: str, body: bytes) -> None:
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def listen(port: int) -> socket.socket:
    """A socket that listens on loopback and nowhere else; `OSError` when the port is taken."""
    return socket.create_server((LOOPBACK, port))


async def serve(
    emulator: Emulator, root_secret: str, listening: socket.socket, *, attached: bool = False
) -> int:
    """Serves until SIGTERM or SIGINT; the exit code.

    Prints one line with the endpoint when the self-test has passed, or what it found, and ends.
    An attached server also stops when its standard input is closed: when its owner is gone.
    """
    endpoint = f"http://{LOOPBACK}:{listening.getsockname()[1]}"
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    if attached:
        asyncio.get_running_loop().add_reader(sys.stdin, stop.set)
    app: Any = Server(emulator, Control(emulator, root_secret))
    serving = asyncio.create_task(
        serve_hypercorn(app, _config(listening), shutdown_trigger=stop.wait)
    )
    found = await asyncio.to_thread(
        complaints, endpoint, root_secret, emulator.clock, emulator.partition
    )
    emulator.calls.forget()
    if found:
        sys.stderr.write("The sandbox AWS does not enforce and does not start: ")
        sys.stderr.write("; ".join(found) + ".\n")
        stop.set()
    else:
        sys.stdout.write(f"AWS listens on {endpoint}\n")
        sys.stdout.flush()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    return FAILED_SELF_TEST if found else 0


def _config(listening: socket.socket) -> Config:
    config = Config()
    config.bind = [f"fd://{listening.detach()}"]
    config.include_server_header = False
    config.include_date_header = False
    config.keep_alive_timeout = 75
    config.graceful_timeout = 0.2
    config.loglevel = "WARNING"
    return config
