"""What the people of the story do, and what answers: each act is told, each answer is judged."""

import re
from dataclasses import dataclass
from time import monotonic
from typing import Final

from demo.door import Answer, Caller, Door, Rest
from demo.stage import Stage
from demo.telling import Telling, plain
from sandbox.aws.process import Keys
from sandbox.slack.values import Message, View
from workflows.catalog.model import Role

REFUSED: Final = "AccessDenied"
_NUMBER: Final = re.compile(r"#(\d+)")


@dataclass(frozen=True)
class Loan:
    """One role lent to one caller: how AWS was before, the card, and the live session."""

    caller: Caller
    role: Role
    before: Rest
    card: Message
    session: Keys


def number_of(card: Message) -> int:
    """The request's number, as its card says it."""
    found = _NUMBER.search(card.text)
    assert found is not None
    return int(found[1])


def slack_id(name: str) -> str:
    """The Slack id of a person of the story."""
    return f"U0{name.upper()}"


def headline(card: Message) -> str:
    """The card's state in its own words: the first line below its title. Empty for a message of
    the channel that is no card, as an alert is none.
    """
    said = [str(one["text"]["text"]) for one in card.blocks[1:] if "text" in one]
    return plain(said[0].partition("\n")[0]) if said else ""


def _said(view: View) -> str:
    """The first paragraph of a window, on one line."""
    return plain(str(view.blocks[0]["text"]["text"]))


