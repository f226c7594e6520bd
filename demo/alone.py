"""Two steps in which no approver decides: a rule does beforehand, or glass is broken and signed."""

import json
from typing import Final

from demo.door import Caller
from demo.scene import Loan, Scene, number_of, slack_id
from demo.telling import plain
from sandbox.slack.values import Message
from workflows.catalog.model import Role

RULE: Final = "dev-support"
_ASKED: Final = "Is it approved beforehand?"


def beforehand(scene: Scene) -> None:
    """A rule of the catalog approves, and says so wherever an approver would be named."""
    mallory, role = scene.door.user("mallory"), scene.role("dev-payments/support")
    told = json.loads(scene.stage.terminal("rules", "explain", "mallory", *role.key.split("/")))
    said = str(told[_ASKED]).rstrip(".").rpartition(": ")[2]
    done = "xacct rules explain mallory dev-payments support"
    scene.judge(done, "", said, expected=said.startswith(RULE))
    card = scene.files("mallory", "request dev-payments support 30m a customer waits")
    given = _given(card)
    scene.judge("who approved, as the card says", "Slack", given, expected=RULE in given)
    scene.works("mallory's session", scene.let_in(mallory, role), role)


def _given(card: Message) -> str:
    """Who approved, in the card's own words."""
    return plain(card.text).partition("Approved by ")[2].partition(";")[0]


def broken_glass(scene: Scene) -> None:
    """Dave opens a role by himself; it is loud, it ends, and somebody else signs it."""
    dave, role = scene.door.user("dave"), scene.role("prod-search/admin")
    before = scene.door.at_rest(dave, role)
    card = _breaks(scene, dave, role)
    loud = scene.channel_says("C0EMERGENCY", f"Break-glass #{number_of(card)}:")
    shown = plain(loud.text).partition(": ")[2].partition(" for ")[0]
    scene.judge("#emergency hears of it at once", "Slack", shown, expected="dave opens" in shown)
    session = scene.let_in(dave, role)
    scene.ends_by_itself(Loan(dave, role, before, card, session))
    review = scene.channel_says("C0EMERGENCY", "review needed")
    said = scene.window_after("dave", review, "sign", "your own")
    so = said.startswith("You cannot sign")
    scene.judge("dave clicks Sign Review", "Slack", said, expected=so)
    scene.window_after("bob", review, "sign", "What you looked at")
    said = scene.submits("bob", note="CloudTrail: one restart")
    so = said.startswith("You signed the review")
    scene.judge("bob clicks Sign Review, and says what he saw", "Slack", said, expected=so)
    signed = plain(scene.channel_says("C0EMERGENCY", "review signed").text)
    shown = signed.partition(", ")[2].partition(":")[0]
    scene.judge("the review in #emergency", "Slack", shown, expected=shown == "review signed")


def _breaks(scene: Scene, dave: Caller, role: Role) -> Message:
    """Types the command, and the role's name into its window; the card."""
    scene.slack.command(slack_id("dave"), "break-glass prod-search admin the index is gone")
    scene.front("dave", "Only in an emergency")
    wrong = scene.submits_in_vain("dave", reason="the index is gone", word="yes")
    so = "nothing is opened" in wrong
    scene.judge("dave: /xacct break-glass, and types yes", "Slack", wrong, expected=so)
    scene.refused(dave, role)
    before = scene.cards()
    said = scene.submits("dave", reason="the index is gone", word=role.key).partition(":")[0]
    so = said.startswith("Break-glass #")
    scene.judge("dave types the role's name", "Slack", said, expected=so)
    return scene.active(before)
