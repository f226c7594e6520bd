"""Every view that people see, with words that were chosen to do harm, against Block Kit's limits:
the sandbox's table of them, and slackblocks as a second opinion.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import slackblocks
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import alerts, blocks, reviews
from bot import home as homes
from bot.cards import card
from bot.command import said
from bot.command.read import LONGEST_REASON
from bot.forms import about, asking, confirming, glass, parts
from bot.headlines import Facts
from bot.notices import (
    asked_directly,
    asked_now,
    moved,
    notice,
    over,
    replaced,
    waits,
    warning,
)
from db.models import Alert, Request, Review
from db.store.reminders import Asked
from sandbox.slack.blockkit import message_complaints, view_complaints
from sandbox.slack.home import home_complaints
from tests.bot import second_opinion
from tests.bot.test_cards import FACTS, HARM, NOW, mrkdwn, requests
from tests.lab import some_catalog
from workflows import edits
from workflows.catalog.break_glass import BreakGlass
from workflows.catalog.model import Mechanism
from workflows.drift import strangers

CATALOG = some_catalog(mechanism=Mechanism.TRUST_POLICY, users=("alice", "bob"))
FEW = st.lists(requests(), max_size=10)


def harmless(node: Any) -> None:
    for text in mrkdwn(node):
        for harm in ("<!channel", "<!here", "<https://evil", "\u202e", "\x00"):
            assert harm not in text


@settings(max_examples=50, deadline=None)
@given(row=requests(), facts=FACTS)
def test_a_second_opinion_has_nothing_against_cards_and_messages(
    row: Request, facts: Facts
) -> None:
    second_opinion.of_message(card(row, facts).blocks)
    found = notice(row, facts)
    if found is not None:
        second_opinion.of_message(found.drawing.blocks)
    second_opinion.of_message(warning(row).drawing.blocks)
    second_opinion.of_message(over(row).blocks)


@settings(max_examples=50, deadline=None)
@given(
    kind=st.sampled_from([*alerts.RED, strangers.KIND, edits.WIDENED, "drift"]),
    sentence=HARM,
    members=st.lists(st.tuples(HARM, HARM), max_size=45),
    statements=st.lists(st.dictionaries(HARM, HARM, max_size=3), max_size=3),
    left_by=st.none() | st.just("U0ROOT"),
)
def test_every_alert_keeps_slacks_limits_and_lets_nothing_in(
    kind: str,
    sentence: str,
    members: list[tuple[str, str]],
    statements: list[dict[str, str]],
    left_by: str | None,
) -> None:
    listed = [
        {"group": group, "user": name, "id": f"AIDA{number:017}"}
        for number, (group, name) in enumerate(members)
    ]
    facts = {"members": listed, "statements": statements, "left_by": left_by}
    alert = Alert(
        id=7, key=strangers.KEY, kind=kind, sentence=sentence, facts=facts, since=NOW, changed=1
    )

    for drawn in (
        alerts.standing(alert, ["U0ROOT", "U0DORA"]),
        alerts.over(alert),
        alerts.replaced(alert),
    ):
        assert message_complaints(drawn.blocks) == []
        second_opinion.of_message(drawn.blocks)
        harmless(drawn.blocks)
        assert "<!" not in drawn.text


@settings(max_examples=50, deadline=None)
@given(waiting=FEW, own=FEW, last=FEW, inside=FEW)
def test_every_home_keeps_slacks_limits_and_lets_nothing_in(
    waiting: list[Request], own: list[Request], last: list[Request], inside: list[Request]
) -> None:
    view = homes.home(homes.Lists(waiting, own, last, inside), at=NOW)

    complaints = home_complaints(view)
    assert [one for one in complaints if "block_id" not in one] == []  # no two rows share a number
    second_opinion.of_view(view)
    harmless(view)


@settings(max_examples=50, deadline=None)
@given(row=requests(), reason=HARM, ticket=HARM, length=HARM)
def test_every_form_keeps_slacks_limits_and_lets_nothing_in(
    row: Request, reason: str, ticket: str, length: str
) -> None:
    role = CATALOG.roles[0]
    chosen = asking.Chosen(role.account, role, length, reason, ticket, "ci")
    views = [
        asking.form(CATALOG, "U0ALICE", chosen),
        asking.form(CATALOG, "U0CAROL", asking.Chosen(complaint="You can use no account")),
        about.denying(row),
        about.extending(row),
        parts.loading(asking.TITLE),
        parts.working(about.DENYING),
    ]

    for view in views:
        assert view_complaints(view) == []
        second_opinion.of_view(view)
        harmless(view)
    assert view_complaints(homes.refused("no")) != []  # a home is no modal: the check can fail


@settings(max_examples=50, deadline=None)
@given(row=requests(), because=HARM, note=HARM, signed=st.booleans(), escalates=st.booleans())
def test_every_other_message_keeps_slacks_limits_and_lets_nothing_in(
    row: Request, because: str, note: str, *, signed: bool, escalates: bool
) -> None:
    asked = Asked(["U0BOB", "U0DORA"], because, escalates)
    review = Review(reminded=1, note=note, signed_by="U0BOB", signed_at=NOW if signed else None)
    row.asked_of = []
    messages = [
        waits(row, asked),
        asked_now(row, asked),
        asked_directly(row, asked.of),
        moved(row),
        replaced(row),
        reviews.filed(row, asked.of),
        reviews.card(row, review, asked.of),
        reviews.replaced(row),
    ]

    for one in messages:
        assert message_complaints(one.blocks) == []
        second_opinion.of_message(one.blocks)
        harmless(one.blocks)
        assert 0 < len(one.text) <= blocks.FALLBACK
        harmless({"type": "mrkdwn", "text": one.text})


@settings(max_examples=50, deadline=None)
@given(row=requests(), words=HARM, number=st.integers(1, 10**6))
def test_every_window_of_an_emergency_keeps_slacks_limits_and_lets_nothing_in(
    row: Request, words: str, number: int
) -> None:
    glassy = replace(CATALOG.roles[0], break_glass=BreakGlass(("U0ALICE",), timedelta(minutes=30)))
    many = [replace(glassy, name=f"admin-{one}") for one in range(120)]
    windows = [
        glass.breaking(glass.choices(replace(CATALOG, roles=roles), "U0ALICE"), typed)
        for roles in ((glassy,), tuple(many))
        for typed in (said.BreakGlass(None, None), said.BreakGlass("a", "b", words))
    ]
    why = words[:LONGEST_REASON]  # the grammar refuses a longer one
    windows += [
        glass.signing(row, said.Sign(row.id, words)),
        confirming.form(said.RevokeAll(said.Everything(), why), "everything", number=number),
        confirming.form(said.RevokeAll(said.Account("prod"), why), "prod", number=number),
    ]

    for view in windows:
        assert view_complaints(view) == []
        second_opinion.of_view(view)
        harmless(view)


def test_the_second_opinion_can_say_no() -> None:
    with pytest.raises(slackblocks.LengthError):
        second_opinion.of_message(
            [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]
        )
