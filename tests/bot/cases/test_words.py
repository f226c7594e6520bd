"""Tricky cases of words: as they are typed, mistyped, forged."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.command import Request, parse
from db.models import Request as Row
from sandbox.slack.process import SandboxSlack
from tests.bot.office import Office
from tests.lab import slack_id
from workflows.catalog.model import Catalog, Mechanism

KEY_ID = "AKIA" + "IOSFODNN7EXAMPLE"


def files(office: Office, text: str) -> Row:
    """The request that these words file; it is taken back, so that the next can be asked."""
    number = len(office.rows()) + 1
    assert office.says("carol", text).acked, text
    office.until(lambda: len(office.rows()) == number, f"a request of {text!r}")
    office.says("carol", f"cancel #{number}")
    office.until(lambda: office.row(number).state != "pending", "the request taken back")
    return office.row(number)


def answers(office: Office, text: str, words: str) -> str:
    """What is answered to these words, which file nothing."""
    before, told = len(office.rows()), len(office.told("carol"))
    assert office.says("carol", text).acked, text
    said = office.until(lambda: office.told("carol")[told:], f"an answer to {text!r}")
    assert words in said[-1], text
    assert len(office.rows()) == before
    return said[-1]


def test_case_13_what_keyboards_make_of_quotes_dashes_and_spaces_means_what_it_meant(
    office: Office,
) -> None:
    for text in (
        "request payments admin 1h “the disk is full”",
        "request\u00a0payments\u00a0admin\u20031h the disk is full",
        "request pay\u200bments adm\ufeffin 1h the disk is full",
        "request \uff50ayments admin \uff11h the disk is full",
        "request prod—payments admin 1h the disk is full",
    ):
        row = files(office, text)
        assert (row.role, row.seconds, row.reason) == (
            "prod-payments/admin",
            3600,
            "the disk is full",
        ), text


def test_case_14_case_and_spaces_do_not_matter(office: Office) -> None:
    for text in ("REQUEST PAYMENTS ADMIN 1H why", "/xacct Request  prod-Payments\tAdmin 1h why"):
        assert files(office, text).role == "prod-payments/admin", text


def another(catalog: Catalog, number: str, name: str) -> Catalog:
    """The catalog with another account that has a role of the same name."""
    account, role = catalog.accounts[0], catalog.roles[0]
    manager = account.manager_arn.replace(account.id, number)
    other = replace(account, id=number, name=name, aliases=(), manager_arn=manager)
    more = replace(role, account=other, mechanism=Mechanism.TRUST_POLICY, group=None)
    return replace(catalog, accounts=(account, other), roles=(role, more))


def test_case_15_a_name_that_means_several_accounts_means_none(
    offices: Callable[..., Office],
) -> None:
    office = offices(changed=lambda catalog: another(catalog, "210987654321", "prod-orders"))

    sentence = answers(office, "request prod admin 1h why", "prod-orders")

    assert "prod-payments" in sentence


def test_case_16_what_is_not_there_is_answered_with_what_is(office: Office) -> None:
    answers(office, "request paymnets admin 1h why", "Did you mean prod-payments?")
    answers(office, "request payments admn 1h why", "Did you mean admin?")
    answers(office, "reqeust payments admin 1h why", "`/xacct request payments/admin 1h")


def test_case_16_a_role_of_others_is_never_proposed(offices: Callable[..., Office]) -> None:
    office = offices(requesters=(slack_id("alice"),))

    sentence = answers(office, "request payments admim 1h why", "payments")

    assert "admin" not in sentence.replace("administrator", "")


def test_case_17_an_account_is_found_by_its_number_however_it_comes(office: Office) -> None:
    number = office.catalog.accounts[0].id
    dashed = f"{number[:4]}-{number[4:8]}-{number[8:]}"
    for typed in (number, dashed):
        assert files(office, f"request {typed} admin 1h why").account_id == number, typed
    for linked in (f"<tel:{number}|{dashed}>", f"<tel:{number}>"):  # as Slack's client may send it
        said = parse(f"request {linked} admin 1h why")
        assert isinstance(said, Request)
        assert office.catalog.find_account(said.account or "", office.catalog.accounts).id == number


def test_case_17_a_number_that_begins_with_noughts_keeps_them(
    offices: Callable[..., Office],
) -> None:
    office = offices(changed=lambda catalog: another(catalog, "000012345678", "zero"))

    office.says("carol", "request 0000-1234-5678 admin 1h why")

    office.until(office.rows, "the request")
    assert office.row().account_id == "000012345678"


def test_case_18_a_length_of_time_is_understood_capped_or_asked_about(office: Office) -> None:
    lengths = {"90m": 90, "1h30m": 90, "2 hours": 120, "1.5h": 90, "PT1H": 60, "": 60}
    for typed, minutes in lengths.items():
        assert files(office, f"request payments admin {typed} why").seconds == minutes * 60, typed
    for typed, words in {
        "0": "no time to lend",
        "-1h": "no time to lend",
        "9999h": "longer than 7d",
        "13h": "is lent for 5m to 12h",
        "8": "8 hours or 8 minutes?",
    }.items():
        answers(office, f"request payments admin {typed} why", words)


def texts(shown: Any, kind: str) -> list[str]:
    """All texts of one kind in blocks."""
    if isinstance(shown, list):
        return [text for one in shown for text in texts(one, kind)]
    if not isinstance(shown, dict):
        return []
    own = [shown["text"]] if shown.get("type") == kind else []
    return own + [text for one in shown.values() for text in texts(one, kind)]


def test_case_19_a_reason_is_shown_as_words_and_never_as_markup(office: Office) -> None:
    office.says(
        "carol", "request payments admin 1h <!channel> `x` a\u202eb\nc <https://evil.io|ok>"
    )

    card = office.seen("Waiting for approval")
    marked_up = " ".join([card.text, *texts(card.blocks, "mrkdwn")])
    assert "<!channel>" not in marked_up
    assert "<https://evil" not in marked_up
    assert "\u202e" not in str(card.blocks) + card.text
    assert any("<!channel>" in one for one in texts(card.blocks, "plain_text"))
    assert [one for one in office.slack.notifications(slack_id("root")) if one.ts == card.ts] == []


def test_case_19_no_reason_a_secret_and_too_many_words_are_refused(office: Office) -> None:
    answers(office, "request payments admin 1h " + "x" * 501, "501 characters")
    said = answers(office, f"request payments admin 1h key {KEY_ID}", "AWS key or token")
    assert KEY_ID not in said
    assert office.says("carol", "request payments admin 1h \u200b \u2060").acked
    office.window("carol", "will be asked")  # nothing was said: the form asks for it
    assert (office.rows(), office.cards()) == ([], [])


def test_case_20_a_card_names_people_and_accounts_by_what_cannot_be_made_up(
    office: Office, slack: SandboxSlack
) -> None:
    slack.change_user(slack_id("carol"), real_name="b\u043eb \u202e(approved)")
    try:
        card = office.asks()
    finally:
        slack.change_user(slack_id("carol"), real_name="Carol")

    shown = str(card.blocks) + card.text
    assert f"<@{slack_id('carol')}>" in shown
    assert office.catalog.accounts[0].id in shown
    assert "(approved)" not in shown


def test_case_20_a_name_that_only_looks_like_an_account_is_none(office: Office) -> None:
    answers(office, "request \u0440ayments admin 1h why", "\u0440ayments")


@pytest.mark.parametrize(
    ("facts", "words"),
    [({}, "Ask an administrator"), ({"is_email_confirmed": False}, "is not confirmed")],
    ids=["in no catalog", "address not confirmed"],
)
def test_case_21_who_has_no_identity_is_told_how_to_get_one_and_nothing_is_posted(
    office: Office, slack: SandboxSlack, facts: dict[str, bool], words: str
) -> None:
    user = f"U0NOBODY{len(facts)}"
    slack.add_user(user, name=user.lower(), **facts)

    slack.command(user, "request payments admin 1h why")

    (answer,) = office.until(lambda: slack.ephemerals(user), "the answer")
    assert words in answer.text
    assert (office.rows(), office.cards()) == ([], [])
