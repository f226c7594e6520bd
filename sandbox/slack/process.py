"""The sandbox Slack as a process of its own, and the synchronous driver that tests and demo use.

What people do is in `acts`.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from sandbox.clock import SharedClock
from sandbox.slack.acts import PATIENCE, Acts
from sandbox.slack.values import (
    APP_TOKEN,
    BOT_TOKEN,
    READY,
    ApiCall,
    Event,
    Message,
    Reply,
    View,
)

T = TypeVar("T")

_ROOT: Final = Path(__file__).parents[2]
_POLL_SECONDS: Final = 0.02


class NeverSeen(AssertionError):  # noqa: N818  it says what happened
    """What a test or a story waited for did not come; the text shows what there was instead."""


class SandboxSlack(Acts):
    """A running sandbox Slack, until `stop`; every method is one call of its control API.

    Safe to use from several threads. A wrong argument raises `ValueError`.
    """

    bot_token = BOT_TOKEN
    app_token = APP_TOKEN

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        super().__init__(port)
        self._process = process
        self.api_url = f"http://127.0.0.1:{port}/api/"

    @classmethod
    def start(cls, clock: SharedClock, *, port: int = 0, manifest: Path | None = None) -> Self:
        """Starts the process and returns once it listens; its errors go to our standard error.

        With the app's `manifest` it gives the app what is declared there and nothing else: scopes,
        events, commands, shortcuts, tabs. Without one it gives everything.
        """
        command = [sys.executable, "-m", "sandbox.slack", "--port", str(port), "--with-parent"]
        if manifest is not None:
            command += ["--manifest", str(manifest.absolute())]
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

    def join_enterprise(self, enterprise_id: str | None) -> None:
        """Makes the workspace part of an Enterprise Grid, or of none."""
        self._do("join_enterprise", enterprise_id=enterprise_id)

    def change_user(self, user_id: str, **facts: Any) -> None:
        """For example `deleted=True`, or `is_restricted=True`; the event is `user_change`.

        `from_team` and `enterprise_id` make payloads of their acts name another workspace or
        organisation.
        """
        self._do("change_user", user_id=user_id, **facts)

    def add_channel(self, channel_id: str, name: str, *, members: list[str], **facts: Any) -> None:
        """Facts are the fields of `workspace.Channel`; the app is in it unless told otherwise."""
        self._do("add_channel", channel_id=channel_id, name=name, members=members, **facts)

    def change_channel(self, channel_id: str, **facts: Any) -> None:
        """For example `is_archived=True`, `is_member=False`, `members=[…]`.

        With `is_ext_shared=True` the event is `channel_shared`.
        """
        self._do("change_channel", channel_id=channel_id, **facts)

    def add_usergroup(self, usergroup_id: str, users: list[str]) -> None:
        """A user group, anew if it was there: then the event is `subteam_members_changed`."""
        self._do("add_usergroup", usergroup_id=usergroup_id, users=users)

    # what is to be seen

    def messages(self, channel: str) -> list[Message]:
        """What lasts in a channel, threads included, oldest first."""
        return [Message(**message) for message in self._do("messages", channel=channel)]

    def file(self, file_id: str) -> str:
        """What stands in a file that the app sent."""
        return str(self._do("file", file_id=file_id))

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

    def home(self, user: str) -> View | None:
        """What a person sees on the app's home tab; None until something was published."""
        seen = self._do("home", user=user)
        return View(**seen) if seen else None

    def notifications(self, user: str) -> list[Message]:
        """What a person was notified of, as it was posted: mentions, groups', direct messages."""
        return [Message(**message) for message in self._do("notifications", user=user)]

    def events(self) -> list[Event]:
        """What was sent to the app over the Events API, oldest first."""
        return [Event(**event) for event in self._do("events")]

    def calls(self, method: str | None = None) -> list[ApiCall]:
        """What the app called, oldest first; uses of a response_url are method `response_url`."""
        return [ApiCall(**call) for call in self._do("calls", method=method)]

    def forget_calls(self) -> None:
        """Starts the list of calls anew."""
        self._do("forget_calls")

    def connected(self) -> int:
        """How many sockets the app has open."""
        return int(self._do("connected"))

    def route(self, *sockets: int) -> None:
        """Sends the next envelopes over these of the app's sockets, one each: see Reply.socket."""
        self._do("route", sockets=sockets)

    # what goes wrong

    def force(self, method: str, **fault: Any) -> None:
        """Makes the next calls of a method fail: the fields of `faults.Fault`."""
        self._do("force", method=method, **fault)

    def redeliver_last_event(self) -> Reply:
        """Sends the last event again, as a retry with the same `event_id`."""
        return Reply(**self._do("redeliver_last_event"))

    def limit(
        self,
        method: str,
        *,
        per_minute: int | None = None,
        per_channel_per_second: int | None = None,
    ) -> None:
        """Answers 429 with `Retry-After` to what is more than that, by the shared clock."""
        self._do(
            "limit",
            method=method,
            per_minute=per_minute,
            per_channel_per_second=per_channel_per_second,
        )

    def lift(self, method: str | None = None) -> None:
        """Takes a method's limit away, or all of them."""
        self._do("lift", method=method)

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
        for name in ("view", "home"):
            shown = seen[f"{name}s"]
            lines += [f"{name} of {v['user']}: {json.dumps(v['document'])}" for v in shown]
        for event in seen["events"]:
            acked = "acked" if event["acked"] else f"not acked, sent {event['attempts']} times"
            lines.append(f"event {event['payload']['event']['type']} {acked}")
        for call in seen["calls"][-20:]:
            lines.append(f"call {call['method']} {call['error'] or 'ok'} {str(call['args'])[:200]}")
        return "\n".join(lines)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.wait(timeout=PATIENCE)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
