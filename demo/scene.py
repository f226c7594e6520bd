"""What the people of the story do, and what answers: each act is told, each answer is judged."""

import re
from dataclasses import dataclass
from datetime import UTC
from time import monotonic
from typing import Final

from demo.door import Answer, Caller, Door, Rest
from demo.stage import Stage
from demo.telling import Telling, plain
from sandbox.aws.process import Keys
from sandbox.slack.process import SandboxSlack
from sandbox.slack.values import Message, View
from workflows.catalog.model import Role

REFUSED: Final = frozenset({"AccessDenied"})
DEAD: Final = REFUSED | {"ExpiredToken", "ExpiredTokenException"}
_NUMBER: Final = re.compile(r"#(\d+)")


@dataclass(frozen=True)
class Loan:
    """One role lent to one caller: how AWS was before, the card, and the live session."""

    caller: Caller
    role: Role
    before: Rest
    card: Message
    session: Keys

    @property
    def number(self) -> int:
        """The request's number, as the card says it."""
        return number_of(self.card)


def number_of(card: Message) -> int:
    """The request's number, as its card says it."""
    found = _NUMBER.search(card.text)
    assert found is not None
    return int(found[1])


def slack_id(name: str) -> str:
    """The Slack id of a person of the story."""
    return f"U0{name.upper()}"


def headline(card: Message) -> str:
    """The card's state in its own words: the first line below its title."""
    return plain(str(card.blocks[1]["text"]["text"]).partition("\n")[0])


