"""Tricky cases of outages: sockets that go, processes that die, AWS that says no, lost time."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path

from db.lifecycle import State
from db.store import targets
from sandbox.slack.values import Shot
from tests.bot.office import Office
from tests.lab import slack_id


def test_case_27_what_was_said_while_the_sockets_went_is_done(office: Office) -> None:
    card = office.asks()
    with ThreadPoolExecutor(2) as both:
        clicked = both.submit(office.clicks, "bob", "approve", card)
        both.submit(office.slack.disconnect_sockets, "refresh_requested").result()
        reply = clicked.result()

    assert reply.acked
    office.seen("Active until")
    office.until(lambda: office.slack.connected() == 2, "two sockets")


def test_case_27_a_refresh_of_the_sockets_loses_nobody(office: Office) -> None:
    office.slack.disconnect_sockets("refresh_requested")

    replies = [office.says("carol", "list") for _ in range(20)]

    assert all(one.acked for one in replies)
    office.until(lambda: office.slack.connected() == 2, "two sockets")


def test_case_28_what_was_acknowledged_before_xacct_died_is_done_when_it_starts(
    office: Office,
) -> None:
    office.asks()
    terms = office.row().terms
    office.stops()
    office.put("approve", {"request": 1, "terms": terms})  # taken down, and not yet done

    office.starts_again()

    office.seen("Active until")
    assert office.lab.visit("carol").answer == "ok"


def test_case_29_a_grant_that_aws_refuses_is_never_called_active_and_can_be_asked_again(
    office: Office,
) -> None:
    card = office.asks()
    office.lab.bar("owner-manager")
    office.later(120)  # what xacct was lent before is over
    office.clicks("bob", "approve", card)
    refused = office.seen("AccessDenied")
    assert re.search(r"\(AWS request [\w-]{8,}\)", refused.text)
    assert office.row().state is State.APPROVED
    changed = office.row().changed
    for _ in range(3):  # each try has an id of its own, and says nothing new
        before = _attempts(office)
        office.later(61)
        office.until(partial(_tried_again, office, before), "another try")
    assert office.row().changed == changed
    office.lab.unbar("owner-manager")

    office.later(timedelta(hours=1).total_seconds())

    message = office.is_told("carol", "not opened")
    assert message.element("retry") is not None
    assert office.recorded("opened") == []
    assert office.lab.visit("carol").answer == "AccessDenied"


def _attempts(office: Office) -> int:
    """How often settling the role was tried in vain."""
    with office.world.database.read() as session:
        return targets.get(session, office.row().role_target_id).attempts


def _tried_again(office: Office, before: int) -> bool:
    return _attempts(office) > before


def listening() -> Iterator[str]:
    """The inodes of this process's TCP sockets that listen (proc(5), /proc/net/tcp)."""
    held = set()
    for one in Path("/proc/self/fd").iterdir():
        try:
            held.add(str(one.readlink()))
        except OSError:  # closed meanwhile
            continue
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in held:
                yield fields[9]


def test_case_31_no_request_can_be_forged_for_no_port_is_opened(office: Office) -> None:
    before = set(listening())
    office.stops()

    office.starts_again()

    assert office.slack.connected() == 2
    assert set(listening()) <= before
    assert office.says("carol", "help").acked


def test_case_31_an_envelope_that_comes_twice_is_one_decision(office: Office) -> None:
    card = office.asks()
    element = card.element("approve")
    assert element is not None
    body = {
        "type": "block_actions",
        "team": {"id": office.catalog.team},
        "user": {"id": slack_id("bob"), "team_id": office.catalog.team},
        "container": {"message_ts": card.ts},
        "actions": [{"action_id": "approve", "action_ts": "1.5", "value": element["value"]}],
    }
    number, _, terms = str(element["value"]).partition(":")

    for _ in range(2):
        office.parts.desk.click("approve", body, {"request": int(number), "terms": terms})

    office.seen("Active until")
    assert [one.kind for one in office.inbox()] == ["request", "approve"]
    assert len(office.recorded("approved")) == 1
    assert office.recorded("refused") == []


def test_case_36_access_ends_in_time_although_xacct_is_down_and_is_cleared_away_at_the_start(
    office: Office,
) -> None:
    office.clicks("bob", "approve", office.asks())
    office.seen("Active until")
    session = office.lab.visit("carol").session
    office.stops()

    office.clock.move(timedelta(hours=2))

    assert office.lab.visit("carol").answer == "AccessDenied"
    assert not office.lab.works(session)
    office.starts_again()
    office.seen("Ended")
    assert office.lab.groups_of("carol") == []


def test_case_36_times_are_shown_in_the_zone_of_who_reads_them(office: Office) -> None:
    card = office.asks()

    assert "<!date^" in str(card.blocks)
    assert office.row().asked_at.utcoffset() == timedelta(0)


def test_case_36_who_gives_back_while_more_time_is_approved_has_no_access(office: Office) -> None:
    office.clicks("bob", "approve", office.asks())
    office.seen("Active until")
    office.says("carol", "extend #1 30m it runs")
    office.until(lambda: len(office.rows()) == 2 and office.row(2).terms, "the extension")
    more = office.until(lambda: [one for one in office.cards() if one.element("approve")], "it")[0]
    shots = [
        Shot.click(slack_id("bob"), more, "approve"),
        Shot.command(slack_id("carol"), "revoke #1"),
    ]

    office.slack.burst(shots, rate=1000)

    over = {State.ENDED, State.CANCELLED}
    office.until(lambda: {one.state for one in office.rows()} <= over, "the end of both")
    assert office.lab.visit("carol").answer == "AccessDenied"
