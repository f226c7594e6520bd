"""An extension is a request of its own: more time from the end of an open grant on, or nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from db.lifecycle import State, Why
from db.models import Request
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.lab import Lab, slack_id, some_catalog
from workflows import access
from workflows.catalog.model import Engineer, GranteeKind, Mechanism
from workflows.documents import text, trust
from workflows.errors import AlreadySettled, NotAllowed, NotFound, Refused


@pytest.fixture
def lab(aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Iterator[Lab]:
    catalog = some_catalog(
        mechanism=Mechanism.ALLOW_GROUP,
        users=("alice", "bob", "carol", "dora"),
        max_duration=timedelta(hours=3),
    )
    users = ("alice", "bob", "carol", "dora")
    with Lab(aws, clock, f"sqlite:///{tmp_path / 'xacct.db'}", catalog, users) as lab:
        yield lab


def amend(lab: Lab, **catalog: Any) -> None:
    """The catalog as it is after somebody changed it."""
    lab.catalog = replace(lab.catalog, **catalog)
    lab.world = replace(lab.world, catalog=lab.catalog)


def extend(
    lab: Lab, request_id: int, *, minutes: int = 30, by: str = "alice", reason: str = ""
) -> int:
    with lab.database.write() as session:
        row = access.extend(
            session,
            lab.catalog,
            access.More(request_id, timedelta(minutes=minutes), reason),
            by=lab.person(by),
            now=lab.clock.now(),
        )
    lab.pay()
    return row.id


def take_away(lab: Lab) -> None:
    """A human takes everything of xacct but its seal out of the role's trust policy."""
    role = lab.owner.get_role(RoleName=lab.role.name)["Role"]
    held = text.statements(role["AssumeRolePolicyDocument"])
    lab.write_trust(text.document(one for one in held if trust.is_seal(one)))


def end(lab: Lab, request_id: int) -> datetime:
    ends_at = lab.row(request_id).ends_at
    assert ends_at is not None
    return ends_at


def asked(row: Request) -> tuple[Any, ...]:
    same = "role_target_id member_target_id grantee_kind grantee_name grantee_arn session_name"
    return tuple(getattr(row, name) for name in [*same.split(), "mechanism", "group_name"])


# --- filing


def test_an_extension_asks_for_the_same_access_from_the_end_on(lab: Lab) -> None:
    first = lab.lend("alice")
    second = extend(lab, first, reason="the restore still runs")

    row = lab.row(second)
    assert (row.state, row.extends, row.seconds) == (State.PENDING, first, 1800)
    assert row.reason == "the restore still runs"
    assert asked(row) == asked(lab.row(first))
    assert row.terms is not None
    assert "requested" in lab.events(second)


def test_without_a_reason_it_is_that_of_the_grant_said_once(lab: Lab) -> None:
    first = lab.lend("alice", reason="fix INC-482")
    second = extend(lab, first)
    assert lab.row(second).reason == f"extends #{first}: fix INC-482"

    lab.approve(second, "bob")
    third = extend(lab, second)

    assert lab.row(third).reason == f"extends #{second}: fix INC-482"


def test_what_it_extends_is_part_of_what_is_decided_on(lab: Lab) -> None:
    row = lab.row(extend(lab, lab.lend("alice")))

    was = access.terms_of(row, lab.role)
    row.extends = None

    assert access.terms_of(row, lab.role) != was == lab.row(row.id).terms


def test_it_lapses_with_the_end_of_what_it_extends(lab: Lab) -> None:
    first = lab.lend("alice", minutes=30)
    second = extend(lab, first)
    assert lab.row(second).lapses_at == end(lab, first)

    lab.pass_time(minutes=31)

    assert lab.row(second).state is State.LAPSED
    assert lab.row(first).state is State.ENDED
    assert lab.visit("alice").answer == "AccessDenied"


def test_one_that_is_asked_for_long_before_the_end_lapses_as_any_request(lab: Lab) -> None:
    amend(lab, pending_lapses=timedelta(minutes=10))
    second = extend(lab, lab.lend("alice"))

    assert lab.row(second).lapses_at == lab.row(second).asked_at + timedelta(minutes=10)


# --- opening and ending


