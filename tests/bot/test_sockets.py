"""More than can be answered in time is turned away at once, with a word."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

import pytest
from slack_bolt import App

from bot.desk import BUSY
from bot.listeners import others
from bot.slack import clients
from bot.sockets import MOST_WAITING, PATIENCE, Socket
from sandbox.slack.process import SandboxSlack
from tests.bot.office import settings


class Line(Socket):
    """A socket without Slack at its end: what it sends is kept."""

    def __init__(self, slack: SandboxSlack, app: App, workers: ThreadPoolExecutor) -> None:
        self.sent: list[dict[str, Any]] = []
        self.arrived = threading.Semaphore(0)
        self.words: list[dict[str, Any]] = []
        super().__init__(
            app,
            app_token=slack.app_token,
            web_client=app.client,
            workers=workers,
            turned_away=self._turned,
        )

    def _turned(self, payload: dict[str, Any]) -> dict[str, Any] | None:
        self.words.append(payload)
        return {"text": BUSY}

    def send_message(self, message: str) -> None:
        self.sent.append(json.loads(message))
        self.arrived.release()

    def receives(self, number: int, *, ago: float = 0) -> None:
        """An envelope that came so many seconds ago."""
        payload = {"command": "/xacct", "text": "list"}
        envelope = {"envelope_id": str(number), "type": "slash_commands", "payload": payload}
        self.message_queue.put((monotonic() - ago, json.dumps(envelope)))


class Slow:
    """A listener that acknowledges when it is let go."""

    def __init__(self, app: App) -> None:
        self.go = threading.Event()
        self.heard = 0
        app.command("/xacct")(self._listen)

    def _listen(self, ack: Any) -> None:
        self.heard += 1
        self.go.wait(10)
        ack()


@pytest.fixture
def app(slack: SandboxSlack) -> App:
    return App(client=clients(settings(slack)).steady, process_before_response=True)


def test_what_waited_too_long_is_turned_away_without_being_served(
    slack: SandboxSlack, app: App
) -> None:
    slow = Slow(app)
    with ThreadPoolExecutor(1) as workers:
        line = Line(slack, app, workers)
        line.receives(1)
        line.receives(2, ago=PATIENCE)
        slow.go.set()
        for _ in range(2):
            assert line.arrived.acquire(timeout=10)
        line.close()

    assert [one["envelope_id"] for one in line.sent] == ["1", "2"]
    assert line.sent[1]["payload"] == {"text": BUSY}
    assert slow.heard == 1


def test_a_queue_that_is_too_long_is_cut_at_once(slack: SandboxSlack, app: App) -> None:
    slow = Slow(app)
    with ThreadPoolExecutor(1) as workers:
        line = Line(slack, app, workers)
        for number in range(MOST_WAITING):
            line.receives(number)
        began = monotonic()
        for number in range(MOST_WAITING, MOST_WAITING + 5):
            line.receives(number)
        assert line.arrived.acquire(timeout=10)
        took = monotonic() - began
        slow.go.set()
        for _ in range(MOST_WAITING + 4):
            assert line.arrived.acquire(timeout=30)
        line.close()

    assert took < PATIENCE
    assert len(line.words) >= 4
    assert len(line.sent) == MOST_WAITING + 5


@pytest.mark.parametrize("before", ["acknowledged", "unanswered"])
def test_an_exception_in_a_listener_never_takes_the_acknowledgement_back(
    slack: SandboxSlack, app: App, before: str
) -> None:
    def breaks(ack: Any) -> None:
        if before == "acknowledged":
            ack()
        raise ValueError("a fault of ours")

    app.command("/xacct")(breaks)
    others.register(app, print)
    with ThreadPoolExecutor(1) as workers:
        line = Line(slack, app, workers)
        line.receives(1)
        assert line.arrived.acquire(timeout=10)
        line.close()

    assert line.sent[0]["envelope_id"] == "1"
    assert "Something broke on xacct's side" in line.sent[0]["payload"]["text"]
