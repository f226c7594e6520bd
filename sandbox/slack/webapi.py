"""The Web API and response_urls over HTTP: reads a call, lets faults and limits be, answers."""

import asyncio
import json
from collections.abc import Callable
from http import HTTPStatus
from time import monotonic
from typing import Any, Final
from urllib.parse import parse_qsl

from aiohttp import web

from sandbox.slack.chat import respond
from sandbox.slack.core import Slack
from sandbox.slack.faults import Fault
from sandbox.slack.methods import perform
from sandbox.slack.values import BOT_TOKEN, Json, SlackError

_JSON_ARGUMENTS: Final = ("blocks", "files", "metadata", "view")


class _IllError(SlackError):
    """An HTTP status that a fault or a limit forces: Slack is ill, or busy."""

    def __init__(self, status: int, retry_after: int | None) -> None:
        super().__init__("ratelimited" if status == 429 else "internal_error")
        self.status = status
        self.headers = {} if retry_after is None else {"Retry-After": str(retry_after)}


class WebApi:
    """The two handlers that an app calls."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack

    async def call(self, request: web.Request) -> web.StreamResponse:
        """POST /api/{method}: always 200 with `ok`, but for a forced status."""
        method = request.match_info["method"]
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")

        def work(args: Json) -> Json:
            return perform(self._slack, method, str(args.pop("token", token)), args)

        try:
            answer = await self._answer(request, method, work)
            return web.json_response(answer, headers=self._granted(token))
        except SlackError as refusal:
            return _refusal(refusal, status=200)

    def _granted(self, token: str) -> dict[str, str]:
        """The header that names the bot token's scopes (docs.slack.dev/authentication/tokens); none
        where no manifest declares any.
        """
        manifest = self._slack.manifest
        if not manifest.given or token != BOT_TOKEN:
            return {}
        return {"x-oauth-scopes": ",".join(sorted(manifest.scopes))}

    async def answer_url(self, request: web.Request) -> web.StreamResponse:
        """POST /response_url/{key}: `ok`, or 404 for a dead url, 400 for what cannot be shown."""
        key = request.match_info["key"]

        def work(body: Json) -> Json:
            url = self._slack.tickets.use(key, monotonic())
            respond(self._slack.workspace, url, body)
            return {"ok": True}

        try:
            await self._answer(request, "response_url", work)
        except SlackError as refusal:
            return _refusal(refusal, status=404 if refusal.code.endswith("_url") else 400)
        return web.Response(text="ok")

    async def _answer(
        self, request: web.Request, method: str, work: Callable[[Json], Json]
    ) -> Json:
        args = await _arguments(request)
        shown = {name: value for name, value in args.items() if name != "token"}
        number = self._slack.calls.arrived(method, shown, self._slack.clock.time())
        began = monotonic()
        try:
            fault = self._slack.faults.take(method)
            await asyncio.sleep(self._slack.slowness)
            if fault is not None:
                await _befall(fault)
            wait = self._slack.limits.take(method, self._channel(args))
            if wait is not None:
                raise _IllError(HTTPStatus.TOO_MANY_REQUESTS, wait)
            answer = work(args)
        except SlackError as refusal:
            self._slack.calls.refused(number, refusal.code)
            raise
        finally:
            self._slack.calls.answered(number, monotonic() - began)
        if fault is not None and fault.drop and request.transport is not None:
            request.transport.abort()
        return answer

    def _channel(self, args: Json) -> str | None:
        """The channel that a call names; a person stands for their direct messages."""
        named = args.get("channel")
        if not isinstance(named, str):
            return None
        workspace = self._slack.workspace
        return workspace.dm_id(named) if named in workspace.people else named


async def _befall(fault: Fault) -> None:
    """What a fault does before the work is done, or instead of it."""
    await asyncio.sleep(fault.hang)
    if fault.status is not None:
        raise _IllError(fault.status, fault.retry_after)
    if fault.error is not None:
        raise SlackError(fault.error)


def _refusal(refusal: SlackError, *, status: int) -> web.Response:
    if isinstance(refusal, _IllError):
        return web.json_response(refusal.answer(), status=refusal.status, headers=refusal.headers)
    return web.json_response(refusal.answer(), status=status)


async def _arguments(request: web.Request) -> Json:
    """A call's arguments, out of JSON (an empty body is none) or of a form, and of the query."""
    raw = await request.text()
    args: Json = dict(request.query)
    if request.content_type == "application/json":
        args |= _json_body(raw)
    else:
        args |= dict(parse_qsl(raw, keep_blank_values=True))
    return args | {name: _decoded(args[name]) for name in _JSON_ARGUMENTS if name in args}


def _decoded(value: Any) -> Any:
    """An argument that may come as JSON in a string; what cannot be read stays as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _json_body(raw: str) -> Json:
    try:
        body = json.loads(raw or "{}")
    except ValueError:
        raise SlackError("invalid_json") from None
    if not isinstance(body, dict):
        raise SlackError("json_not_object")
    return body
