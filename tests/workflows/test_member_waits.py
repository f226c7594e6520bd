"""A user's place is read and noted while his role is opened, and follows its read-back."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import monotonic

from db.lifecycle import State
from db.models import Membership
from db.store import standing
from tests.lab import Lab
from workflows.settle.pay import settle


def test_a_membership_waits_until_the_role_was_read_back_open(allowing: Lab) -> None:
    lab = allowing
    request = lab.ask("alice")
    lab.approve(request, "bob", pay=False)
    role = lab.row(request).role_target_id
    settling, member = lab.world.settling, lab.row(request).member_target_id or 0
    with ThreadPoolExecutor(1) as pool:
        with settling.during(role):
            settled = pool.submit(settle, lab.world, member)
            _until_noted(lab)
            before = lab.groups_of("alice")
            settling.opened(role, frozenset({request}))
            _until(lambda: bool(lab.groups_of("alice")))
        settled.result()
    between = lab.row(request).state
    lab.pay()

    assert not before
    assert between is State.APPROVED  # its role is not written down as open
    assert lab.row(request).state is State.ACTIVE


def test_a_place_that_was_noted_for_a_role_that_did_not_open_is_nobodys(allowing: Lab) -> None:
    lab = allowing
    request = lab.ask("alice")
    lab.approve(request, "bob", pay=False)
    role = lab.row(request).role_target_id
    with ThreadPoolExecutor(1) as pool:
        with lab.world.settling.during(role):
            settled = pool.submit(settle, lab.world, lab.row(request).member_target_id or 0)
            _until_noted(lab)
        settled.result()
    noted = _notes(lab)
    lab.home.add_user_to_group(GroupName=_group(lab), UserName="alice")  # a human, meanwhile
    lab.pay()
    lab.pass_time(hours=2)

    assert not noted
    assert lab.row(request).state is State.ENDED
    assert _group(lab) in lab.groups_of("alice")


def _until_noted(lab: Lab) -> None:
    _until(lambda: bool(_notes(lab)))


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
