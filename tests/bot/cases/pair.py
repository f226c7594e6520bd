"""Two processes of xacct on one PostgreSQL, and the people who use them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.wiring import SOCKETS
from db.audit import search
from db.audit.question import Search
from db.audit.scan import Found
from demo.accounts import furnish
from demo.stage import Stage
from sandbox.slack.process import SandboxSlack
from sandbox.slack.values import TEAM, Message
from tests import furniture
from tests.bot.office import Sandboxes, channel_with_everybody
from tests.lab import account_id, slack_id
from workflows.catalog.load import load
from workflows.catalog.model import Catalog


@dataclass(frozen=True)
class Pair:
    """Both run; `sockets` has one of each."""

    stage: Stage
    sockets: tuple[int, int]
    told: dict[str, int]  # how much was whispered to each before

    @property
    def slack(self) -> SandboxSlack:
        return self.stage.slack

    def asks(self, name: str, text: str) -> Message:
        """Asks, and returns the card once it can be approved."""
        before = {one.ts for one in self._cards()}
        assert self.slack.command(slack_id(name), text).acked

        def found() -> Message | None:
            new = [one for one in self._cards() if one.ts not in before]
            return next((one for one in new if one.element("approve")), None)

        return self.slack.until(found, within=20, what="a card that can be approved")

    def seen(self, card: Message, words: str) -> Message:
        """The card, once it holds these words."""

        def found() -> Message | None:
            now = next(one for one in self._cards() if one.ts == card.ts)
            return now if words in str(now.blocks) else None

        return self.slack.until(found, within=20, what=f"the card says {words!r}")

    def hears(self, name: str, words: str) -> str:
        """The answer to this person that holds these words, once it is there."""
        before = self.told[name]

        def found() -> str | None:
            told = [one.text for one in self.slack.ephemerals(slack_id(name))[before:]]
            return next((one for one in told if words in one), None)

        return self.slack.until(found, what=f"{name} is told {words!r}")

    def recorded(self, event: str) -> list[Found]:
        with self.stage.database() as database, database.read() as session:
            found = search.latest(session, Search(), limit=500)
            return [one for one in found if one.event == event]

    def _cards(self) -> list[Message]:
        messages = self.slack.messages(self.stage.catalog.approvals_channel)
        return [one for one in messages if one.thread_ts is None and "Request #" in one.text]


@contextmanager
def running(sandboxes: Sandboxes, url: str, folder: Path) -> Iterator[Pair]:
    """Both processes, from the start to the end."""
    slack, aws = sandboxes.slack, sandboxes.aws
    text = _catalog(channel_with_everybody(slack))
    catalog = load(text)
    assert isinstance(catalog, Catalog), catalog
    (folder / "xacct.yaml").write_text(text)
    keys = furnish(aws, catalog, ["carol"])
    stage = Stage(folder, sandboxes.clock, aws, slack, catalog, keys, url)
    other = replace(stage)
    try:
        stage.start_bot()
        first = _sockets(slack, SOCKETS)
        other.start_bot()
        slack.until(lambda: slack.connected() == 2 * SOCKETS, within=30, what="both processes")
        both = _sockets(slack, 2 * SOCKETS)
        told = {name: len(slack.ephemerals(slack_id(name))) for name in ("bob", "dora")}
        yield Pair(stage, (min(first), max(both - first)), told)
    finally:
        for one in (stage, other):
            one.stop_bot()
        aws.empty(*furniture.accounts(catalog))
        slack.until(lambda: slack.connected() == 0, within=20, what="the sockets' end")


def _sockets(slack: SandboxSlack, number: int) -> set[int]:
    """The numbers of all sockets: those over which commands go."""
    found: set[int] = set()

    def all_of_them() -> bool:
        went = slack.command(slack_id("carol"), "help").socket
        found.update([went] if went is not None else [])
        return len(found) == number

    slack.until(all_of_them, what=f"{number} sockets")
    return found


def _catalog(channel: str) -> str:
    """Carol asks, bob and dora approve."""
    parts: dict[str, Any] = {
        "version": 1,
        "installation": "pair",
        "slack": {"team": TEAM, "approvals_channel": channel},
        "grantee_account": {"id": account_id(), "name": "workforce", "external_id": "home-1"},
        "defaults": {
            "external_id": "owner-1",
            "group": "/xacct/{effect}-{account}-{role}",
            "requesters": "everyone",
            "approvers": [slack_id("bob"), slack_id("dora")],
        },
        "accounts": [{"id": account_id(), "name": "prod-payments", "aliases": ["payments"]}],
        "roles": [{"accounts": "prod-payments", "name": "admin"}],
        "people": [{"slack": slack_id("carol"), "iam_user": "carol"}],
    }
    return json.dumps(parts, indent=1)  # YAML reads JSON
