from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient, WebhookResponse

from sandbox.clock import SharedClock
from sandbox.slack.process import SandboxSlack
from sandbox.slack.values import Message

CHANNEL = "CTEAM"
EVENTS = ("app_home_opened", "user_change", "subteam_members_changed", "channel_shared")


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedClock]:
    with SharedClock(tmp_path_factory.mktemp("slack") / "clock") as clock:
        yield clock


@pytest.fixture(scope="module")
def slack(clock: SharedClock) -> Iterator[SandboxSlack]:
    with SandboxSlack.start(clock) as slack:
        slack.add_user("UANN", name="ann")
        slack.add_user("UBOB", name="bob")
        slack.add_user("UOUT", name="out")
        slack.add_channel(CHANNEL, "team", members=["UANN", "UBOB"])
        yield slack


@pytest.fixture
def client(slack: SandboxSlack) -> WebClient:
    return WebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])


class Bot:
    """A real Bolt app on a real socket; what its listeners were given is in `heard`.

    Its one command, its actions `press` and `pick`, the options of `pick`, its shortcut and its
    view `form` are answered as a test says; events are acked and kept in `events`.
    """

    def __init__(self, slack: SandboxSlack, client: WebClient) -> None:
        self.client = client
        self._slack = slack
        self.heard: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self._answer: Callable[..., Any] = acking
        self._app = App(client=client)
        for listening in (
            self._app.command("/xacct"),
            self._app.action("press"),
            self._app.action("pick"),
            self._app.options("pick"),
            self._app.shortcut("form"),
            self._app.view("form"),
            self._app.view_closed("form"),
        ):
            listening(self._listen)
        for event in EVENTS:
            self._app.event(event)(self._hear)
        self._handler = SocketModeHandler(self._app, slack.app_token, ping_interval=0.5)

    def _listen(self, ack: Any, body: dict[str, Any]) -> None:
        self.heard.append(body)
        self._answer(ack, body)

    def _hear(self, body: dict[str, Any]) -> None:
        self.events.append(body)

    def answers(self, answer: Callable[..., Any]) -> None:
        """Every listener now calls `answer(ack, body)`."""
        self._answer = answer

    def connect(self) -> None:
        self._handler.client.connect()
        self._slack.until(lambda: self._slack.connected() == 1, what="the bot's socket")

    def forget(self) -> None:
        self.heard.clear()
        self.events.clear()
        self._answer = acking

    def close(self) -> None:
        # The client waits for its socket to say something, for three seconds, before it closes it.
        self._handler.client.auto_reconnect_enabled = False
        self._slack.disconnect_sockets(None)
        self._handler.client.close()
        self._slack.until(lambda: self._slack.connected() == 0, what="the socket's end")


def acking(ack: Any, _body: dict[str, Any]) -> None:
    ack()


@pytest.fixture(scope="module")
def connected_bot(slack: SandboxSlack) -> Iterator[Bot]:
    client = WebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])
    bot = Bot(slack, client)
    bot.connect()
    yield bot
    bot.close()


@pytest.fixture
def bot(connected_bot: Bot) -> Bot:
    connected_bot.forget()
    return connected_bot


def posted(slack: SandboxSlack, client: WebClient, **args: Any) -> Message:
    """A message that the app has just posted, as Slack has it."""
    ts = client.chat_postMessage(**{"channel": CHANNEL, "text": "card", **args})["ts"]
    return next(message for message in slack.messages(CHANNEL) if message.ts == ts)


def respond(body: dict[str, Any], **message: Any) -> WebhookResponse:
    """What a listener sends to the response_url that it was given."""
    return WebhookClient(body["response_url"]).send(**message)


def button(value: str = "v1", action_id: str = "press") -> list[dict[str, Any]]:
    text = {"type": "plain_text", "text": "Press"}
    element = {"type": "button", "text": text, "action_id": action_id, "value": value}
    return [{"type": "actions", "block_id": "row", "elements": [element]}]


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def options(*names: str) -> list[dict[str, Any]]:
    return [{"text": plain(name.capitalize()), "value": name} for name in names]


def external(action_id: str = "pick", **more: Any) -> dict[str, Any]:
    return {"type": "external_select", "action_id": action_id, **more}


def form(**more: Any) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": "form",
        "title": {"type": "plain_text", "text": "A form"},
        "submit": {"type": "plain_text", "text": "Send"},
        "blocks": [
            {
                "type": "input",
                "block_id": "why",
                "label": {"type": "plain_text", "text": "Why"},
                "element": {"type": "plain_text_input", "action_id": "reason", "min_length": 3},
            }
        ],
        **more,
    }
