"""The driver's half that plays the people; each method is one call of the control API."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from sandbox.slack.values import Json, Message, Refused, Reply, Shot, View

PATIENCE: Final = 30.0


class Acts:
    """What people do in the sandbox Slack that listens on `port` of this machine.

    What Slack's client does not let them do is a reply with that error. Forged acts are for the app
    to refuse.
    """

    def __init__(self, port: int) -> None:
        self._port = port

    def say(self, user: str, channel: str, text: str) -> Message:
        """A person writes a message of their own."""
        return Message(**self._do("say", user=user, channel=channel, text=text))

    def command(
        self,
        user: str,
        text: str,
        *,
        channel: str | None = None,
        command: str = "/xacct",
        forged: bool = False,
    ) -> Reply:
        """Types a command, in #general or, for who is not in it, in the messages with the app.

        `text` is as typed: `@handle` and `#channel` become Slack's mentions, entities are escaped.
        A forged command comes from whoever Slack would not let type it there.
        """
        return self._act(
            "command", user=user, text=text, channel=channel, command=command, forged=forged
        )

    def shortcut(self, user: str, callback_id: str, *, forged: bool = False) -> Reply:
        """Chooses one of the app's global shortcuts."""
        return self._act("shortcut", user=user, callback_id=callback_id, forged=forged)

    def open_home(self, user: str, *, tab: str = "home") -> Reply:
        """Opens the app's `home` or `messages` tab; the event is `app_home_opened`.

        Not acked and no error: the app did not subscribe to it.
        """
        return self._act("open_home", user=user, tab=tab)

    def click(
        self,
        user: str,
        on: Message | View,
        action_id: str,
        *,
        block_id: str | None = None,
        value: Any = None,
        forged: bool = False,
    ) -> Reply:
        """Clicks a button or chooses `value` from a menu; a button's value can be overridden.

        `block_id` says which, where several blocks have an element of that action id. A forged
        click comes from somebody who does not see the message, or is on an element that only the
        old copy `on` still has, or chooses what no menu offers.
        """
        where = {**_place(on), "block_id": block_id}
        forgery = {"forged": True, "remembered": on.element(action_id, block_id)} if forged else {}
        return self._act("click", user=user, on=where, action_id=action_id, value=value, **forgery)

    def choose(
        self,
        user: str,
        on: Message | View,
        action_id: str,
        value: Any,
        *,
        block_id: str | None = None,
        forged: bool = False,
    ) -> Reply:
        """Chooses from a menu, or types into an input; an input must have `dispatch_action`.

        A view keeps the choice until it is submitted, through updates too.
        """
        return self.click(user, on, action_id, block_id=block_id, value=value, forged=forged)

    def suggest(
        self,
        user: str,
        on: Message | View,
        action_id: str,
        typed: str,
        *,
        block_id: str | None = None,
        forged: bool = False,
    ) -> list[Json]:
        """Types into an external menu; returns the options, or option groups, that it then shows.

        They can be chosen from then on, by this person. `Refused` says why there are none to show:
        too few characters, no ack in time, or what is wrong with the ack.
        """
        where = {**_place(on), "block_id": block_id}
        reply = self._act(
            "suggest", user=user, on=where, action_id=action_id, typed=typed, forged=forged
        )
        if reply.error is not None:
            raise Refused(reply.error)
        shown = reply.payload or {}
        options: list[Json] = shown["option_groups" if "option_groups" in shown else "options"]
        return options

    def submit(
        self, user: str, view: View, values: Mapping[str, Any], *, forged: bool = False
    ) -> Reply:
        """Submits the view in front; `values` by action_id or block_id, options by their value.

        What was chosen before stays unless `values` say otherwise. A forged submission may be
        incomplete or hold what no menu offers.
        """
        return self._act("submit", user=user, view=view.id, values=dict(values), forged=forged)

    def close_view(self, user: str, view: View, *, clear: bool = False) -> Reply:
        """Closes the view in front, or all of the stack."""
        return self._act("close_view", user=user, view=view.id, clear=clear)

    def burst(self, shots: list[Shot], *, rate: float) -> list[Reply]:
        """Performs the shots `rate` per second, open loop, inside Slack; replies in their order."""
        patience = len(shots) / rate + PATIENCE
        replies = self._do(
            "burst", shots=[asdict(shot) for shot in shots], rate=rate, patience=patience
        )
        return [Reply(**reply) for reply in replies]

    def _act(self, verb: str, **args: Any) -> Reply:
        return Reply(**self._do(verb, **args))

    def _do(self, verb: str, *, patience: float = PATIENCE, **args: Any) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=patience)
        try:
            connection.request("POST", f"/_sandbox/{verb}", json.dumps(args))
            response = connection.getresponse()
            body = response.read().decode()
        finally:
            connection.close()
        if response.status != http.HTTPStatus.OK:
            raise ValueError(f"{verb}: {body}")
        answer: Json | list[Any] | str | int | None = json.loads(body)
        return answer


def _place(on: Message | View) -> Json:
    return {"view": on.id} if isinstance(on, View) else {"channel": on.channel, "ts": on.ts}
