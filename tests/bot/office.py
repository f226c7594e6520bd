"""xacct as it runs, in this process: real Bolt on real sockets, both sandboxes, a new database."""

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy import select

from bot import rosters, wiring
from bot.running import Running
from bot.settings import Secret, Settings, Store
from bot.slack import ask_person, clients
from db.audit import search
from db.audit.question import Search
from db.audit.scan import Found
from db.models import Inbox, Request
from db.store import alerts, inbox, requests
from db.store.inbox import Said
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from sandbox.pagerduty import SandboxPagerDuty
from sandbox.slack.process import SandboxSlack
from sandbox.slack.values import TEAM, Message, Reply, View
from tests import usage
from tests.lab import KEY, Lab, slack_id, some_catalog
from workflows.aws.objects import Objects
from workflows.catalog.model import Catalog, Mechanism
from workflows.directory import Directory

T = TypeVar("T")

FORGOTTEN = 61
"""Seconds after which nothing that Slack said is believed any more."""
PEOPLE = ("alice", "bob", "carol", "dora", "root")


def settings(slack: SandboxSlack, *, api_url: str | None = None, database: str = "") -> Settings:
    return Settings(
        slack_bot_token=Secret(slack.bot_token),
        slack_app_token=Secret(slack.app_token),
        slack_api_url=api_url or slack.api_url,
        catalog=Path("xacct.yaml"),
        store=Store(Secret(database), Secret(KEY.secret.decode())),
    )


def channel_with_everybody(slack: SandboxSlack) -> str:
    name = f"c0{uuid.uuid4().hex[:8]}"
    slack.add_channel(name.upper(), name, members=[slack_id(one) for one in PEOPLE])
    return name.upper()


@dataclass(frozen=True)
class Sandboxes:
    """The two worlds outside, and their one clock."""

    slack: SandboxSlack
    aws: SandboxAws
    clock: SharedClock


