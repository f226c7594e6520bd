"""Every view that people see, with words that were chosen to do harm, against Block Kit's limits:
the sandbox's table of them, and slackblocks as a second opinion.
"""

from typing import Any

import pytest
import slackblocks
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import home as homes
from bot.cards import card
from bot.forms import about, asking, parts
from bot.headlines import Facts
from bot.notices import notice, over, warning
from db.models import Request
from sandbox.slack.blockkit import view_complaints
from sandbox.slack.home import home_complaints
from tests.bot import second_opinion
from tests.bot.test_cards import FACTS, HARM, NOW, mrkdwn, requests
from tests.lab import some_catalog
from workflows.catalog.model import Mechanism

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


def test_the_second_opinion_can_say_no() -> None:
    with pytest.raises(slackblocks.LengthError):
        second_opinion.of_message(
            [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]
        )