def test_an_approved_extension_goes_on_without_a_break_and_ends_by_its_own_date(lab: Lab) -> None:
    first = lab.lend("alice", minutes=20)
    second = extend(lab, first)
    inside = lab.visit("alice").session

    lab.approve(second, "bob")

    assert end(lab, second) == end(lab, first) + timedelta(minutes=30)
    lab.pass_time(minutes=21)
    assert lab.row(first).why is Why.TIME
    assert lab.row(second).state is State.ACTIVE
    assert lab.works(inside)
    assert lab.visit("alice").answer == "ok"
    lab.pass_time(minutes=30)
    assert lab.row(second).state is State.ENDED
    assert not lab.works(inside)
    assert lab.groups_of("alice") == []


def test_a_revoke_ends_the_grant_and_the_extension_that_waits(lab: Lab) -> None:
    first = lab.lend("alice")
    second = extend(lab, first)

    lab.revoke(first, "bob")

    assert lab.row(second).state is State.CANCELLED
    assert lab.row(first).state is State.ENDED


# --- what is refused


def test_the_whole_time_never_exceeds_what_the_role_is_lent_for(lab: Lab) -> None:
    first = lab.lend("alice", minutes=120)
    latest = end(lab, first) + timedelta(minutes=60)

    with pytest.raises(NotAllowed, match=rf"until {latest:%Y-%m-%d %H:%M} UTC .*: by 1h\."):
        extend(lab, first, minutes=61)
    second = extend(lab, first, minutes=60)
    lab.approve(second, "bob")

    assert end(lab, second) == latest
    with pytest.raises(NotAllowed, match=f"So #{second} cannot be extended"):
        extend(lab, second, minutes=5)


def test_the_unbroken_time_of_overlapping_grants_counts_as_one(lab: Lab) -> None:
    lab.lend("alice", minutes=60)
    lab.pass_time(minutes=50)
    second = lab.lend("alice", minutes=60)

    with pytest.raises(NotAllowed, match="by 1h10m"):
        extend(lab, second, minutes=71)


@pytest.mark.parametrize("minutes", [1, 4])
def test_less_than_five_minutes_more_is_refused(lab: Lab, minutes: int) -> None:
    with pytest.raises(NotAllowed, match="5m is the least"):
        extend(lab, lab.lend("alice"), minutes=minutes)


def test_one_extension_waits_at_a_time(lab: Lab) -> None:
    first = lab.lend("alice")
    second = extend(lab, first)

    with pytest.raises(AlreadySettled, match=f"asked already: #{second} "):
        extend(lab, first)
    lab.approve(second, "bob", pay=False)
    with pytest.raises(AlreadySettled, match=f"asked already: #{second} "):
        extend(lab, first)


def test_only_the_last_of_overlapping_grants_is_extended(lab: Lab) -> None:
    first = lab.lend("alice")
    second = extend(lab, first)
    lab.approve(second, "bob")

    with pytest.raises(AlreadySettled, match=f"goes on by #{second} .*/xacct extend #{second} "):
        extend(lab, first)


def test_what_is_not_open_is_not_extended(lab: Lab) -> None:
    pending = lab.ask("alice")
    with pytest.raises(AlreadySettled, match="is pending"):
        extend(lab, pending)
    lab.approve(pending, "bob", pay=False)
    with pytest.raises(AlreadySettled, match="is approved"):
        extend(lab, pending)
    lab.pay()
    lab.clock.move(timedelta(minutes=62))
    with pytest.raises(AlreadySettled, match="Only what is open"):
        extend(lab, pending)
    lab.pay()
    with pytest.raises(AlreadySettled, match="its time was over"):
        extend(lab, pending)
    with pytest.raises(NotFound):
        extend(lab, 4711)


@pytest.mark.parametrize("name", ["bob", "carol", "root"])
def test_nobody_extends_what_somebody_else_asked_for(lab: Lab, name: str) -> None:
    with pytest.raises(NotAllowed, match="Only who asked"):
        extend(lab, lab.lend("alice"), by=name)


