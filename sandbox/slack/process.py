"""The sandbox Slack as a process of its own, and the synchronous driver that tests and demo use."""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from sandbox.clock import SharedClock
from sandbox.slack.values import (
    APP_TOKEN,
    BOT_TOKEN,
    READY,
    ApiCall,
    Json,
    Message,
    Reply,
    Shot,
    View,
)

T = TypeVar("T")

_ROOT: Final = Path(__file__).parents[2]
_PATIENCE: Final = 30.0
_POLL_SECONDS: Final = 0.02


class NeverSeen(AssertionError):  # noqa: N818  it says what happened
    """What a test or a story waited for did not come; the text shows what there was instead."""


class SandboxSlack:
    """A running sandbox Slack, until `stop`; every method is one call of its control API.

    Safe to use from several threads. A wrong argument raises `ValueError`.
    """

    bot_token = BOT_TOKEN
    app_token = APP_TOKEN

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self._process = process
        self._port = port
        self.api_url = f"http://127.0.0.1:{port}/api/"

    @classmethod
    def start(cls, clock: SharedClock, *, port: int = 0) -> Self:
        """Starts the process and returns once it listens; its errors go to our standard error."""
        command = [sys.executable, "-m", "sandbox.slack", "--port", str(port), "--with-parent"]
        process = subprocess.Popen(  # noqa: S603  our own module, our own arguments
            [*command, "--clock", str(clock.path.absolute())],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        ready = process.stdout.readline()
        if not ready.startswith(READY):
            _end(process)
            raise RuntimeError(f"the sandbox Slack did not start; it said {ready!r}")
        return cls(process, int(ready.strip().rstrip("/").rpartition(":")[2]))

    def stop(self) -> None:
        """Ends the process; a second call does nothing."""
        _end(self._process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # the workspace

    def add_user(self, user_id: str, **facts: Any) -> None:
        """Facts are the fields of `workspace.Person`; `name` is the handle."""
        self._do("add_user", user_id=user_id, **facts)

    def change_user(self, user_id: str, **facts: Any) -> None:
        """For example `deleted=True`, or `is_restricted=True`."""
        self._do("change_user", user_id=user_id, **facts)

    def add_channel(self, channel_id: str, name: str, *, members: list[str], **facts: Any) -> None:
        """Facts are the fields of `workspace.Channel`; the app is in it unless told otherwise."""
        self._do("add_channel", channel_id=channel_id, name=name, members=members, **facts)

    def change_channel(self, channel_id: str, **facts: Any) -> None:
        """For example `is_archived=True`, `is_member=False`, `members=[…]`."""
        self._do("change_channel", channel_id=channel_id, **facts)

    def add_usergroup(self, usergroup_id: str, users: list[str]) -> None:
        """A user group, anew if it was there."""
        self._do("add_usergroup", usergroup_id=usergroup_id, users=users)

    # what people do

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
        old copy `on` still has.
        """
        place = {"view": on.id} if isinstance(on, View) else {"channel": on.channel, "ts": on.ts}
        where = {**place, "block_id": block_id}
        forgery = {"forged": True, "remembered": on.element(action_id, block_id)} if forged else {}
        return self._act("click", user=user, on=where, action_id=action_id, value=value, **forgery)

    def submit(self, user: str, view: View, values: Mapping[str, Any]) -> Reply:
        """Submits the view in front; `values` by action_id or block_id, options by their value."""
        return self._act("submit", user=user, view=view.id, values=dict(values))

    def close_view(self, user: str, view: View, *, clear: bool = False) -> Reply:
        """Closes the view in front, or all of the stack."""
        return self._act("close_view", user=user, view=view.id, clear=clear)

    def burst(self, shots: list[Shot], *, rate: float) -> list[Reply]:
        """Performs the shots `rate` per second, open loop, inside Slack; replies in their order."""
        patience = len(shots) / rate + _PATIENCE
        replies = self._do(
            "burst", shots=[asdict(shot) for shot in shots], rate=rate, patience=patience
        )
        return [Reply(**reply) for reply in replies]

    # what is to be seen

    def messages(self, channel: str) -> list[Message]:
        """What lasts in a channel, threads included, oldest first."""
        return [Message(**message) for message in self._do("messages", channel=channel)]

    def thread(self, message: Message) -> list[Message]:
        """The replies to a message, oldest first."""
        replies = self.messages(message.channel)
        return [reply for reply in replies if reply.thread_ts == message.ts]

    def dm(self, user: str) -> str:
        """The channel of a person's direct messages with the app."""
        return str(self._do("dm", user=user))

    def ephemerals(self, user: str) -> list[Message]:
        """What only this person sees, answers to commands included, oldest first."""
        return [Message(**message) for message in self._do("ephemerals", user=user)]

    def views(self, user: str) -> list[View]:
        """The open views on a person's screen, the one in front last."""
        return [View(**view) for view in self._do("views", user=user)]

    def calls(self, method: str | None = None) -> list[ApiCall]:
        """What the app called, oldest first; uses of a response_url are method `response_url`."""
        return [ApiCall(**call) for call in self._do("calls", method=method)]

    def forget_calls(self) -> None:
        """Starts the list of calls anew."""
        self._do("forget_calls")

    def connected(self) -> int:
        """How many sockets the app has open."""
        return int(self._do("connected"))

    # what goes wrong

    def force(self, method: str, **fault: Any) -> None:
        """Makes the next calls of a method fail: the fields of `faults.Fault`."""
        self._do("force", method=method, **fault)

    def slow(self, seconds: float) -> None:
        """Puts a latency (real time) into every call of the Web API and of a response_url."""
        self._do("slow", seconds=seconds)

    def disconnect_sockets(self, reason: str | None = "refresh_requested") -> None:
        """Tells every socket to go, for that reason; with None cuts them without a word."""
        self._do("disconnect_sockets", reason=reason)

    # waiting

    def until(self, condition: Callable[[], T | None], *, within: float = 10.0, what: str) -> T:
        """The condition's first value that is true; `NeverSeen` with a picture after `within` s."""
        deadline = time.monotonic() + within
        pause = threading.Event()
        while True:
            found = condition()
            if found:
                return found
            if time.monotonic() > deadline:
                raise NeverSeen(f"not within {within} s: {what}\n{self._picture()}")
            pause.wait(_POLL_SECONDS)

    def _picture(self) -> str:
        """Messages, views and the latest calls, one to a line."""
        seen = self._do("everything")
        lines = [f"{seen['connected']} socket(s) connected"]
        for message in seen["messages"]:
            whom = f" only for {message['only_for']}" if message["only_for"] else ""
            lines.append(f"message in {message['channel']}{whom}: {message['text']!r}")
        lines += [f"view of {v['user']}: {json.dumps(v['document'])}" for v in seen["views"]]
        for call in seen["calls"][-20:]:
            lines.append(f"call {call['method']} {call['error'] or 'ok'} {str(call['args'])[:200]}")
        return "\n".join(lines)

    def _act(self, verb: str, **args: Any) -> Reply:
        return Reply(**self._do(verb, **args))

    def _do(self, verb: str, *, patience: float = _PATIENCE, **args: Any) -> Any:
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


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.wait(timeout=_PATIENCE)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
