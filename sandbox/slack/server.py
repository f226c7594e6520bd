"""The HTTP server: the Web API, Socket Mode, response_urls and the control API on one port."""

from functools import partial

from aiohttp import web

from sandbox.slack import files
from sandbox.slack.control import Control
from sandbox.slack.core import Slack
from sandbox.slack.values import Json
from sandbox.slack.webapi import WebApi

_BODY_BYTES = 64 * 1024 * 1024


class Server:
    """One Slack, served on loopback only, from `start` to `stop`."""

    def __init__(self, slack: Slack) -> None:
        self.slack = slack
        self.control = Control(slack)
        api = WebApi(slack)
        app = web.Application(client_max_size=_BODY_BYTES)
        app.router.add_get("/", self.control.page)
        app.router.add_post("/_sandbox/{verb}", self.control.serve)
        app.router.add_route("*", "/api/{method}", api.call)
        app.router.add_post("/response_url/{key:.+}", api.answer_url)
        app.router.add_post("/upload/{key}", partial(files.receive, slack))
        app.router.add_get("/link/", slack.sockets.link)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)

    async def start(self, port: int) -> str:
        """Listens, on a free port if `port` is 0; returns the URL."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        (_host, bound) = self._runner.addresses[0]
        self.slack.url = f"http://127.0.0.1:{bound}"
        return self.slack.url

    async def stop(self) -> None:
        """Closes every socket, then the port."""
        await self.slack.events.close()
        await self.slack.sockets.close()
        await self._runner.cleanup()

    def furnish(self, workspace: Json) -> None:
        """Adds `users`, `channels` and `usergroups`: lists of the control verbs' arguments."""
        for user in workspace.get("users", []):
            self.control.changes.add_user(**user)
        for channel in workspace.get("channels", []):
            self.control.changes.add_channel(**channel)
        for usergroup in workspace.get("usergroups", []):
            self.control.changes.add_usergroup(**usergroup)
