"""The story: fourteen steps, each told as it is played."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from time import monotonic
from typing import Final

from db import audit
from demo.accounts import let_assume_anything
from demo.alone import beforehand, broken_glass
from demo.door import Caller, Rest
from demo.scene import Loan, Scene, number_of, slack_id
from demo.stage import Stage
from demo.telling import Telling
from sandbox.aws.process import Keys
from sandbox.slack.values import Message, View
from workflows.catalog.model import Role

ROLE: Final = "prod-payments/admin"
_LINK: Final = re.compile(r"<(https://[^|>]+)\|")
_EXPORT: Final = re.compile(r"export (AWS_[A-Z_]+)=(\S+)")


def play(stage: Stage, telling: Telling) -> None:
    """Plays the fourteen steps. Raises at the first thing that is not as it must be."""
    scene = Scene(stage, telling)
    first = FirstLoan(scene)
    steps: tuple[tuple[str, Callable[[], None]], ...] = (
        ("Nobody has asked: the role is closed", first.nobody_has_asked),
        ("Alice asks in Slack", first.alice_asks),
        ("Alice is an approver, but not of what she asks for", first.alice_approves_herself),
        ("Mallory is no approver", first.mallory_approves),
        ("Bob approves", first.bob_approves),
        ("Alice's own keys open the role", first.alice_goes_in),
        ("It ends by itself", first.it_ends),
        ("The same with a deny group, and with a machine", lambda: other_ways_in(scene)),
        ("The bot is killed right after AWS was opened", lambda: killed(scene)),
        ("A revoke in the middle", lambda: revoked(scene)),
        ("Credentials for who has no keys", lambda: credentials(scene)),
        ("A rule approves beforehand", lambda: beforehand(scene)),
        ("Dave breaks glass, and Bob signs it", lambda: broken_glass(scene)),
        ("All of it is in the audit log", lambda: audited(scene)),
    )
    for title, step in steps:
        telling.step(title)
        step()


class FirstLoan:
    """Steps 1 to 7: one request from asked to ended."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._role: Role = scene.role(ROLE)
        self._alice: Caller = scene.door.user("alice")
        self._before: Rest = scene.door.at_rest(self._alice, self._role)
        self._card: Message | None = None
        self._session: Keys | None = None

    @property
    def card(self) -> Message:
        """The request's card; there from step 2 on."""
        assert self._card is not None
        return self._card

    def nobody_has_asked(self) -> None:
        """Step 1."""
        self._scene.refused(self._alice, self._role)

    def alice_asks(self) -> None:
        """Step 2."""
        self._card = self._scene.asks("alice", "request prod-payments admin 1h fix INC-482")
        self._scene.refused(self._alice, self._role)

    def alice_approves_herself(self) -> None:
        """Step 3."""
        self._click_in_vain("alice", "You cannot decide on your own request")

    def mallory_approves(self) -> None:
        """Step 4."""
        self._click_in_vain("mallory", "Only the approvers of this role can decide")

    def _click_in_vain(self, who: str, sentence: str) -> None:
        self._scene.approves_in_vain(who, self.card, (self._alice, self._role), says=sentence)

    def bob_approves(self) -> None:
        """Step 5."""
        told = self._scene.approves("bob", self.card, whom="alice")
        link = unescape(next(_links(told), "no link"))
        account = self._role.account.id
        so = f"/switchrole?account={account}&" in link and "roleName=xacct/admin&" in link
        shown = f"switch-role link to {account}" if so else link
        self._scene.judge("the way in that it holds", "Slack", shown, expected=so)

    def alice_goes_in(self) -> None:
        """Step 6."""
        self._session = self._scene.let_in(self._alice, self._role)
        self._scene.works("alice's session", self._session, self._role)

    def it_ends(self) -> None:
        """Step 7."""
        assert self._session is not None
        self._scene.ends_by_itself(
            Loan(self._alice, self._role, self._before, self.card, self._session)
        )


def _links(message: Message) -> Iterator[str]:
    for block in message.blocks:
        yield from _LINK.findall(str(block.get("text", {}).get("text", "")))


def other_ways_in(scene: Scene) -> None:
    """Step 8."""
    stage = scene.stage
    let_assume_anything(stage.aws, stage.catalog, "dave")
    dave, role = scene.door.user("dave"), scene.role("prod-search/admin")
    scene.telling.told("dave may assume any role; a group denies him this")
    scene.refused(dave, role)
    loan = scene.lend(dave, role, by="dave", text="request prod-search admin 30m rebuild an index")
    scene.ends_by_itself(loan)

    ci, role = scene.door.machine("ci"), scene.role("prod-payments/deploy")
    scene.refused(ci, role)
    text = "request prod-payments deploy 30m --as ci release 7.4"
    scene.ends_by_itself(scene.lend(ci, role, by="carol", text=text))


def killed(scene: Scene) -> None:
    """Step 9."""
    stage, telling = scene.stage, scene.telling
    carol, role = scene.door.user("carol"), scene.role(ROLE)
    before = scene.door.at_rest(carol, role)
    card = scene.asks("carol", "request prod-payments admin 1h check INC-482")
    scene.slack.click(slack_id("bob"), card, "approve")
    telling.told("bob clicks Approve")
    session = stage.until(lambda: scene.door.knock(carol, role).session, what="carol is let in")
    pid = stage.bot_pid
    stage.kill_bot()
    telling.told("kill -9 of the bot, the moment AWS lets carol in", "", f"process {pid} is gone")
    scene.works("carol's session", session, role)
    scene.move_to_end(role)
    scene.dead("carol's live session", session, role)
    scene.refused(carol, role)
    left = scene.door.at_rest(carol, role)
    telling.told("what is left to tidy up", "AWS", f"in {', '.join(left.groups) or 'no group'}")
    stage.start_bot()
    telling.told("the bot is started again")
    scene.ended(card)
    scene.as_before(carol, role, before)


