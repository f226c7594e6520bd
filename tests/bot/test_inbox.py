"""What becomes of what was said: done once, or refused with a word and a record."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from db.lifecycle import State
from db.store import inbox
from sandbox.aws.process import SandboxAws
from sandbox.slack.process import SandboxSlack
from tests.bot.office import Office
from tests.lab import slack_id
from workflows.catalog.identity_rule import IdentityRule


def test_a_request_is_filed_with_the_roles_usual_length_and_the_askers_own_identity(
    office: Office,
) -> None:
    office.asks("carol", "request prod-payments/admin INC-482 refunds")

    row = office.row()
    assert (row.requester, row.grantee_name) == (slack_id("carol"), "carol")
    assert row.seconds == 3600
    assert row.reason == "INC-482 refunds"


def test_a_machine_is_asked_for_by_its_owner_only(office: Office) -> None:
    office.says("carol", "request payments admin --as ci 1h release 2")
    office.hears("carol", "You own no machine called ci")

    office.says("alice", "request payments admin --as ci 1h release 2")
    office.hears("alice", "is filed")

    assert [(one.grantee_kind, one.grantee_name) for one in office.rows()] == [("machine", "ci")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("request nowhere admin 1h why", "nowhere"),
        ("request payments nothing 1h why", "nothing"),
        ("request payments admin 13h why", "is lent for"),
        ("revoke #77", "Nothing is open there"),
    ],
)
def test_a_refusal_is_whispered_and_recorded(office: Office, text: str, words: str) -> None:
    assert office.says("carol", text).acked

    sentence = office.hears("carol", words)

    refused = office.recorded("refused")
    assert [one.actor for one in refused] == [slack_id("carol")]
    assert sentence in refused[0].text or words in refused[0].text
    assert office.rows() == []


def test_a_deny_is_final_and_told(office: Office) -> None:
    office.asks()

    office.says("bob", "deny #1")

    office.seen("Denied")
    office.is_told("carol", "denied by")
    assert office.row().state is State.DENIED
    assert office.cards()[-1].element("approve") is None


def test_when_slack_does_not_say_who_somebody_is_the_answer_is_no(
    office: Office, slack: SandboxSlack
) -> None:
    slack.force("users.info", error="internal_error")

    office.says("dora", "list")

    office.hears("dora", "did not say who")
    assert len(office.recorded("refused")) == 1


def test_what_waited_too_long_is_dropped_with_a_record(office: Office) -> None:
    office.asks()
    said = {"request": 1, "terms": office.row().terms}

    office.put("approve", said, age=121)

    refused = office.until(lambda: office.recorded("refused"), "the refusal")[0]
    assert "could not take this up in time" in refused.text
    assert office.row().state is State.PENDING


def test_a_row_that_nobody_can_pay_is_given_up_with_a_reference(office: Office) -> None:
    key = office.put("approve", {"request": "not a number", "terms": ""})

    def given_up() -> bool:
        with office.world.database.read() as session:
            return key not in [one for one, _ in inbox.due(session, office.clock.now())]

    for _ in range(3):
        office.until(given_up, "the attempt")
        office.clock.move(timedelta(seconds=31))
        office.parts.sweep.wake()

    refused = office.until(lambda: office.recorded("refused"), "the word")[0]
    assert "Something broke on xacct's side" in refused.text
    assert office.inbox()[-1].attempts == 3


def test_the_list_shows_what_is_mine_and_what_waits_for_me(office: Office) -> None:
    office.asks()

    office.says("carol", "list")
    office.says("bob", "list")

    assert "*Yours*" in office.hears("carol", "#1 `prod-payments/admin` for `carol`: pending")
    assert "*You can decide on*" in office.hears("bob", "#1 `prod-payments/admin`")


def test_the_audit_log_shows_a_person_only_what_concerns_him(office: Office) -> None:
    office.asks()

    office.says("carol", "audit #1")
    office.says("root", "audit prod-payments")
    office.slack.add_user("U0EVE", name="eve")
    office.says("alice", "audit #1")

    assert "requested" in office.hears("carol", "requested")
    assert "requested" in office.hears("root", "requested")
    assert "requested" in office.hears("alice", "requested")  # approves for the role


def test_the_audit_log_has_nothing_for_who_has_no_part_in_it(
    office: Office, slack: SandboxSlack
) -> None:
    slack.add_user("U0EVE", name="eve")
    office.asks()

    slack.command("U0EVE", "audit #1")

    answers = office.until(lambda: slack.ephemerals("U0EVE"), "an answer")
    assert "nothing of that kind" in answers[-1].text


def test_whoever_asked_ends_his_own_access_by_the_roles_name(office: Office) -> None:
    card = office.asks()
    office.clicks("bob", "approve", card)
    office.seen("Active until")

    office.says("carol", "revoke payments/admin done with it")

    office.hears("carol", "ending now")
    office.seen("Ended")
    assert "done with it" in office.recorded("said why")[0].text


def test_an_approver_ends_all_access_of_a_person(office: Office) -> None:
    card = office.asks()
    office.clicks("bob", "approve", card)
    office.seen("Active until")

    office.says("bob", "revoke @carol")

    office.hears("bob", "#1 `prod-payments/admin` for `carol`: ending now")
    office.is_told("carol", "Revoked by")


# --- people found by a tag in AWS


@pytest.fixture
def tagged(offices: Callable[..., Office]) -> Office:
    rule = IdentityRule(domain="corp.example", tag="email", compares_local_part=False)
    office = offices(identity_rules=(rule,))
    tag = {"Key": "email", "Value": "carol@corp.example"}
    office.lab.home.tag_user(UserName="carol", Tags=[tag])
    return office


def test_a_person_is_found_by_the_tag_of_his_iam_user(tagged: Office) -> None:
    tagged.says("carol", "request payments admin 1h INC-482")

    tagged.hears("carol", "Request #1 is filed")
    assert tagged.row().grantee_name == "carol"


def test_a_person_without_a_tagged_user_is_told_how_to_be_added(tagged: Office) -> None:
    tagged.says("dora", "request payments admin 1h INC-482")

    tagged.hears("dora", "Ask an administrator of xacct to add you")


def test_nobody_waits_for_an_aws_that_does_not_answer(tagged: Office, aws: SandboxAws) -> None:
    aws.slow(3)
    try:
        replies = [tagged.says("carol", "request payments admin 1h why") for _ in range(3)]
        listed = tagged.says("carol", "list")
        tagged.hears("carol", "nothing open")
    finally:
        aws.slow(0)

    assert all(one.acked and one.latency < 1 for one in [*replies, listed])
