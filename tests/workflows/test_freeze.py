"""A freeze: nothing of what it names opens, everything else does, and what is open stays so."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.lifecycle import State
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.lab import Lab, slack_id, some_catalog
from workflows import access
from workflows.access import Scope
from workflows.catalog.model import Delivery, Mechanism
from workflows.errors import AlreadySettled, NotAllowed, NotFound


@pytest.fixture(params=[Mechanism.TRUST_POLICY, Mechanism.ALLOW_GROUP])
def lab(
    request: pytest.FixtureRequest, aws: SandboxAws, clock: SharedClock, tmp_path: Path
) -> Iterator[Lab]:
    catalog = some_catalog(
        mechanism=request.param, users=("alice", "carol"), delivery=Delivery.CREDENTIALS
    )
    with Lab(aws, clock, f"sqlite:///{tmp_path / 'xacct.db'}", catalog) as lab:
        yield lab


def freeze(lab: Lab, scope: Scope, by: str = "root") -> None:
    with lab.database.write() as session:
        access.freeze(
            session, lab.catalog, scope, by=lab.person(by), reason="", now=lab.clock.now()
        )


def thaw(lab: Lab, scope: Scope) -> None:
    with lab.database.write() as session:
        access.thaw(session, lab.catalog, scope, by=lab.person("root"), now=lab.clock.now())


def scopes(lab: Lab) -> list[Scope]:
    return [Scope(), Scope(account=lab.role.account), Scope(user=slack_id("carol"))]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_what_was_approved_before_a_freeze_opens_when_it_is_thawed(lab: Lab, number: int) -> None:
    scope = scopes(lab)[number]
    request = lab.ask("carol")
    lab.approve(request, "bob", pay=False)
    freeze(lab, scope)

    lab.pay_once()

    assert lab.row(request).state is State.APPROVED
    assert lab.visit("carol").answer == "AccessDenied"
    thaw(lab, scope)
    lab.pass_time(seconds=10)
    assert lab.visit("carol").answer == "ok"


def test_a_freeze_that_lasts_longer_than_an_opening_is_tried_ends_it(lab: Lab) -> None:
    request = lab.ask("carol")
    lab.approve(request, "bob", pay=False)
    freeze(lab, Scope(user=slack_id("carol")))

    lab.pass_time(minutes=16)

    assert lab.row(request).state is State.ENDED
    thaw(lab, Scope(user=slack_id("carol")))
    lab.pass_time(seconds=10)
    assert lab.visit("carol").answer == "AccessDenied"


def test_others_are_not_held_by_the_freeze_of_a_person(lab: Lab) -> None:
    freeze(lab, Scope(user=slack_id("carol")))

    lab.lend("alice")

    assert lab.visit("alice").answer == "ok"
    with pytest.raises(NotAllowed, match="frozen"):
        lab.ask("carol")


@pytest.mark.parametrize("number", [0, 1, 2])
def test_what_is_open_stays_open_but_gives_no_credentials(lab: Lab, number: int) -> None:
    request = lab.lend("carol")

    freeze(lab, scopes(lab)[number])
    lab.pass_time(seconds=61)

    assert lab.row(request).state is State.ACTIVE
    assert lab.visit("carol").answer == "ok"
    with pytest.raises(NotAllowed, match="on hold"):
        lab.mint(request, "carol")


def test_each_freeze_is_thawed_by_itself(lab: Lab) -> None:
    everything, account, _ = scopes(lab)
    freeze(lab, everything)
    freeze(lab, account)
    with pytest.raises(AlreadySettled, match="Everything is frozen already"):
        freeze(lab, everything)

    thaw(lab, everything)

    with pytest.raises(NotAllowed, match="frozen"):
        lab.ask("carol")
    with pytest.raises(NotFound, match="Everything is not frozen"):
        thaw(lab, everything)


def test_who_is_no_administrator_freezes_thaws_and_ends_nothing(lab: Lab) -> None:
    request = lab.lend("carol")
    with pytest.raises(NotAllowed, match="Only an administrator"):
        freeze(lab, Scope(), by="bob")
    with pytest.raises(NotAllowed, match="Only an administrator"), lab.database.write() as session:
        access.end_all(session, lab.catalog, Scope(), by=lab.person("bob"), now=lab.clock.now())

    assert lab.row(request).state is State.ACTIVE


def test_everything_that_is_open_or_waits_ends_in_one_transaction(lab: Lab) -> None:
    lent = [lab.lend("carol"), lab.lend("alice", machine="ci")]
    waiting = lab.ask("alice")
    session_of_carol = lab.visit("carol").session

    with lab.database.write() as session:
        access.end_all(session, lab.catalog, Scope(), by=lab.person("root"), now=lab.clock.now())
    lab.pay()

    assert [lab.row(one).state for one in lent] == 2 * [State.ENDED]
    assert lab.row(waiting).state is State.CANCELLED
    assert not lab.works(session_of_carol)