def test_every_owner_of_a_machine_extends_it_and_none_of_them_approves_that(lab: Lab) -> None:
    machine = replace(lab.catalog.machines[0], owners=(slack_id("alice"), slack_id("dora")))
    amend(lab, machines=(machine,))
    first = lab.ask("alice", machine="ci")
    lab.approve(first, "bob")
    role = lab.role
    amend(lab, roles=(replace(role, approvers=(slack_id("alice"), slack_id("dora"))),))
    with pytest.raises(NotAllowed, match="Nobody could approve"):
        extend(lab, first, by="dora")
    amend(lab, roles=(role,))

    second = extend(lab, first, by="dora")

    assert (lab.row(second).requester, lab.row(second).grantee_name) == (slack_id("dora"), "ci")
    for owner in ("alice", "dora"):
        with pytest.raises(NotAllowed):
            lab.approve(second, owner)
    lab.approve(second, "bob")
    assert end(lab, second) == end(lab, first) + timedelta(minutes=30)


def test_who_asked_for_a_machine_and_no_longer_owns_it_does_not_extend_it(lab: Lab) -> None:
    first = lab.ask("alice", machine="ci")
    lab.approve(first, "bob")
    amend(lab, machines=(replace(lab.catalog.machines[0], owners=(slack_id("dora"),)),))

    with pytest.raises(NotAllowed, match="no longer yours"):
        extend(lab, first)


def test_it_is_filed_by_the_rules_of_today(lab: Lab) -> None:
    first = lab.lend("alice")
    machines = replace(lab.role, kinds=frozenset({GranteeKind.MACHINE}))
    nobody = replace(lab.role, approvers=(slack_id("alice"),))
    moved = replace(lab.role, path="/else/")
    somebody_elses = (Engineer(slack_id("alice"), "carol", None),)
    for changed, sentence in (
        ({"roles": ()}, "not in the catalog as it was"),
        ({"roles": (moved,)}, "not in the catalog as it was"),
        ({"roles": (machines,)}, "cannot be lent to a user"),
        ({"roles": (nobody,)}, "Nobody could approve"),
        ({"engineers": somebody_elses}, "no longer yours"),
        ({"pending_per_person": 0}, "waiting already"),
    ):
        was = lab.catalog
        amend(lab, **changed)
        with pytest.raises(NotAllowed, match=sentence):
            extend(lab, first)
        amend(lab, **{name: getattr(was, name) for name in changed})
    lab.people[slack_id("alice")] = replace(lab.person("alice"), guest=True)
    with pytest.raises(NotAllowed, match="Guests"):
        extend(lab, first)


def test_a_refused_extension_changes_nothing(lab: Lab) -> None:
    first = lab.lend("alice", minutes=120)
    before = lab.everything_stored()

    with pytest.raises(Refused):
        extend(lab, first, minutes=180)

    assert lab.everything_stored() == before


def test_an_extension_does_not_give_back_what_a_human_took_away(lab: Lab) -> None:
    """His removal ends the grant, although it was not noticed before somebody extended it."""
    first = lab.lend("alice", minutes=60)
    second = extend(lab, first)
    lab.pass_time(minutes=2)  # no read is taken for one of before the opening any more
    take_away(lab)

    lab.approve(second, "bob")

    assert lab.visit("alice").answer == "AccessDenied"
    lab.pass_time(seconds=61)
    assert lab.row(first).why is Why.REMOVED
    assert (lab.row(second).state, lab.row(second).opened_at) == (State.ENDED, None)
    assert "did not stay open" in (lab.row(second).trouble or "")
    assert lab.visit("alice").answer == "AccessDenied"


def test_another_grant_does_not_give_back_what_a_human_took_away(lab: Lab) -> None:
    """It opens by itself, when what he took away has ended."""
    first = lab.lend("alice", minutes=60)
    lab.pass_time(minutes=2)
    inside = lab.visit("alice").session
    second = lab.ask("alice", minutes=90)
    take_away(lab)

    lab.approve(second, "bob")

    assert lab.visit("alice").answer == "AccessDenied"
    lab.pass_time(minutes=2)
    assert lab.row(first).why is Why.REMOVED
    lab.pass_time(seconds=30)
    assert lab.row(second).state is State.ACTIVE
    assert lab.visit("alice").answer == "ok"
    assert not lab.works(inside)
