"""Break-glass: a named person opens a role without an approver, briefly, and another signs it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from db import audit
from db.lifecycle import State, Why
from db.models import Review
from db.store import listing, reviews
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests import hands
from tests.lab import KEY, Lab, slack_id, some_catalog, some_role
from workflows import access, identity
from workflows.access import Ask, Scope, Signature
from workflows.catalog.break_glass import BreakGlass
from workflows.catalog.model import Mechanism, Role
from workflows.errors import AlreadySettled, NotAllowed, NotFound
from workflows.look import look
from workflows.panel import panel

USERS = ("alice", "bob", "carol")
GLASS = BreakGlass((slack_id("carol"), slack_id("bob")), timedelta(minutes=30), "C0LOUD")


@pytest.fixture
def lab(aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Iterator[Lab]:
    catalog = some_catalog(mechanism=Mechanism.ALLOW_GROUP, users=USERS, break_glass=GLASS)
    account = catalog.accounts[0]
    other = some_role(catalog.grantee, account, "support", Mechanism.ALLOW_GROUP, break_glass=GLASS)
    catalog = replace(catalog, roles=(*catalog.roles, other))
    with Lab(aws, clock, f"sqlite:///{tmp_path / 'xacct.db'}", catalog, USERS) as lab:
        yield lab


def amend(lab: Lab, **role: Any) -> None:
    """The catalog as it is after somebody changed it."""
    roles = (replace(lab.role, **role), *lab.catalog.roles[1:])
    lab.catalog = replace(lab.catalog, roles=roles)
    lab.world = replace(lab.world, catalog=lab.catalog)


def filed(lab: Lab, name: str = "carol", role: Role | None = None) -> int:
    """Glass is broken, and nothing is paid yet."""
    by, role = lab.person(name), role or lab.role
    grantee = identity.own(lab.catalog, by, role, lambda _key, _value: ())
    ask = Ask(role, grantee, timedelta(minutes=30), "payments are down", break_glass=True)
    with lab.database.write() as session:
        return access.break_glass(
            session, lab.catalog, ask, by=by, now=lab.clock.now(), panel=panel(role)
        ).id


def breaks(lab: Lab, name: str = "carol", role: Role | None = None) -> int:
    request = filed(lab, name, role)
    lab.pay()
    return request


def signs(lab: Lab, request: int, name: str, note: str = "the log shows the restart") -> None:
    with lab.database.write() as session:
        access.sign(
            session,
            lab.catalog,
            Signature(request, note),
            by=lab.person(name),
            requester=lab.describe(lab.row(request).requester),
            now=lab.clock.now(),
        )


def over(lab: Lab) -> int:
    """A use whose time is over."""
    request = breaks(lab)
    lab.pass_time(minutes=32)
    assert lab.row(request).state is State.ENDED
    return request


def review(lab: Lab, request: int) -> Review:
    with lab.database.read() as session:
        found = reviews.of_request(session, request)
    assert found is not None
    return found


def test_who_is_named_is_let_in_without_an_approver_and_out_in_time(lab: Lab) -> None:
    request = breaks(lab)

    with lab.database.read() as session:
        assert audit.verify(session, KEY).wrong is None
    with lab.database.read() as session:
        (row,) = listing.inside(session, [lab.role.arn])
    assert [(one.by, one.reason) for one in row.decisions] == [("break-glass", row.reason)]
    assert (row.state, row.length) == (State.ACTIVE, timedelta(minutes=30))
    visit = lab.visit("carol")
    assert visit.answer == "ok"
    events = lab.events(request)
    assert events.index("broke glass") < events.index("looked") < events.index("approved")
    lab.pass_time(minutes=32)
    assert not lab.works(visit.session)
    assert lab.row(request).state is State.ENDED


@pytest.mark.parametrize(
    ("name", "glass", "words"),
    [
        ("alice", GLASS, "You are not named under `break_glass`"),
        ("carol", None, "has no break-glass"),
    ],
)
def test_who_is_not_named_breaks_no_glass(
    lab: Lab, name: str, glass: BreakGlass | None, words: str
) -> None:
    amend(lab, break_glass=glass)

    with pytest.raises(NotAllowed, match=words):
        filed(lab, name)


def test_nobody_breaks_glass_whose_review_nobody_could_sign(lab: Lab) -> None:
    amend(lab, approvers=(slack_id("carol"),))
    lab.catalog = replace(lab.catalog, admins=(slack_id("carol"),))

    with pytest.raises(NotAllowed, match="Nobody but you could sign"):
        filed(lab)


def test_a_freeze_stops_break_glass_before_and_after_it_was_filed(lab: Lab) -> None:
    request = filed(lab)
    with lab.database.write() as session:
        scope, by, now = Scope(), lab.person("root"), lab.clock.now()
        access.freeze(session, lab.catalog, scope, by=by, reason="", now=now)
    lab.pay()

    row = lab.row(request)
    assert (row.state, row.why) == (State.CANCELLED, Why.FAILED)
    assert "frozen" in str(row.trouble)
    with pytest.raises(NotAllowed, match="frozen"):
        filed(lab)


def test_what_forbids_an_opening_forbids_this_one(lab: Lab) -> None:
    hands.let_write_beyond_boundaries(lab.owner, "owner-manager")
    lab.owner.delete_role_permissions_boundary(RoleName=lab.role.name)  # said, and stops nothing
    assert "no permissions boundary" in " ".join(lab.row(breaks(lab)).findings)
    amend(lab, name="gone")

    request = breaks(lab, "bob")

    assert lab.row(request).state is State.CANCELLED
    assert lab.row(request).why is Why.FAILED


def test_who_has_the_role_already_does_not_break_glass_for_it(lab: Lab) -> None:
    lab.lend("carol")

    with pytest.raises(AlreadySettled, match="You have this role already"):
        filed(lab)


def test_a_request_that_waits_keeps_nobody_from_breaking_glass(lab: Lab) -> None:
    waiting = lab.ask("carol")

    request = breaks(lab)

    assert (lab.row(waiting).state, lab.row(request).state) == (State.PENDING, State.ACTIVE)


def test_break_glass_is_never_extended(lab: Lab) -> None:
    request = breaks(lab)
    more = access.More(request, timedelta(minutes=10))

    with lab.database.write() as session, pytest.raises(NotAllowed, match="never extended"):
        access.extend(session, lab.catalog, more, by=lab.person("carol"), now=lab.clock.now())


def test_a_second_use_waits_for_the_signature_and_then_for_the_day(lab: Lab) -> None:
    other = lab.catalog.roles[1]
    first = breaks(lab)
    with pytest.raises(NotAllowed, match="is not signed yet"):
        filed(lab, role=other)
    lab.pass_time(minutes=32)
    with pytest.raises(NotAllowed, match="is not signed yet"):
        filed(lab, role=other)

    signs(lab, first, "bob")

    with pytest.raises(NotAllowed, match="once a day is the most"):
        filed(lab, role=other)
    lab.pass_time(hours=24)
    assert lab.row(breaks(lab, role=other)).state is State.ACTIVE


def test_a_second_slack_id_with_the_same_address_is_the_same_person(lab: Lab) -> None:
    breaks(lab)
    lab.people[slack_id("bob")] = replace(lab.person("bob"), email=lab.person("carol").email)

    with pytest.raises(NotAllowed, match="is not signed yet"):
        filed(lab, "bob")


def test_one_persons_use_keeps_no_other_from_breaking_glass(lab: Lab) -> None:
    breaks(lab)

    assert lab.row(breaks(lab, "bob")).state is State.ACTIVE


def test_a_use_that_opened_nothing_keeps_nobody_from_trying_again(lab: Lab) -> None:
    role = lab.role
    amend(lab, name="gone")
    breaks(lab)
    amend(lab, name=role.name)

    assert lab.row(breaks(lab)).state is State.ACTIVE


@pytest.mark.parametrize(
    "glass",
    [
        None,
        replace(GLASS, people=(slack_id("bob"),)),
        replace(GLASS, longest=timedelta(minutes=10)),
    ],
)
def test_what_the_catalog_does_not_allow_any_more_by_the_opening_is_not_opened(
    lab: Lab, glass: BreakGlass | None
) -> None:
    request = filed(lab)
    look(lab.world, request)
    assert lab.row(request).state is State.APPROVED
    amend(lab, break_glass=glass)

    lab.pay()

    assert lab.row(request).why is Why.CHANGED
    assert lab.visit("carol").answer == "AccessDenied"


def test_a_use_lapses_when_aws_cannot_be_asked_for_a_quarter_of_an_hour(lab: Lab) -> None:
    request = filed(lab)

    lab.pass_time(minutes=16)

    assert lab.row(request).state is State.LAPSED


# --- signing


def test_an_approver_or_an_administrator_signs_once_with_a_note(lab: Lab) -> None:
    request = over(lab)

    with pytest.raises(NotAllowed, match="a review that says nothing is none"):
        signs(lab, request, "root", note="")
    signs(lab, request, "root")

    found = review(lab, request)
    assert (found.signed_by, found.note) == (slack_id("root"), "the log shows the restart")
    assert lab.events(request)[-1] == "signed review"
    with pytest.raises(AlreadySettled, match="signed the review"):
        signs(lab, request, "bob")


def test_nobody_signs_for_himself_under_any_id_or_address(lab: Lab) -> None:
    amend(lab, approvers=(slack_id("carol"), slack_id("bob"), slack_id("dora")))
    request = over(lab)
    lab.people[slack_id("bob")] = replace(lab.person("bob"), email="U0Carol@corp.example")
    lab.people[slack_id("dora")] = replace(lab.person("dora"), email="new@corp.example")

    for name in ("carol", "bob"):
        with pytest.raises(NotAllowed, match="your own break-glass use"):
            signs(lab, request, name)
    lab.people[slack_id("carol")] = replace(lab.person("carol"), email="new@corp.example")
    for name in ("dora", "bob"):  # the address of then counts beside that of now
        with pytest.raises(NotAllowed, match="your own break-glass use"):
            signs(lab, request, name)


def test_who_is_neither_approver_nor_administrator_signs_nothing(lab: Lab) -> None:
    request = over(lab)

    with pytest.raises(NotAllowed, match="Only an approver"):
        signs(lab, request, "eve")


def test_nothing_is_signed_before_it_is_over_nor_what_was_no_break_glass(lab: Lab) -> None:
    request, other = breaks(lab), lab.lend("alice")

    with pytest.raises(NotAllowed, match="signed when it is over"):
        signs(lab, request, "bob")
    with pytest.raises(NotFound, match="no break-glass use"):
        signs(lab, other, "bob")


def test_the_end_of_a_use_owes_its_channel_a_word(lab: Lab) -> None:
    request = breaks(lab)
    with lab.database.write() as session:
        reviews.remember(session, request, say_at=None)

    lab.revoke(request, "bob")

    assert review(lab, request).say_at is not None
    with lab.database.read() as session:
        assert [one.id for one in reviews.unsigned(session, [lab.role.arn])] == [request]
        assert list(reviews.unsigned(session, [])) == []
