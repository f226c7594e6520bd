"""The words that the sandbox's rooms and its driver share; each crosses the control API as JSON."""

from dataclasses import dataclass, field
from typing import Any, Self

Json = dict[str, Any]

TEAM = "T0SANDBOX"
OTHER_TEAM = "T0ELSEWHERE"
APP = "A0XACCT"
BOT = "B0XACCT"
BOT_USER = "U0XACCT"
GENERAL = "CGENERAL"
READY = "sandbox slack is ready at "
BOT_TOKEN = "xoxb-sandbox-made-up"
APP_TOKEN = "xapp-sandbox-made-up"


class SlackError(Exception):
    """A refusal in Slack's words: `code` is the answer's `error`, `messages` what is wrong.

    `messages` become `response_metadata.messages`, each with Slack's `[ERROR]` before it.
    """

    def __init__(self, code: str, messages: list[str] | None = None) -> None:
        super().__init__(code, *(messages or []))
        self.code = code
        self.messages = messages or []

    def answer(self) -> Json:
        """The body of the Web API's answer."""
        body: Json = {"ok": False, "error": self.code}
        if self.messages:
            body["response_metadata"] = {"messages": [f"[ERROR] {m}" for m in self.messages]}
        return body


class Refused(Exception):  # noqa: N818  the word of the control API
    """What Slack's own client would not let this person do; the text says why."""


@dataclass(frozen=True)
class Message:
    """One message as it stands. `only_for` names the one person who sees an ephemeral one."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    only_for: str | None = None
    edits: int = 0
    metadata: Json | None = None
    files: list[Json] = field(default_factory=list)

    @property
    def root_ts(self) -> str:
        """The ts of the thread that it stands in; its own where it opens one."""
        return self.thread_ts or self.ts

    def element(self, action_id: str, block_id: str | None = None) -> Json | None:
        """The element with that action id, with its `block_id` added; see `find_element`."""
        return find_element(self.blocks, action_id, block_id)


@dataclass
class Upload:
    """A file that was announced; `content` is what came for it."""

    id: str
    name: str
    length: int
    content: bytes | None = None


@dataclass(frozen=True)
class View:
    """One modal on one person's screen, or their home tab.

    `document` is what the app gave, with ids filled in; `state` by block_id and action_id what the
    person chose where a choice dispatches an action.
    """

    id: str
    hash: str
    user: str
    root_view_id: str
    previous_view_id: str | None
    document: Json
    errors: dict[str, str] = field(default_factory=dict)
    state: Json = field(default_factory=dict)

    @property
    def is_home(self) -> bool:
        """Whether it is a home tab, and not a modal."""
        return bool(self.document["type"] == "home")

    @property
    def title(self) -> str:
        """The words at a modal's head."""
        return str(self.document["title"]["text"])

    @property
    def callback_id(self) -> str:
        """The app's name for this kind of view; empty where it gave none."""
        return str(self.document.get("callback_id", ""))

    @property
    def blocks(self) -> list[Json]:
        """Its blocks, as given."""
        blocks: list[Json] = self.document["blocks"]
        return blocks

    def element(self, action_id: str, block_id: str | None = None) -> Json | None:
        """The element with that action id, with its `block_id` added; see `find_element`."""
        return find_element(self.blocks, action_id, block_id)


def find_element(blocks: list[Json], action_id: str, block_id: str | None) -> Json | None:
    """The element with that action id, its `block_id` added; None if there is none.

    Where several blocks have one, `block_id` must say which is meant.
    """
    found = [
        {**element, "block_id": block["block_id"]}
        for block in blocks
        for element in [*block.get("elements", []), block.get("accessory"), block.get("element")]
        if isinstance(element, dict) and element.get("action_id") == action_id
    ]
    if block_id is not None:
        found = [element for element in found if element["block_id"] == block_id]
    if len(found) > 1:
        raise Refused(f"{len(found)} blocks have a {action_id}; a block_id must say which")
    return found[0] if found else None


@dataclass(frozen=True)
class Reply:
    """How the app answered one act of a person, measured at Slack's side.

    `latency` is in seconds, up to the ack; `sent` is the shared clock's time at which the app was
    sent it. `error` is what the person would be told:
    `operation_timeout` (no ack within 3 s), `dispatch_failed` (no socket), what is wrong with the
    ack's payload, or, before anything was sent, why Slack's client does not let this person do it.
    Not acked and no error: there was nothing to send (a view that did not ask for `view_closed`).
    `socket` is the number of the app's socket that it was sent over, in the order of their opening.
    """

    acked: bool
    latency: float = 0.0
    payload: Json | None = None
    error: str | None = None
    sent: float | None = None
    socket: int | None = None


@dataclass(frozen=True)
class Event:
    """One event that was sent to the app: the whole `payload`, how often, and if it was acked."""

    payload: Json
    attempts: int = 0
    acked: bool = False

    @property
    def type(self) -> str:
        """What happened, for example `user_change`."""
        return str(self.payload["event"]["type"])


@dataclass(frozen=True)
class ApiCall:
    """One call that the app made; `at` is the shared clock's time at which it arrived, `error` None
    if it went well, `lasted` the seconds, of real time, until it was answered.

    A use of a response_url stands here as method `response_url`.
    """

    method: str
    args: Json
    at: float
    error: str | None
    lasted: float | None = None


@dataclass(frozen=True)
class Shot:
    """One act of a burst: the name of a verb of the control API and what it takes."""

    verb: str
    args: Json

    @classmethod
    def command(cls, user: str, text: str, *, channel: str | None = None) -> Self:
        """A person types `/xacct text`."""
        return cls("command", {"user": user, "text": text, "channel": channel})

    @classmethod
    def click(cls, user: str, message: Message, action_id: str) -> Self:
        """A person clicks a button of a message."""
        where = {"channel": message.channel, "ts": message.ts}
        return cls("click", {"user": user, "on": where, "action_id": action_id})
