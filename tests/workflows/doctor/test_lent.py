"""What is lent is as it must be: while a grant is open, and after it ended early."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.lifecycle import State
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.lab import Lab, some_catalog
from workflows.aws.fence import Managers
from workflows.aws.lookup import Lookup
from workflows.aws.trail import Trail
from workflows.aws.vendor import Vendor
from workflows.catalog.model import Mechanism
from workflows.doctor import run
from workflows.doctor.finding import Finding
from workflows.doctor.read import Ways


@pytest.fixture
def lab(aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Iterator[Lab]:
    catalog = some_catalog(mechanism=Mechanism.DENY_GROUP, users=("alice", "bob", "carol"))
    with Lab(aws, clock, f"sqlite:///{tmp_path / 'xacct.db'}", catalog) as lab:
        yield lab


def findings(lab: Lab) -> list[Finding]:
    ways = Ways(
        Managers(lab.session(), clock=lab.clock, run="doctor"),
        Vendor(lab.session(), run="doctor"),
        Trail(Lookup(lab.session(), run="doctor", apart=0)),
    )
    now = lab.clock.now()
    found = run.accounts(ways, lab.catalog, now=now, said=lambda: None)
    sections = run.sections(lab.catalog, found, now=now)
    url = str(lab.database.url)
    assert run.beyond(url, lab.catalog, found.owners) == []
    return [one for section in sections for one in section.findings]


def test_a_grant_and_what_is_left_of_it_are_no_finding(lab: Lab) -> None:
    request = lab.lend("alice")
    assert lab.row(request).state is State.ACTIVE
    assert lab.groups_of("alice") == []
    while_open = findings(lab)
    lab.revoke(request, "bob")
    lab.pass_time(minutes=1)

    assert (while_open, findings(lab)) == ([], [])
    assert lab.row(request).state is State.ENDED
