"""The sandbox's own API under /_sandbox/: what a test, the demo or a curious person can do."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from inspect import isawaitable
from typing import Any, Final

from aiohttp import web

from sandbox.slack import files
from sandbox.slack.changes import Changes
from sandbox.slack.core import Slack
from sandbox.slack.entrances import Entrances
from sandbox.slack.faults import Fault
from sandbox.slack.interactions import Interactions
from sandbox.slack.limits import Limit
from sandbox.slack.methods import METHODS
from sandbox.slack.values import BOT_USER, TEAM, Json, Message, Refused, Reply, Shot, View

PAGE: Final = """xacct's sandbox: a Slack that runs on this machine, for trying and testing.

The app talks to {url}/api/ (SLACK_API_URL) and to a Socket Mode WebSocket.
You can play the people: POST JSON to {url}/_sandbox/<verb>, for example

  curl -s {url}/_sandbox/command -d '{{"user": "U1", "text": "help"}}'
  curl -s {url}/_sandbox/messages -d '{{"channel": "CGENERAL"}}'

Verbs: {verbs}
"""


class Control:
    """The verbs by name. Arguments and answers are JSON; a wrong argument is a 400 that says so."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self._acts = acts = Interactions(slack)
        self.changes = changes = Changes(slack)
        entrances = Entrances(slack)
        self.verbs: dict[str, Callable[..., Awaitable[Any] | Any]] = {
            "join_enterprise": changes.join_enterprise,
            "add_user": changes.add_user,
            "change_user": changes.change_user,
            "add_channel": changes.add_channel,
            "change_channel": changes.change_channel,
            "add_usergroup": changes.add_usergroup,
            "say": changes.say,
            "command": acts.command,
            "click": acts.click,
            "suggest": acts.suggest,
            "submit": acts.submit,
            "close_view": acts.close_view,
            "shortcut": entrances.shortcut,
            "open_home": entrances.open_home,
            "burst": self.burst,
            "redeliver_last_event": slack.events.again,
            "events": slack.events.sent,
            "dm": slack.workspace.dm_id,
            "messages": slack.workspace.in_channel,
            "ephemerals": self.ephemerals,
            "file": lambda file_id: files.content_of(slack, file_id),
            "notifications": slack.workspace.notifications,
            "views": self.views,
            "home": self.home,
            "calls": lambda method=None: slack.calls.made(method),
            "forget_calls": slack.calls.forget,
            "force": self.force,
            "limit": self.limit,
            "lift": slack.limits.lift,
            "slow": self.slow,
            "everything": self.everything,
            **_of_sockets(slack),
        }

    async def page(self, _request: web.Request) -> web.Response:
        """GET /: what this is and what can be done with it."""
        verbs = ", ".join(self.verbs)
        return web.Response(text=PAGE.format(url=self._slack.url, verbs=verbs))

    async def serve(self, request: web.Request) -> web.Response:
        """POST /_sandbox/{verb}: a client's refusal of an act is a reply, not a failure."""
        verb = self.verbs.get(request.match_info["verb"])
        if verb is None:
            return web.Response(status=404, text=f"verbs: {', '.join(self.verbs)}")
        try:
            done = verb(**json.loads(await request.text() or "{}"))
            answer = await done if isawaitable(done) else done
        except Refused as refusal:
            answer = Reply(acked=False, error=str(refusal))
        except (TypeError, ValueError, KeyError) as wrong:
            return web.Response(status=400, text=f"{type(wrong).__name__}: {wrong}")
        return web.json_response(answer, dumps=lambda value: json.dumps(value, default=asdict))

    def ephemerals(self, user: str) -> list[Message]:
        """What only this person sees, oldest first."""
        workspace = self._slack.workspace
        who = workspace.people[user].id
        said = (m for m in workspace.messages.values() if m.only_for == who)
        return sorted(said, key=lambda m: m.ts)

    def views(self, user: str) -> list[View]:
        """The open views on a person's screen, the one in front last."""
        return self._slack.screens.of(self._slack.workspace.people[user].id)

    def home(self, user: str) -> View | None:
        """What a person sees on the app's home tab."""
        return self._slack.homes.of(self._slack.workspace.people[user].id)

    def force(self, method: str, **fault: Any) -> None:
        """The fields of `Fault`; a method that is not there is a mistake, not a fault."""
        if method not in {*METHODS, "response_url"}:
            raise ValueError(f"there is no method {method}")
        self._slack.faults.force(method, Fault(**fault))

    def limit(self, method: str, **limit: Any) -> None:
        """The fields of `Limit`."""
        if method not in METHODS:
            raise ValueError(f"there is no method {method}")
        self._slack.limits.put(method, Limit(**limit))

    def slow(self, seconds: float) -> None:
        """Puts a latency into every call of the Web API and of a response_url; 0 takes it away."""
        self._slack.slowness = seconds

    async def burst(self, shots: list[Json], rate: float) -> list[Reply]:
        """Open-loop load; see `Interactions.burst`."""
        return await self._acts.burst([Shot(**shot) for shot in shots], rate)

    def everything(self) -> Json:
        """A picture of the whole, for a person or a failing test."""
        workspace, screens, homes = self._slack.workspace, self._slack.screens, self._slack.homes
        return {
            "team": TEAM,
            "app_user": BOT_USER,
            "connected": self._slack.sockets.connected(),
            "people": {who.id: who.json() for who in workspace.people.values()},
            "channels": {c.id: c.json() for c in workspace.channels.values()},
            "messages": sorted(workspace.messages.values(), key=lambda m: m.ts),
            "views": [view for who in workspace.people for view in screens.of(who)],
            "homes": [home for home in map(homes.of, workspace.people) if home],
            "events": self._slack.events.sent()[-20:],
            "calls": self._slack.calls.made(None)[-50:],
        }


def _of_sockets(slack: Slack) -> dict[str, Callable[..., Awaitable[Any] | Any]]:
    sockets = slack.sockets
    return {
        "connected": sockets.connected,
        "route": sockets.route,
        "disconnect_sockets": sockets.disconnect,
    }
