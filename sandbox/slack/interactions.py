"""What people do: they type commands, click, submit and close views; and what an ack does to them.

Whoever cannot do it in Slack's client is refused before anything is sent, unless it is `forged`:
a stolen session or a raw request, which only the app can refuse.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sandbox.slack import answers, client, payloads
from sandbox.slack.chat import respond
from sandbox.slack.core import Slack
from sandbox.slack.screens import view_json
from sandbox.slack.suggestions import MIN_QUERY_LENGTH, offering
from sandbox.slack.tickets import ResponseUrl
from sandbox.slack.values import Json, Refused, Reply, Shot, SlackError, View, find_element


class Interactions:
    """The acts of people: each sends its payload and does what the ack says."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack

    async def command(
        self,
        *,
        user: str,
        text: str,
        channel: str | None = None,
        command: str = "/xacct",
        forged: bool = False,
    ) -> Reply:
        """Types a slash command. An ack with words in it is an answer, seen by the person alone."""
        slack = self._slack
        who = client.person(slack, user)
        where = client.place(slack, who, channel)
        if not forged:
            client.may_type(slack, who, where, command)
        payload = payloads.command(slack, who, where, command=command, text=text)
        reply = await slack.sockets.deliver("slash_commands", payload)
        said = reply.payload or {}
        if not (said.get("text") or said.get("blocks")):
            return reply
        url = ResponseUrl(user, where.id, None, made=0)
        return _judged(reply, lambda: respond(slack.workspace, url, said))

    async def click(
        self,
        *,
        user: str,
        on: Json,
        action_id: str,
        value: Any = None,
        forged: bool = False,
        remembered: Json | None = None,
    ) -> Reply:
        """Clicks a button, or chooses `value` from a menu, on a message or a view.

        `on` is `{"channel", "ts"}` or `{"view"}`, with a `block_id` where that is needed. A forged
        click may also be on what is no longer there: `remembered` is the element as an old copy of
        the message has it.
        """
        slack = self._slack
        who = client.person(slack, user)
        surface = client.surface(slack, who, on, forged=forged)
        blocks = slack.suggestions.filled(user, surface, [value] if forged else [])
        element = find_element(blocks, action_id, on.get("block_id"))
        if element is None and forged:
            gone = remembered or {"type": "button", "block_id": "forged"}
            element = offering(gone, [value])
        if element is None:
            raise Refused(f"there is nothing called {action_id} to click")
        if not forged and not answers.dispatches(blocks, element):
            raise Refused(f"{action_id} is only sent when the view is submitted")
        act = {
            "action_id": action_id,
            "block_id": element["block_id"],
            "action_ts": slack.workspace.stamp(),
            **answers.action(element, value),
        }
        chosen = answers.choosing(element, value)
        if isinstance(surface, View) and chosen:
            surface = self._chose(surface, chosen)
        place = payloads.click(slack, who, surface, chosen)
        payload = {**payloads.interaction("block_actions", who), **place, "actions": [act]}
        return await slack.sockets.deliver("interactive", payload)

    async def suggest(
        self, *, user: str, on: Json, action_id: str, typed: str, forged: bool = False
    ) -> Reply:
        """Types into an external menu; what the ack suggests can then be chosen."""
        slack = self._slack
        who = client.person(slack, user)
        surface = client.surface(slack, who, on, forged=forged)
        element = surface.element(action_id, on.get("block_id"))
        if element is None or element["type"] != "external_select":
            raise Refused(f"there is no external menu called {action_id}")
        least = element.get("min_query_length", MIN_QUERY_LENGTH)
        if not forged and len(typed) < least:
            raise Refused(f"{action_id} wants at least {least} characters")
        payload = payloads.suggestion(slack, who, surface, element, typed)
        reply = await slack.sockets.deliver("interactive", payload)
        ack = reply.payload or {}
        return _judged(reply, lambda: slack.suggestions.show(user, surface, element, ack))

    async def submit(self, *, user: str, view: str, values: Json, forged: bool = False) -> Reply:
        """Fills the inputs of the view in front and submits it; the ack decides its fate.

        A forged submission holds whatever `values` say, complete or not.
        """
        slack = self._slack
        shown = client.view(slack, user, view)
        if "submit" not in shown.document:
            raise Refused("this view has nothing to submit")
        blocks = slack.suggestions.filled(user, shown, values.values() if forged else [])
        state = answers.state(blocks, values, shown.state)
        if not forged:
            answers.check_complete(blocks, state)
        payload = {
            **payloads.interaction("view_submission", client.person(slack, user)),
            "trigger_id": slack.trigger_for(user, view),
            "view": view_json(shown, state),
            "response_urls": [],
        }
        reply = await slack.sockets.deliver("interactive", payload)
        return _judged(reply, lambda: self._submitted(view, reply.payload or {}))

    async def close_view(self, *, user: str, view: str, clear: bool = False) -> Reply:
        """Closes the view in front, or all; the app hears of it if the view asked for that."""
        slack = self._slack
        shown = client.view(slack, user, view)
        if shown.is_home:
            raise Refused("a home tab cannot be closed")
        if clear or shown.document.get("clear_on_close"):
            slack.screens.clear(user)
        else:
            slack.screens.close(shown)
        if not shown.document.get("notify_on_close"):
            return Reply(acked=False)
        payload = {
            **payloads.interaction("view_closed", client.person(slack, user)),
            "view": view_json(shown),
            "is_cleared": clear,
        }
        return await slack.sockets.deliver("interactive", payload)

    async def perform(self, shot: Shot) -> Reply:
        """One act by its name; what Slack's client would refuse is a reply with that error."""
        act = self.click if shot.verb == "click" else self.command
        try:
            return await act(**shot.args)
        except Refused as refusal:
            return Reply(acked=False, error=str(refusal))

    async def burst(self, shots: list[Shot], rate: float) -> list[Reply]:
        """Performs each shot at its moment, `rate` per second, however many are unanswered."""
        loop = asyncio.get_running_loop()
        started = loop.time()

        async def fire(number: int, shot: Shot) -> Reply:
            await asyncio.sleep(started + number / rate - loop.time())
            return await self.perform(shot)

        return list(await asyncio.gather(*(fire(i, shot) for i, shot in enumerate(shots))))

    def _chose(self, view: View, chosen: Json) -> View:
        """The view with what was chosen in it."""
        room = self._slack.homes if view.is_home else self._slack.screens
        state = answers.kept(view.blocks, answers.merged(view.state, chosen))
        return room.keep(replace(view, state=state))

    def _submitted(self, view_id: str, ack: Json) -> None:
        """Does what the ack of a submission says (docs.slack.dev/surfaces/modals)."""
        screens = self._slack.screens
        view = screens.find(view_id)
        match ack.get("response_action"):
            case None:
                screens.close(view)
            case "clear":
                screens.clear(view.user)
            case "update":
                screens.update(view, ack.get("view", {}))
            case "push":
                screens.push(view.id, ack.get("view", {}))
            case "errors":
                errors: dict[str, str] = ack.get("errors") or {}
                if not errors or set(errors) - answers.input_blocks(view.blocks):
                    raise SlackError("errors must be keyed by the block_ids of input blocks")
                screens.complain(view, errors)
            case other:
                raise SlackError(f"unknown response_action {other}")


def _judged(reply: Reply, effect: Callable[[], object]) -> Reply:
    """The reply, with what was wrong with the ack's payload as its error."""
    if not reply.acked:
        return reply
    try:
        effect()
    except SlackError as refusal:
        return replace(reply, error="; ".join([refusal.code, *refusal.messages]))
    return reply