def revoked(scene: Scene) -> None:
    """Step 10."""
    alice, carol, role = scene.door.user("alice"), scene.door.user("carol"), scene.role(ROLE)
    hers = scene.lend(alice, role, by="alice", text="request prod-payments admin 1h fix INC-490")
    other = scene.lend(carol, role, by="carol", text="request prod-payments admin 1h INC-491")

    said = scene.types("bob", "revoke @alice wrong account")
    answered = monotonic()
    so = f"#{number_of(hers.card)} " in said and f"#{number_of(other.card)} " not in said
    scene.judge("bob: /xacct revoke @alice wrong account", "Slack", said, expected=so)
    scene.stage.until(
        lambda: not scene.door.look_inside(hers.session, role).ok, what="alice's session is cut"
    )
    passed = f"cut {monotonic() - answered:.1f} s after the answer"
    scene.telling.told("the clock stands still", "", passed)
    scene.dead("alice's live session", hers.session, role)
    scene.refused(alice, role)
    scene.works("carol's session", other.session, role)
    scene.ended(hers.card)

    scene.stage.clock.move(timedelta(minutes=5))
    scene.telling.told("five minutes later")
    again = scene.lend(alice, role, by="alice", text="request prod-payments admin 1h now right")
    scene.dead("alice's old session", hers.session, role)
    scene.works("alice's new session", again.session, role)
    scene.works("carol's session", other.session, role)


def credentials(scene: Scene) -> None:
    """Step 11."""
    alice, role = scene.door.user("alice"), scene.role("dev-payments/readonly")
    before = scene.door.at_rest(alice, role)
    card = scene.asks("alice", "request dev-payments readonly 30m look at an invoice")
    told = scene.approves("bob", card, whom="alice")
    scene.stage.clock.move(timedelta(minutes=20))  # AWS gives none for less than 15 minutes, so
    scene.telling.told("the clock moves on by 20 minutes")  # these would outlive their grant
    scene.slack.click(slack_id("alice"), told, "credentials")
    view = scene.stage.until(lambda: _with_keys(scene), what="a modal with credentials")
    keys = _read_off(view)
    scene.telling.told("alice clicks Get Credentials", "Slack", f"modal: {keys.access_key_id}")
    scene.works("with the keys in the modal", keys, role)
    found = list(_places_with(scene.stage, keys))
    shown = f"found in {', '.join(found)}" if found else "in none"
    done = "every message, log line and row searched for them"
    scene.judge(done, "", shown, expected=not found)
    scene.slack.close_view(slack_id("alice"), view)
    scene.move_to_end(role)
    scene.dead("with the keys in the modal", keys, role)
    scene.ended(card)
    scene.as_before(alice, role, before)


def _with_keys(scene: Scene) -> View | None:
    view = scene.front_view("alice")
    return view if view is not None and _EXPORT.search(str(view.blocks)) else None


def _read_off(view: View) -> Keys:
    """The credentials, as a person copies them from the modal."""
    lines = [
        part["text"]
        for block in view.blocks
        for element in block.get("elements", [])
        for part in element.get("elements", [])
    ]
    found = dict(_EXPORT.findall("\n".join(lines)))
    return Keys(
        found["AWS_ACCESS_KEY_ID"], found["AWS_SECRET_ACCESS_KEY"], found["AWS_SESSION_TOKEN"]
    )


def _places_with(stage: Stage, keys: Keys) -> Iterator[str]:
    """Where one of the two secrets stands, of all that outlives the modal."""
    slack = stage.slack
    people = [one.slack for one in stage.catalog.engineers]
    places = [stage.catalog.approvals_channel, stage.catalog.alerts_channel]
    places += [slack.dm(one) for one in people]
    said = {place: str(slack.messages(place)) for place in places}
    said |= {f"whispers to {one}": str(slack.ephemerals(one)) for one in people}
    written = {path.name: path.read_bytes() for path in stage.folder.iterdir()}
    for place, content in {**{k: v.encode() for k, v in said.items()}, **written}.items():
        if any(str(secret).encode() in content for secret in _secrets(keys)):
            yield place


def _secrets(keys: Keys) -> tuple[str, str]:
    assert keys.session_token is not None
    return keys.secret_access_key, keys.session_token


def audited(scene: Scene) -> None:
    """Step 14."""
    latest = scene.types("erin", "audit")
    so = "signed review" in latest
    scene.judge("erin: /xacct audit", "Slack", f"{latest.count('•')} entries", expected=so)
    cards = [one for one in scene.slack.messages(scene.channel) if one.thread_ts is None]
    for number in sorted({number_of(card) for card in cards}):
        steps = ("requested", "looked", "approved", "noted")
        asked = " ".join(f"action:{step}" for step in steps)
        said = scene.types("erin", f"audit #{number} {asked}")
        refused = scene.types("erin", f"audit #{number} action:refused").count("· refused ·")
        whole = all(f"· {step} ·" in said for step in steps)
        so = whole and refused == (2 if number == 1 else 0)
        shown = f"{said.count('•')} entries, {refused} refused"
        scene.judge(f"erin: /xacct audit #{number}", "Slack", shown, expected=so)
    used = scene.types("erin", "activity #1")
    begun = re.search(r"sessions begun: \d+", used)
    shown = begun[0] if begun else used
    scene.judge("erin: /xacct activity #1", "CloudTrail", shown, expected=bool(begun))
    with scene.stage.database() as database, database.read() as session:
        verdict = audit.verify(session, database.key)
    shown = verdict.what or f"{verdict.rows} rows hold"
    scene.judge("the chain of the audit log, verified", "", shown, expected=verdict.wrong is None)
