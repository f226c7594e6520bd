"""Places in governed groups: who is in without a request, who is out without a grant."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from db.lifecycle import State, Why
from db.store import alerts, memberships
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests import hands
from tests.lab import Lab, some_catalog
from tests.workflows.drifting import at_once, drift, kinds, said, standing
from tests.workflows.odd import Answer, busy, refused, worker
from workflows.aws.errors import AwsGone
from workflows.catalog.model import Mechanism
from workflows.drift import compare, places, strangers, verbs
from workflows.errors import AlreadySettled, NotAllowed

ALLOW, DENY = "allow-prod-payments-admin", "deny-prod-payments-admin"


@pytest.fixture
def make(aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Iterator[Callable[..., Lab]]:
    labs: list[Lab] = []

    def made(mechanism: Mechanism, **role: Any) -> Lab:
        catalog = some_catalog(mechanism=mechanism, users=("alice", "bob", "carol"), **role)
        labs.append(Lab(aws, clock, f"sqlite:///{tmp_path / 'xacct.db'}", catalog))
        return labs[-1]

    yield made
    for lab in labs:
        lab.close()


@pytest.fixture
def allowing(make: Callable[..., Lab]) -> Lab:
    return make(Mechanism.ALLOW_GROUP)


@pytest.fixture
def denying(make: Callable[..., Lab]) -> Lab:
    return make(Mechanism.DENY_GROUP)


def join(lab: Lab, group: str, *names: str) -> None:
    for name in names:
        lab.home.add_user_to_group(GroupName=group, UserName=name)


def leave(lab: Lab, group: str, *names: str) -> None:
    for name in names:
        lab.home.remove_user_from_group(GroupName=group, UserName=name)


def listed(lab: Lab) -> list[str]:
    alert = standing(lab).get(strangers.KIND)
    return [] if alert is None else [one["user"] for one in alert.facts["members"]]


def user_id(lab: Lab, name: str) -> str:
    return str(lab.home.get_user(UserName=name)["User"]["UserId"])


def removes(lab: Lab, who: str, name: str, *, pay: bool = True) -> None:
    """An administrator clicks Remove beside a name on the digest."""
    with lab.database.read() as session:
        alert = alerts.named(session, strangers.KEY)
    assert alert is not None
    spot = verbs.Spot(alert.id, places.Stranger(ALLOW, name, user_id(lab, name)).mark)
    with lab.database.write() as session:
        verbs.remove(session, lab.catalog, spot, by=lab.person(who), now=lab.clock.now())
    if pay:
        lab.pay()


def leaves(lab: Lab, who: str, kind: str = strangers.KIND) -> None:
    """An administrator says that what an alert found is meant."""
    with lab.database.write() as session:
        number = standing(lab)[kind].id
        verbs.leave(session, lab.catalog, number, by=lab.person(who), now=lab.clock.now())


# --- members of allow groups


def test_members_without_a_request_are_one_alert_said_again_only_when_it_changes(
    allowing: Lab,
) -> None:
    join(allowing, ALLOW, "bob", "carol")

    drift(allowing)
    drift(allowing)

    assert (listed(allowing), said(allowing, strangers.KIND)) == (["bob", "carol"], 1)
    join(allowing, ALLOW, "alice")
    drift(allowing)
    assert (listed(allowing), said(allowing, strangers.KIND)) == (["alice", "bob", "carol"], 2)
    assert allowing.groups_of("bob") == [ALLOW]
    leave(allowing, ALLOW, "alice", "bob", "carol")
    drift(allowing)
    assert (kinds(allowing), said(allowing, strangers.KIND)) == ([], 3)


def test_a_grants_own_member_is_no_stranger_and_neither_is_who_was_there_before(
    allowing: Lab,
) -> None:
    join(allowing, ALLOW, "carol")
    first, second = allowing.lend("alice", minutes=120), allowing.lend("carol", minutes=120)

    drift(allowing)

    assert {allowing.row(one).state for one in (first, second)} == {State.ACTIVE}
    assert listed(allowing) == []


def test_a_read_as_old_as_the_end_of_a_grant_makes_nobody_a_stranger(allowing: Lab) -> None:
    request = allowing.lend("alice", minutes=120)
    in_it = {"alice": user_id(allowing, "alice")}
    allowing.revoke(request, "bob")

    def old(_call: Answer, *_: Any) -> Any:
        return in_it

    at_once(allowing, worker(allowing, members_of=old))
    assert listed(allowing) == []
    drift(allowing, worker(allowing, members_of=old))
    assert listed(allowing) == ["alice"]


def test_an_administrator_removes_a_member_and_nobody_else(allowing: Lab) -> None:
    join(allowing, ALLOW, "bob", "carol")
    drift(allowing)

    removes(allowing, "root", "carol")

    assert (allowing.groups_of("carol"), allowing.groups_of("bob")) == ([], [ALLOW])
    assert listed(allowing) == ["bob"]
    drift(allowing)
    assert (kinds(allowing), listed(allowing)) == ([strangers.KIND], ["bob"])
    assert "place given back" in allowing.everything_stored()


@pytest.mark.parametrize("fault", [busy, refused])
def test_a_removal_survives_a_crash_and_a_fault_of_aws(allowing: Lab, fault: Answer) -> None:
    join(allowing, ALLOW, "carol")
    drift(allowing)
    removes(allowing, "root", "carol", pay=False)
    allowing.pay(worker(allowing, leave=fault))
    assert allowing.groups_of("carol") == [ALLOW]

    allowing.pass_time(minutes=2)

    assert allowing.groups_of("carol") == []


def test_a_removal_that_aws_refuses_for_long_is_an_alert(allowing: Lab) -> None:
    join(allowing, ALLOW, "carol")
    drift(allowing)
    removes(allowing, "root", "carol", pay=False)
    allowing.pay(worker(allowing, leave=refused))

    at_once(allowing, pay=False)

    assert kinds(allowing) == [places.PLACE]
    allowing.pass_time(minutes=2)
    drift(allowing)
    assert kinds(allowing) == []


def test_only_an_administrator_removes_and_only_who_is_on_the_list(allowing: Lab) -> None:
    join(allowing, ALLOW, "carol")
    drift(allowing)

    with pytest.raises(NotAllowed):
        removes(allowing, "bob", "carol")
    allowing.people[allowing.catalog.admins[0]] = replace(allowing.person("root"), guest=True)
    with pytest.raises(NotAllowed):
        removes(allowing, "root", "carol")
    allowing.people.clear()
    with pytest.raises(AlreadySettled):
        removes(allowing, "root", "alice")

    assert allowing.groups_of("carol") == [ALLOW]


def test_nobody_is_removed_whom_a_request_has_let_in_meanwhile(allowing: Lab) -> None:
    join(allowing, ALLOW, "carol")
    drift(allowing)
    leave(allowing, ALLOW, "carol")
    allowing.lend("carol")

    with pytest.raises(AlreadySettled):
        removes(allowing, "root", "carol")

    assert allowing.visit("carol").answer == "ok"


def test_members_whom_an_administrator_leaves_are_not_said_until_they_come_again(
    allowing: Lab,
) -> None:
    join(allowing, ALLOW, "bob")
    drift(allowing)
    with pytest.raises(NotAllowed):
        leaves(allowing, "bob")

    leaves(allowing, "root")
    drift(allowing)

    assert kinds(allowing) == []
    join(allowing, ALLOW, "carol")
    drift(allowing)
    assert listed(allowing) == ["carol"]
    leave(allowing, ALLOW, "bob")
    drift(allowing)
    join(allowing, ALLOW, "bob")
    drift(allowing)
    assert listed(allowing) == ["bob", "carol"]


def test_a_group_that_was_not_read_leaves_its_members_on_the_list(allowing: Lab) -> None:
    join(allowing, ALLOW, "carol")
    drift(allowing)

    outcome = drift(allowing, worker(allowing, members_of=busy))

    assert list(outcome.unread) == ["people"]
    assert (listed(allowing), said(allowing, strangers.KIND)) == (["carol"], 1)


# --- a human stops a grant


def _deleted(lab: Lab, name: str) -> None:
    hands.delete_user(lab.home, name)


def _role_deleted(lab: Lab) -> None:
    hands.delete_role(lab.owner, "admin")


STOPS: dict[str, Callable[[Lab], None]] = {
    "taken out of the group": lambda lab: leave(lab, ALLOW, "alice"),
    "deleted": lambda lab: _deleted(lab, "alice"),
    "the role deleted": _role_deleted,
}


@pytest.mark.parametrize("how", STOPS)
def test_what_a_human_takes_away_within_a_grant_ends_it_after_a_second_look(
    make: Callable[..., Lab], how: str
) -> None:
    allowing = make(Mechanism.ALLOW_GROUP, path="/")  # a role with a path is hidden when it is gone
    request, other = allowing.lend("alice", minutes=120), allowing.lend("carol", minutes=120)
    inside = allowing.visit("alice").session
    drift(allowing)
    STOPS[how](allowing)

    drift(allowing)
    at_first = allowing.row(request).state
    allowing.pass_time(seconds=61)

    assert at_first is State.ACTIVE
    assert (allowing.row(request).state, allowing.row(request).why) == (State.ENDED, Why.REMOVED)
    assert not allowing.works(inside)
    assert allowing.row(other).state is (State.ENDED if "role" in how else State.ACTIVE)


@pytest.mark.parametrize("call", ["members_of", "role"])
def test_a_single_read_that_does_not_find_it_takes_nothing_away(allowing: Lab, call: str) -> None:
    request = allowing.lend("alice", minutes=120)

    def gone(_call: Answer, *_: Any) -> Any:
        raise AwsGone("iam:Odd", "NoSuchEntity", "cannot be found")

    drift(allowing, worker(allowing, odd={call: gone}))
    allowing.pass_time(seconds=61)

    assert allowing.row(request).state is State.ACTIVE
    assert allowing.visit("alice").answer == "ok"


# --- deny groups


def test_a_person_of_the_catalog_outside_a_deny_group_is_put_back_and_alerted(denying: Lab) -> None:
    drift(denying)
    leave(denying, DENY, "bob", "carol")

    drift(denying)

    assert [denying.groups_of(one) for one in ("bob", "carol")] == [[DENY], [DENY]]
    assert "bob, carol" in standing(denying)[places.PLACE].sentence
    drift(denying)
    assert (kinds(denying), said(denying, places.PLACE)) == ([], 2)


def test_an_administrator_of_the_grantee_account_is_left_outside(denying: Lab) -> None:
    spared = replace(denying.catalog.grantee, administrators=("Carol",))
    denying.catalog = replace(denying.catalog, grantee=spared)
    denying.world = denying.another_worker()
    leave(denying, DENY, "carol")

    drift(denying)

    assert (denying.groups_of("carol"), kinds(denying)) == ([], [])


def test_a_lifted_deny_is_left_lifted_while_its_grant_is_open(denying: Lab) -> None:
    request = denying.lend("alice", minutes=120)

    drift(denying)

    assert denying.visit("alice").answer == "ok"
    assert (denying.row(request).state, kinds(denying)) == (State.ACTIVE, [])


def test_a_drift_notices_an_emergency_stop(denying: Lab) -> None:
    request = denying.lend("alice", minutes=120)
    drift(denying)
    join(denying, DENY, "alice")

    drift(denying)

    assert (denying.row(request).state, denying.row(request).why) == (State.ENDED, Why.REMOVED)
    assert denying.groups_of("alice") == [DENY]


def test_a_read_as_old_as_a_lifted_deny_puts_nobody_back_a_second_time(denying: Lab) -> None:
    request = denying.lend("alice", minutes=120)
    others = {one: user_id(denying, one) for one in ("bob", "carol")}
    denying.revoke(request, "bob")

    def old(_call: Answer, *_: Any) -> Any:
        return others

    at_once(denying, worker(denying, members_of=old))
    assert kinds(denying) == []


def test_who_does_not_exist_is_not_put_back(denying: Lab) -> None:
    leave(denying, DENY, "carol")
    key = denying.furnished.users["carol"].access_key_id
    denying.home.delete_access_key(UserName="carol", AccessKeyId=key)
    denying.home.delete_user_policy(UserName="carol", PolicyName="p")
    denying.home.delete_user(UserName="carol")

    outcome = drift(denying)

    assert (kinds(denying), outcome.unread) == ([], {})


def test_a_place_that_was_left_open_by_a_lost_request_is_given_back(denying: Lab) -> None:
    """The note alone says that he was inside before us; no catalog names him."""
    leave(denying, DENY, "carol")
    denying.catalog = replace(denying.catalog, engineers=())
    denying.world = denying.another_worker()
    note(denying, DENY, "carol", was_member=True)

    drift(denying)

    assert denying.groups_of("carol") == [DENY]
    assert noted(denying, "carol") == {}


def test_a_place_that_was_left_open_is_given_back_whatever_its_user_is_called_now(
    denying: Lab,
) -> None:
    leave(denying, DENY, "carol")
    denying.catalog = replace(denying.catalog, engineers=())
    denying.world = denying.another_worker()
    note(denying, DENY, "carol", was_member=True)
    denying.home.update_user(UserName="carol", NewUserName="cara")

    drift(denying, worker(denying, user_names=busy))
    before = denying.groups_of("cara")
    drift(denying)

    assert (before, denying.groups_of("cara")) == ([], [DENY])
    assert noted(denying, "cara") == {}


def test_a_note_never_puts_anybody_into_an_allow_group(allowing: Lab) -> None:
    note(allowing, ALLOW, "carol", was_member=True)

    drift(allowing)

    assert allowing.groups_of("carol") == []
    assert noted(allowing, "carol") == {}


def test_the_note_of_a_user_who_was_made_anew_is_forgotten(denying: Lab) -> None:
    with denying.database.write() as session:
        memberships.note(
            session,
            account_id=denying.catalog.grantee.id,
            group_name=DENY,
            user_id="AIDAOFANOTHER",
            user_name="carol",
            was_member=True,
            at=denying.clock.now(),
        )

    drift(denying)

    assert kinds(denying) == []
    assert "AIDAOFANOTHER" not in denying.everything_stored()


def note(lab: Lab, group: str, name: str, *, was_member: bool) -> None:
    with lab.database.write() as session:
        memberships.note(
            session,
            account_id=lab.catalog.grantee.id,
            group_name=group,
            user_id=user_id(lab, name),
            user_name=name,
            was_member=was_member,
            at=lab.clock.now(),
        )


def noted(lab: Lab, name: str) -> dict[str, bool]:
    with lab.database.read() as session:
        return memberships.noted(session, lab.catalog.grantee.id, user_id(lab, name))


@pytest.mark.parametrize("call", ["members_of", "group_policy", "user"])
def test_nobody_is_put_anywhere_by_a_read_that_failed(denying: Lab, call: str) -> None:
    drift(denying)
    leave(denying, DENY, "carol")

    drift(denying, worker(denying, odd={call: busy}))

    assert (denying.groups_of("carol"), kinds(denying)) == ([], [])


def test_a_note_is_kept_while_aws_does_not_say_whether_its_user_is_there(denying: Lab) -> None:
    leave(denying, DENY, "carol")
    denying.catalog = replace(denying.catalog, engineers=())
    denying.world = denying.another_worker()
    note(denying, DENY, "carol", was_member=True)

    drift(denying, worker(denying, user=busy))

    assert noted(denying, "carol") == {DENY: True}
    drift(denying)
    assert denying.groups_of("carol") == [DENY]


# --- what groups hold


@pytest.mark.parametrize("mechanism", [Mechanism.ALLOW_GROUP, Mechanism.DENY_GROUP])
def test_a_group_that_holds_more_than_it_must_is_alerted_until_it_is_mended(
    make: Callable[..., Lab], mechanism: Mechanism
) -> None:
    lab = make(mechanism)
    group = ALLOW if mechanism is Mechanism.ALLOW_GROUP else DENY
    more = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}'
    lab.home.put_group_policy(GroupName=group, PolicyName="more", PolicyDocument=more)

    drift(lab)
    drift(lab)

    assert (kinds(lab), said(lab, compare.GROUP)) == ([compare.GROUP], 1)
    lab.home.delete_group_policy(GroupName=group, PolicyName="more")
    drift(lab)
    assert kinds(lab) == []