class Scene:
    """The acts. What answers otherwise than it must raises Unexpected, what never comes NeverSeen."""

    def __init__(self, stage: Stage, telling: Telling) -> None:
        self.stage, self.telling = stage, telling
        self.door = Door(stage)
        self.slack: SandboxSlack = stage.slack
        self.channel = stage.catalog.approvals_channel

    def role(self, key: str) -> Role:
        """The role of the catalog that is called so."""
        found = self.stage.catalog.role(key)
        assert found is not None
        return found

    # --- in Slack

    def types(self, who: str, text: str) -> str:
        """Types `/xacct …`; what the bot answers to this one person."""
        seen = len(self.slack.ephemerals(slack_id(who)))
        self.slack.command(slack_id(who), text)
        return self._whisper(who, seen)

    def clicks(self, who: str, on: Message, action: str) -> str:
        """Clicks a button; what the bot answers to this one person."""
        seen = len(self.slack.ephemerals(slack_id(who)))
        self.slack.click(slack_id(who), on, action)
        return self._whisper(who, seen)

    def _whisper(self, who: str, seen: int) -> str:
        said = self.stage.until(
            lambda: self.slack.ephemerals(slack_id(who))[seen:], what=f"an answer to {who}"
        )
        return plain(said[0].text)

    def asks(self, who: str, text: str) -> Message:
        """Types a request and waits for its card, with the buttons of a decision."""
        before = {card.ts for card in self.slack.messages(self.channel)}
        answer = self.types(who, text)
        filed = re.match(r"Request #\d+ is filed", answer)
        shown = f"Slack: {filed[0]}" if filed else f"Slack: {answer}"
        self.telling.judged(f"{who} types /xacct {text}", shown, expected=bool(filed))
        card = self.stage.until(lambda: self._decidable(before), what="a card with Approve on it")
        self.telling.judged(
            "its card is in #approvals", f"Slack: {headline(card)}", expected=True
        )
        return card

    def _decidable(self, before: set[str]) -> Message | None:
        cards = [card for card in self.slack.messages(self.channel) if card.ts not in before]
        return next((card for card in cards if card.element("approve")), None)

    def now(self, card: Message) -> Message:
        """The card as it stands now."""
        return next(one for one in self.slack.messages(self.channel) if one.ts == card.ts)

    def approves(self, who: str, card: Message, *, whom: str) -> Message:
        """Clicks Approve and waits for what the requester is told: the way in."""
        seen = len(self.slack.messages(self.slack.dm(slack_id(whom))))
        said = self.clicks(who, card, "approve")
        self.telling.judged(
            f"{who} clicks Approve", f"Slack: {said}", expected=said.startswith("You approved")
        )
        told = self.stage.until(
            lambda: self.slack.messages(self.slack.dm(slack_id(whom)))[seen:],
            what=f"a direct message to {whom}",
        )[0]
        active = plain(told.text).partition(". ")[0]
        so = "active until" in active and headline(self.now(card)).startswith("Active")
        self.telling.judged(f"{whom} gets a direct message", f"Slack: {active}", expected=so)
        return told

    def ended(self, card: Message) -> None:
        """Waits until the card says so."""
        over = self.stage.until(
            lambda: (said := headline(self.now(card))).startswith("Ended") and said,
            what="the card says Ended",
        )
        self.telling.judged("the card", f"Slack: {over}", expected=True)

    def front_view(self, who: str) -> View | None:
        """The modal that this person has in front."""
        views = self.slack.views(slack_id(who))
        return views[-1] if views else None

    # --- at AWS, with the people's own keys

    def refused(self, caller: Caller, role: Role) -> None:
        """AssumeRole, which AWS must refuse."""
        self._judge(caller, role, self.door.knock(caller, role), REFUSED)

    def stays_refused(self, caller: Caller, role: Role, *, seconds: float = 1.0) -> None:
        """AssumeRole again and again: an opening would show itself within that time."""
        until = monotonic() + seconds
        tries, answer = 1, self.door.knock(caller, role)
        while not answer.ok and monotonic() < until:
            tries, answer = tries + 1, self.door.knock(caller, role)
        self._judge(caller, role, answer, REFUSED, more=f" ({tries} times in {seconds:g} s)")

    def let_in(self, caller: Caller, role: Role) -> Keys:
        """AssumeRole, which AWS must allow; the session."""
        answer = self.door.knock(caller, role)
        self._judge(caller, role, answer, {"ok"})
        assert answer.session is not None
        return answer.session

    def _judge(
        self, caller: Caller, role: Role, answer: Answer, due: set[str] | frozenset[str], more: str = ""
    ) -> None:
        self.telling.judged(
            f"{caller.name}'s own keys: AssumeRole {role.key}",
            f"AWS: {answer.said}{more}",
            expected=answer.said in due,
        )

    def works(self, whose: str, session: Keys, role: Role) -> None:
        """The session lists the bucket of the role's account."""
        answer = self.door.look_inside(session, role)
        done = f"{whose}: list the bucket in {role.account.name}"
        self.telling.judged(done, f"AWS: {answer.said}", expected=answer.ok)

    def dead(self, whose: str, session: Keys, role: Role) -> None:
        """The session is still held, and AWS refuses what it asks for."""
        answer = self.door.look_inside(session, role)
        done = f"{whose}: list the bucket in {role.account.name}"
        self.telling.judged(done, f"AWS: {answer.said}", expected=answer.said in DEAD)

    def as_before(self, caller: Caller, role: Role, before: Rest) -> None:
        """Groups and trust policy, read back from AWS, are what they were."""
        after = self.door.at_rest(caller, role)
        same = after == before
        answer = "as before the request" if same else f"{after} and not {before}"
        self.telling.judged("groups and trust policy, read back", f"AWS: {answer}", expected=same)

    # --- both

    def lend(self, caller: Caller, role: Role, *, by: str, text: str) -> Loan:
        """Asked by `by`, approved by bob, entered by the caller with his own keys."""
        before = self.door.at_rest(caller, role)
        card = self.asks(by, text)
        self.approves("bob", card, whom=by)
        session = self.let_in(caller, role)
        self.works(f"{caller.name}'s session", session, role)
        return Loan(caller, role, before, card, session)

    def move_to_end(self, role: Role) -> None:
        """Moves the one clock of AWS, Slack and the bot to the end that stands in the trust policy."""
        end = self.door.end(role)
        assert end is not None
        self.stage.clock.move_to(end)
        shown = end.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        self.telling.told("the clock moves to the end of the grant", shown)

    def ends_by_itself(self, loan: Loan) -> None:
        """At its end, to the second, AWS refuses; then everything is as it was."""
        self.move_to_end(loan.role)
        self.dead(f"{loan.caller.name}'s live session", loan.session, loan.role)
        self.refused(loan.caller, loan.role)
        self.ended(loan.card)
        self.as_before(loan.caller, loan.role, loan.before)