class Office:
    """A running xacct, the people who use it, and what they see.

    `role` are fields of the one role, and `auto_approve` the rules of the catalog. With
    `identity_rules` nobody is listed as an engineer; `changed` makes another catalog of the usual
    one; with `activity` it reads what was done with grants. With `deaf_slack` the bot hears Slack,
    but whatever it asks of Slack goes to that address.
    """

    def __init__(
        self,
        sandboxes: Sandboxes,
        url: str,
        *,
        deaf_slack: str | None = None,
        pagerduty: SandboxPagerDuty | None = None,
        activity: bool = False,
        **role: Any,
    ) -> None:
        slack, clock = sandboxes.slack, sandboxes.clock
        self.slack, self.clock = slack, clock
        self.channel = channel_with_everybody(slack)
        self.catalog = self._catalog(**role)
        self.lab = Lab(sandboxes.aws, clock, url, self.catalog, users=("alice", "carol"))
        self._told = {name: len(slack.ephemerals(slack_id(name))) for name in PEOPLE}
        self._dms = {name: len(self._dm(name)) for name in PEOPLE}
        self._close_windows()
        self.stopping = threading.Event()
        called = settings(slack, api_url=deaf_slack, database=url)
        if pagerduty is not None:
            called = replace(
                called, pagerduty_token=Secret(pagerduty.token), pagerduty_url=pagerduty.url
            )
        people = Directory(self.lab.database, partial(ask_person, clients(called).steady, TEAM))
        duties = rosters.duties(called, partial(rosters.slack_group, clients(called).steady))
        self.world = replace(self.lab.world, directory=people, catalog=self.catalog, duties=duties)
        if activity:
            self.world = replace(self.world, activity=usage.history(self.lab))
        self._settings = called, settings(slack, database=url)
        self._wire()

    def _wire(self) -> None:
        called, heard = self._settings
        bucket = self.catalog.outside.bucket
        objects = Objects(self.lab.session(), bucket) if bucket is not None else None
        made = wiring.parts(called, self.world, self.lab.vendor, objects=objects)
        self.parts = replace(made, slack=clients(heard))
        self.running = Running(heard, self.parts)

    def _catalog(self, **role: Any) -> Catalog:
        mechanism = role.pop("mechanism", Mechanism.ALLOW_GROUP)
        users = ("alice", "carol")
        rules = role.pop("identity_rules", ())
        channel = role.pop("own_channel", self.channel)
        beforehand = role.pop("auto_approve", ())
        changed: Callable[[Catalog], Catalog] = role.pop("changed", lambda catalog: catalog)
        told = some_catalog(mechanism=mechanism, users=users, channel=channel, **role)
        engineers = told.engineers if not rules else ()
        catalog = replace(
            told,
            team=TEAM,
            approvals_channel=self.channel,
            alerts_channel=self.channel,
            identity_rules=rules,
            engineers=engineers,
            auto_approve=beforehand,
        )
        return changed(catalog)

    def _close_windows(self) -> None:
        """Nobody has one open from before."""
        for name in PEOPLE:
            if views := self.slack.views(slack_id(name)):
                self.slack.close_view(slack_id(name), views[-1], clear=True)

    def open(self) -> Self:
        self.running.start(self.stopping)
        self.slack.until(lambda: self.slack.connected() == wiring.SOCKETS, what="the bot's sockets")
        return self

    def close(self) -> None:
        self.stopping.set()
        self.slack.disconnect_sockets(None)
        self.running.stop()
        self.lab.close()
        self.slack.until(lambda: self.slack.connected() == 0, what="the sockets' end")

    def stops(self) -> None:
        """xacct is down; what stands in its database stays."""
        self.running.stop()
        self.slack.until(lambda: self.slack.connected() == 0, what="the sockets' end")

    def starts_again(self) -> Self:
        """Another process on the same database, which remembers nothing else."""
        called, _ = self._settings
        database = called.store.database(self.clock)
        people = Directory(database, partial(ask_person, clients(called).steady, TEAM))
        fresh = self.lab.another_worker()
        self.world = replace(self.world, database=database, directory=people, run=fresh.run)
        self.world = replace(
            self.world, managers=fresh.managers, asking=fresh.asking, catalog=self.catalog
        )
        self._wire()
        return self.open()

    def put(
        self,
        kind: str,
        said: dict[str, Any],
        *,
        age: float = 0,
        user: str = slack_id("bob"),
        team: str = TEAM,
    ) -> int:
        """Puts a row into the inbox by hand, as a listener would, `age` seconds ago."""
        at = self.clock.now() - timedelta(seconds=age)
        row = Said(f"k{age}{kind}", kind, team, user, said, None, at)
        database = self._settings[0].store.database(self.clock)  # it runs, or does not
        with database.write() as session:
            inbox.put(session, [row])
        with database.read() as session:
            newest = session.scalars(select(Inbox.id).order_by(Inbox.id.desc())).first()
        database.close()
        self.parts.sweep.wake()
        assert newest is not None
        return newest

    # --- what people do

    def says(self, name: str, text: str, **more: Any) -> Reply:
        return self.slack.command(slack_id(name), text, **more)

    def clicks(self, name: str, action_id: str, on: Message | None = None, **more: Any) -> Reply:
        return self.slack.click(slack_id(name), on or self.card(), action_id, **more)

    def asks(self, name: str = "carol", text: str = "request payments admin 1h INC-482") -> Message:
        """Asks, and returns the card once it can be approved."""
        reply = self.says(name, text)
        assert reply.acked, reply
        return self.seen("Waiting for approval")

    def changes_channel(self, **facts: Any) -> None:
        """The approvals channel is another one from now on, and nobody remembers the old."""
        self.slack.change_channel(self.channel, **facts)
        self.later(FORGOTTEN)

    def later(self, seconds: float) -> None:
        """So much later everything that is due is looked for."""
        self.clock.move(timedelta(seconds=seconds))
        self.parts.sweep.wake()

    # --- what people see

    def cards(self) -> list[Message]:
        """Without what stands in their threads, and without alerts."""
        return [
            one
            for one in self.slack.messages(self.channel)
            if one.thread_ts is None and not one.text.startswith(("Alert", "Over:"))
        ]

    def card(self) -> Message:
        return self.slack.until(lambda: self.cards()[-1:], what="a card")[0]

    def seen(self, words: str) -> Message:
        """The newest card, once it holds these words."""

        def found() -> Message | None:
            cards = self.cards()
            return cards[-1] if cards and words in str(cards[-1].blocks) else None

        return self.slack.until(found, within=20, what=f"a card that says {words!r}")

    def told(self, name: str) -> list[str]:
        """What only this person was told, in the channel."""
        return [one.text for one in self.slack.ephemerals(slack_id(name))[self._told[name] :]]

    def hears(self, name: str, words: str) -> str:
        """The answer that holds these words, once it is there."""

        def found() -> str | None:
            return next((one for one in self.told(name) if words in one), None)

        return self.slack.until(found, what=f"{name} is told {words!r}")

    def dms(self, name: str) -> list[Message]:
        return self._dm(name)[self._dms[name] :]

    def _dm(self, name: str) -> list[Message]:
        return self.slack.messages(self.slack.dm(slack_id(name)))

    def is_told(self, name: str, words: str) -> Message:
        """The direct message that holds these words, once it is there."""

        def found() -> Message | None:
            return next((one for one in self.dms(name) if words in one.text), None)

        return self.slack.until(found, within=20, what=f"a message to {name} with {words!r}")

    def card_of(self, name: str, words: str) -> Message:
        """The card in this person's direct messages, once it holds these words."""

        def found() -> Message | None:
            cards = [one for one in self.dms(name) if "Request #" in one.text]
            return cards[-1] if cards and words in str(cards[-1].blocks) else None

        return self.slack.until(found, within=20, what=f"{name}'s card that says {words!r}")

    def standing(self) -> dict[str, str]:
        """The alerts that stand: key → sentence."""
        with self.world.database.read() as session:
            return {one.key: one.sentence for one in alerts.standing(session)}

    def window(self, name: str, words: str) -> View:
        """The window in front of this person, once it holds these words."""

        def found() -> View | None:
            views = self.slack.views(slack_id(name))
            return views[-1] if views and words in str(views[-1].document) else None

        return self.slack.until(found, what=f"{name}'s window with {words!r}")

    def until(self, condition: Callable[[], T | None], what: str) -> T:
        return self.slack.until(condition, what=what)

    # --- what is remembered

    def row(self, request_id: int = 1) -> Request:
        with self.world.database.read() as session:
            found = requests.get(session, request_id)
        assert found is not None
        return found

    def rows(self) -> list[Request]:
        with self.world.database.read() as session:
            return list(session.scalars(select(Request).order_by(Request.id)))

    def inbox(self) -> list[Inbox]:
        with self.world.database.read() as session:
            return list(session.scalars(select(Inbox).order_by(Inbox.id)))

    def recorded(self, event: str) -> list[Found]:
        with self.world.database.read() as session:
            found = search.latest(session, Search(), limit=500)
            return [one for one in found if one.event == event]
