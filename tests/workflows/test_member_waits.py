"""A user's place is read while his role is opened; it is noted and changed after its read-back."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Event
from time import monotonic
from typing import Self

from db.lifecycle import State
from db.models import Membership
from db.store import standing, targets
from tests.lab import Lab
from workflows.directory import Directory
from workflows.person import Person
from workflows.settle.pay import settle


def approved(lab: Lab) -> int:
    """What alice asks for, approved and not opened; calls of AWS are counted from here."""
    request = lab.ask("alice")
    lab.approve(request, "bob", pay=False)
    with lab.database.write() as session:  # as the note of the role does
        targets.owe(session, lab.row(request).member_target_id or 0, lab.clock.now())
    lab.aws.forget_calls()
    return request


def test_a_membership_waits_until_the_role_was_read_back_open(allowing: Lab) -> None:
    lab, request = allowing, approved(allowing)
    role = lab.row(request).role_target_id
    settling, member = lab.world.settling, lab.row(request).member_target_id or 0
    with ThreadPoolExecutor(1) as pool:
        with settling.during(role):
            settled = pool.submit(settle, lab.world, member)
            _until(lambda: _reads(lab) > 0)
            before = lab.groups_of("alice"), _notes(lab)
            settling.opened(role, frozenset({request}))
            _until(lambda: bool(lab.groups_of("alice")))
        settled.result()
    between, noted = lab.row(request).state, _notes(lab)
    lab.pay()

    assert before == ([], [])
    assert len(noted) == 1
    assert between is State.APPROVED  # its role is not written down as open
    assert lab.row(request).state is State.ACTIVE


def test_for_a_role_that_does_not_open_no_place_is_noted_or_changed(allowing: Lab) -> None:
    lab, request = allowing, approved(allowing)
    role = lab.row(request).role_target_id
    with ThreadPoolExecutor(1) as pool:
        with lab.world.settling.during(role):
            settled = pool.submit(settle, lab.world, lab.row(request).member_target_id or 0)
            _until(lambda: _reads(lab) > 0)
            lab.home.add_user_to_group(GroupName=_group(lab), UserName="alice")  # a human
        settled.result()
    noted = _notes(lab)
    lab.pay()
    lab.pass_time(hours=2)

    assert not noted
    assert lab.row(request).state is State.ENDED
    assert _group(lab) in lab.groups_of("alice")


def test_who_is_to_be_put_out_waits_for_no_role(allowing: Lab) -> None:
    lab = allowing
    first = lab.lend("alice")
    lab.revoke(first, "bob", pay=False)
    second = lab.ask("alice")
    lab.approve(second, "bob", pay=False)

    with lab.world.settling.during(lab.row(second).role_target_id):
        settle(lab.world, lab.row(first).member_target_id or 0)

    assert not lab.groups_of("alice")


# --- Slack hangs


class Hanging:
    """A Slack that says nothing of anybody until it is let."""

    def __init__(self, lab: Lab) -> None:
        self._lab, self._let, self.answered = lab, Event(), False
        self.world = replace(lab.world, directory=Directory(lab.database, self._describe))
        lab.clock.move(timedelta(minutes=2))  # what is known of people is too old by then

    def _describe(self, user: str) -> Person:
        self._let.wait(20)
        self.answered = True
        return self._lab.describe(user)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._let.set()


def test_who_is_to_be_put_out_does_not_wait_for_what_slack_says_of_others(allowing: Lab) -> None:
    lab = allowing
    first, inside = lab.lend("alice"), lab.visit("alice").session
    lab.approve(second := lab.ask("carol"), "bob", pay=False)
    with Hanging(lab) as slack:
        lab.revoke(first, "bob", pay=False)
        settle(slack.world, lab.row(first).role_target_id)
        settle(slack.world, lab.row(first).member_target_id or 0)
        stands, waited = [lab.row(one).state for one in (first, second)], slack.answered
        closed = lab.groups_of("alice"), lab.visit("alice").answer, lab.works(inside)

    lab.pass_time(seconds=10)

    assert not waited
    assert stands == [State.ENDED, State.APPROVED]
    assert closed == ([], "AccessDenied", False)
    assert lab.row(second).state is State.ACTIVE


def test_a_settle_that_waits_for_slack_lets_a_revoke_pass_soon(allowing: Lab) -> None:
    lab = allowing
    first, second = lab.lend("alice"), lab.ask("carol")
    lab.approve(second, "bob", pay=False)
    with Hanging(lab) as slack:
        settle(slack.world, lab.row(second).role_target_id)
        lab.revoke(first, "bob", pay=False)
        settle(slack.world, lab.row(first).role_target_id)
        closed, waits = lab.visit("alice").answer, lab.row(second).state
        waited = slack.answered

    lab.pass_time(seconds=10)

    assert not waited
    assert (closed, waits) == ("AccessDenied", State.APPROVED)
    assert lab.row(second).state is State.ACTIVE


def _reads(lab: Lab) -> int:
    """How often the groups of a user were asked for since the calls were forgotten."""
    return sum(call.action == "iam:ListGroupsForUser" for call in lab.aws.calls())


def _notes(lab: Lab) -> Sequence[Membership]:
    with lab.database.read() as session:
        return standing.notes(session, lab.catalog.grantee.id)


def _group(lab: Lab) -> str:
    assert lab.role.group is not None
    return lab.role.group.name


def _until(holds: Callable[[], bool]) -> None:
    given_up, tick = monotonic() + 20, Event()
    while not holds():
        assert monotonic() < given_up, "it never came"
        tick.wait(0.01)
