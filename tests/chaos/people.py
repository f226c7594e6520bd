"""What people do in a house: they type, click, and knock at the role's door with their own keys."""

from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from db.lifecycle import State
from db.models import Request
from demo.door import Answer, Caller
from sandbox.aws.process import Keys
from sandbox.slack.values import Message, Reply
from tests.chaos.catalog import APPROVER, KEY, machine_of, slack_id
from tests.chaos.house import House
from tests.chaos.runs import Way

YOUNG = timedelta(minutes=50)
"""A machine's sessions last an hour (role chaining): an older one may be dead by its own age."""


@dataclass
class Visitor:
    """An engineer, or his machine: what he asked for, and the sessions that he took."""

    house: House
    name: str
    request: int = 0
    session: Keys | None = None
    taken: datetime | None = None
    earlier: list[Keys] = field(default_factory=list)

    # --- in Slack

    def asks(self, *, minutes: int) -> None:
        """Types the request, and waits until it can be approved."""
        house, before = self.house, self.house.books.newest()
        machine = f"--as {machine_of(self.name)} " if house.way is Way.MACHINE else ""
        account, role = KEY.split("/")
        words = f"request {account} {role} {minutes}m {machine}look into it"
        reply = house.slack.command(slack_id(self.name), words)
        assert heard(reply), reply
        house.until(lambda: house.books.newest() > before or None, what="a new request")
        self.request = house.books.newest()
        house.until(lambda: self.row.terms, what=f"#{self.request} can be decided")
        house.calm()

    def is_approved(self) -> Reply:
        """The approver clicks on the card that is in Slack now."""
        return self.house.slack.click(slack_id(APPROVER), self.card(), "approve", forged=True)

    def is_revoked(self) -> Reply:
        """The approver types it."""
        return self.house.slack.command(slack_id(APPROVER), f"revoke #{self.request} enough")

    def borrows(self, *, minutes: int) -> None:
        """Asks, is approved, and is in."""
        self.asks(minutes=minutes)
        reply = self.is_approved()
        assert heard(reply), reply
        self.house.until(lambda: self.state is State.ACTIVE or None, what="it is open")
        self.house.calm()
        self.goes_in()

    @property
    def row(self) -> Request:
        return self.house.books.row(self.request)

    @property
    def state(self) -> State:
        return self.house.books.state(self.request)

    def card(self) -> Message:
        """The card of his request as it stands in Slack."""
        row = self.row
        assert row.card_channel is not None, f"#{row.id} has no card"
        cards = self.house.slack.messages(row.card_channel)
        return next(one for one in cards if one.ts == row.card_ts)

    # --- at the door

    def caller(self) -> Caller:
        """Him with keys that are good now; a machine puts its own role on first."""
        if self.house.way is Way.MACHINE:
            return self.house.door.machine(machine_of(self.name))
        return self.house.door.user(self.name)

    def knocks(self) -> Answer:
        return self.house.door.knock(self.caller(), self.house.role)

    def goes_in(self) -> None:
        """Takes a session; it must be given within the time that a write needs to spread."""
        self.house.settled()
        answer = self.knocks()
        if not answer.ok:
            raise AssertionError(f"{self.name} holds a grant and AWS says {answer.said}")
        if self.session is not None:
            self.earlier.append(self.session)
        self.session, self.taken = answer.session, self.house.now()

    def is_inside(self) -> bool:
        """Whether the session that he took last still does something."""
        assert self.session is not None
        return self.house.door.look_inside(self.session, self.house.role).ok

    def earlier_session_lives(self) -> bool:
        """Whether one of those that he took before that one does."""
        return any(self.house.door.look_inside(one, self.house.role).ok for one in self.earlier)

    @property
    def has_young_session(self) -> bool:
        return self.taken is not None and self.house.now() - self.taken < YOUNG

    def dates(self) -> set[str]:
        """xacct's statements in the trust policy that let him in, as text."""
        unique_id = self.row.grantee_id or "nobody"
        return {one for one in self.house.humans.ours_in_trust() if unique_id in one}


def heard(reply: Reply) -> bool:
    """Whether it was taken down; words in the acknowledgement say that it was not."""
    return reply.acked and not (reply.payload or {}).get("text")


def heard_later(said: "Future[Reply]") -> bool:
    """The same of what was said while a bot died."""
    return heard(said.result(timeout=20))
