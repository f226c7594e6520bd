"""How a page of the audit log looks, whoever acted."""

from datetime import UTC, datetime

import pytest

from bot import exporting, log_page
from db.audit import Actor, Entry
from db.audit.entry import canonical
from db.audit.scan import Found
from db.audit.search import Page

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


def shown(actor: str) -> str:
    text = canonical(Entry(NOW, "refused", Actor(actor)).content(1))
    found = Found(1, NOW, "refused", actor, None, None, text, "k", "h")
    return str(log_page.drawn(Page((found,)), "").text)


@pytest.mark.parametrize(
    ("actor", "words"),
    [
        ("U012ABC", "<@U012ABC>"),
        ("rule:night shift", "the rule `night shift`"),
        ("xacct", " xacct "),
        ("ubuntu", "`ubuntu`"),  # who sits at the terminal has no id of Slack
        ("channel", "`channel`"),
        ("arn:aws:iam::111122223333:user/x", "`arn:aws:iam::111122223333:user/x`"),
    ],
)
def test_who_acted_is_mentioned_only_by_an_id_of_slack(actor: str, words: str) -> None:
    assert f" {words.strip()} " in shown(actor)
    assert ("<@" in shown(actor)) is words.startswith("<@")


def test_a_row_that_says_nothing_is_said_to_be_none_of_xaccts() -> None:
    for text in ("nonsense", "[]", "{}", "[" * 100_000):
        found = Found(1, NOW, "refused", "U1", None, None, text, "k", "h")
        assert "xacct audit verify" in str(log_page.drawn(Page((found,)), "").text)
        assert [*exporting.as_csv([found])][1].startswith("1,,")