class Scene:
    """The acts. Raises Unexpected for what is not as it must be, NeverSeen for what never comes."""

    def __init__(self, stage: Stage, telling: Telling) -> None:
        self.stage, self.telling, self.slack = stage, telling, stage.slack
        self.door = Door(stage)
        self.channel = stage.catalog.approvals_channel

    def role(self, key: str) -> Role:
        """The role of the catalog that is called so."""
        found = self.stage.catalog.role(key)
        assert found is not None
        return found

    def judge(self, done: str, who: str, answer: str, *, expected: bool) -> None:
        """Tells it, and ends the story when it is not as expected."""
        self.telling.judged(done, who, answer, expected=expected)
        self.telling.insist()

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
        before = self.cards()
        self._files(who, text)
        card = self.stage.until(lambda: self._decidable(before), what="a card with Approve on it")
        self.judge("the card in #approvals", "Slack", headline(card), expected=True)
        return card

    def files(self, who: str, text: str) -> Message:
        """Types a request that nobody has to decide on, and waits for its card to be active."""
        before = self.cards()
        self._files(who, text)
        return self.active(before)

    def _files(self, who: str, text: str) -> None:
        answer = self.types(who, text)
        filed = re.match(r"Request #\d+ is filed", answer)
        shown = filed[0] if filed else answer
        self.judge(f"{who}: /xacct {text}", "Slack", shown, expected=bool(filed))

    def cards(self) -> set[str]:
        """The messages of #approvals, by their `ts`."""
        return {card.ts for card in self.slack.messages(self.channel)}

    def active(self, before: set[str]) -> Message:
        """The card that was not there before, once it says that the role is active."""

        def found() -> Message | None:
            cards = [one for one in self.slack.messages(self.channel) if one.ts not in before]
            return next((one for one in cards if headline(one).startswith("Active")), None)

        card = self.stage.until(found, what="a card that says Active")
        self.judge("the card in #approvals", "Slack", headline(card), expected=True)
        return card

    def channel_says(self, channel: str, words: str) -> Message:
        """The message of a channel that holds these words, once it is there."""

        def found() -> Message | None:
            said = self.slack.messages(channel)
            return next((one for one in said if words in one.text), None)

        return self.stage.until(found, what=f"{words!r} in {channel}")

    def _decidable(self, before: set[str]) -> Message | None:
        cards = [card for card in self.slack.messages(self.channel) if card.ts not in before]
        return next((card for card in cards if card.element("approve")), None)

    def now(self, card: Message) -> Message:
        """The card as it stands now."""
        return next(one for one in self.slack.messages(self.channel) if one.ts == card.ts)

    def approves(self, who: str, card: Message, *, whom: str) -> Message:
        """Clicks Approve and waits for what the requester is told: the way in."""
        said = self.clicks(who, card, "approve")
        so = said.startswith("You approved")
        self.judge(f"{who} clicks Approve", "Slack", said.partition(":")[0], expected=so)
        told = self.stage.until(
            lambda: self._told(whom, number_of(card)), what=f"a direct message to {whom}"
        )
        _, active, until = plain(told.text).partition("active until ")
        shown = f"{active}{until.partition('. ')[0]}" if active else plain(told.text)
        self.judge(f"{whom} gets a direct message", "Slack", shown, expected=bool(active))
        return told

    def _told(self, whom: str, number: int) -> Message | None:
        """The first direct message about a request."""
        messages = self.slack.messages(self.slack.dm(slack_id(whom)))
        return next((one for one in messages if one.text.startswith(f"#{number} ")), None)

    def approves_in_vain(
        self, who: str, card: Message, loses: tuple[Caller, Role], *, says: str
    ) -> None:
        """Clicks Approve, which must open nothing for `loses` and be answered so."""
        said = self.clicks(who, card, "approve")
        caller, role = loses
        tries, answer = self._keeps_knocking(caller, role)
        so = said.startswith(says)
        self.telling.judged(f"{who} clicks Approve", "Slack", said, expected=so)
        shown = (
            f"{answer.said} at try {tries}" if answer.ok else f"{answer.said}, {tries} tries in 1 s"
        )
        so = answer.said == REFUSED
        self.telling.judged(f"{caller.name}: AssumeRole {role.key}", "AWS", shown, expected=so)
        self.telling.insist()

    def _keeps_knocking(self, caller: Caller, role: Role) -> tuple[int, Answer]:
        """Tries the door for a second, in which an opening would show itself."""
        until = monotonic() + 1.0
        tries, answer = 1, self.door.knock(caller, role)
        while not answer.ok and monotonic() < until:
            tries, answer = tries + 1, self.door.knock(caller, role)
        return tries, answer

    def ended(self, card: Message) -> None:
        """Waits until the card says so."""

        def over() -> str | None:
            said = headline(self.now(card))
            return said if said.startswith("Ended") else None

        said = self.stage.until(over, what="the card says Ended")
        self.judge("the card", "Slack", said, expected=said == "Ended")

    def front_view(self, who: str) -> View | None:
        """The modal that this person has in front."""
        views = self.slack.views(slack_id(who))
        return views[-1] if views else None

    def front(self, who: str, words: str) -> View:
        """The modal in front, once it holds these words."""

        def found() -> View | None:
            view = self.front_view(who)
            return view if view is not None and words in str(view.document) else None

        return self.stage.until(found, what=f"{who}'s window with {words!r}")

    def window_after(self, who: str, on: Message, action: str, words: str) -> str:
        """Clicks a button that opens a window; what that says, once it holds these words."""
        self.slack.click(slack_id(who), on, action)
        return _said(self.front(who, words))

    def submits(self, who: str, **values: str) -> str:
        """Sends the window in front; what stands in its place then."""
        view = self.front_view(who)
        assert view is not None
        self.slack.submit(slack_id(who), view, values)
        return _said(self.front(who, "#"))

    def submits_in_vain(self, who: str, **values: str) -> str:
        """Sends the window in front, which must stay; what is wrong, in its own words."""
        view = self.front_view(who)
        assert view is not None
        self.slack.submit(slack_id(who), view, values)
        wrong = self.stage.until(
            lambda: (self.front_view(who) or view).errors, what="what is wrong in the window"
        )
        return plain("; ".join(wrong.values()))

    # --- at AWS, with the people's own keys

    def refused(self, caller: Caller, role: Role) -> None:
        """AssumeRole, which AWS must refuse."""
        answer = self.door.knock(caller, role)
        done = f"{caller.name}: AssumeRole {role.key}"
        self.judge(done, "AWS", answer.said, expected=answer.said == REFUSED)

    def let_in(self, caller: Caller, role: Role) -> Keys:
        """AssumeRole, which AWS must allow; the session."""
        answer = self.door.knock(caller, role)
        lasts = f"a session of {caller.longest.total_seconds() / 3600:g} h"
        shown = lasts if answer.ok else answer.said
        self.judge(f"{caller.name}: AssumeRole {role.key}", "AWS", shown, expected=answer.ok)
        assert answer.session is not None
        return answer.session

    def works(self, whose: str, session: Keys, role: Role) -> None:
        """The session lists the bucket of the role's account."""
        answer = self.door.look_inside(session, role)
        shown = ", ".join(answer.names) if answer.ok else answer.said
        self.judge(f"{whose}: ListObjects", "AWS", shown, expected=bool(answer.names))

    def dead(self, whose: str, session: Keys, role: Role) -> None:
        """The session is not over by its own age, and AWS refuses what it asks for."""
        answer = self.door.look_inside(session, role)
        so = answer.said == REFUSED
        self.judge(f"{whose}: ListObjects", "AWS", answer.said, expected=so)

    def as_before(self, caller: Caller, role: Role, before: Rest) -> None:
        """Groups and trust policy, read back from AWS, are what they were."""
        after = self.door.at_rest(caller, role)
        same = after == before
        shown = "as before the request" if same else f"{after} and not {before}"
        self.judge("groups and trust policy, read back", "AWS", shown, expected=same)

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
        """Moves the clock of AWS, Slack and the bot to the end that the trust policy says."""
        end = self.door.end(role)
        assert end is not None
        self.stage.clock.move_to(end)
        self.telling.told("the clock moves to the end of the grant", "", f"{end:%H:%M:%S} UTC")

    def ends_by_itself(self, loan: Loan) -> None:
        """At its end, to the second, AWS refuses; then everything is as it was."""
        self.move_to_end(loan.role)
        self.dead(f"{loan.caller.name}'s live session", loan.session, loan.role)
        self.refused(loan.caller, loan.role)
        self.ended(loan.card)
        self.as_before(loan.caller, loan.role, loan.before)
