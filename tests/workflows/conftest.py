"""A lab for each mechanism."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.lab import Lab, some_catalog
from workflows.catalog.model import Mechanism

USERS = ("alice", "bob", "carol")


def lab_of(mechanism: Mechanism, aws: SandboxAws, clock: SharedClock, folder: Path) -> Lab:
    catalog = some_catalog(mechanism=mechanism, users=USERS)
    return Lab(aws, clock, f"sqlite:///{folder / 'xacct.db'}", catalog, USERS)


@pytest.fixture
def allowing(aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Iterator[Lab]:
    with lab_of(Mechanism.ALLOW_GROUP, aws, clock, tmp_path) as lab:
        yield lab


@pytest.fixture
def denying(aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Iterator[Lab]:
    with lab_of(Mechanism.DENY_GROUP, aws, clock, tmp_path) as lab:
        yield lab


@pytest.fixture
def trusting(aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Iterator[Lab]:
    with lab_of(Mechanism.TRUST_POLICY, aws, clock, tmp_path) as lab:
        yield lab
