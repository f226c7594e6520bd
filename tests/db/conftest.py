"""A migrated database of each kind, and rows to begin with."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from db import audit
from db.models import Request, TargetKind
from db.session import Database
from db.store import requests, targets
from db.store.targets import Address
from tests import databases

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
KEY = audit.Key(b"the key of the database tests, long enough")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url, key=KEY, now=lambda: NOON)
    databases.upgrade(database)
    yield database
    database.close()


def a_request(database: Database, name: str = "alice") -> int:
    """A pending request of one user for one role; returns its number."""
    with database.write() as session:
        role = targets.ensure(session, address(TargetKind.ROLE, "role/xacct/admin"))
        member = targets.ensure(session, address(TargetKind.MEMBER, f"user/{name}"))
        return requests.file(session, row(role.id, member.id, name)).id


def address(kind: TargetKind, of: str) -> Address:
    return Address(
        kind=kind,
        arn=f"arn:aws:iam::444455556666:{of}",
        account_id="444455556666",
        name=of.rpartition("/")[2],
        manager_arn="arn:aws:iam::444455556666:role/manager",
        external_id="x",
    )


def row(role_target_id: int, member_target_id: int | None, name: str) -> Request:
    return Request(
        role_target_id=role_target_id,
        member_target_id=member_target_id,
        team="T1",
        requester=f"U{name}",
        email=None,
        account_id="444455556666",
        account_name="prod-payments",
        partition="aws",
        role_name="admin",
        role_arn="arn:aws:iam::444455556666:role/xacct/admin",
        mechanism="allow-group",
        group_name="allow",
        delivery="link",
        session_end=True,
        grantee_kind="user",
        grantee_name=name,
        grantee_arn=f"arn:aws:iam::111122223333:user/{name}",
        session_name=name,
        approvals_needed=1,
        seconds=3600,
        reason="fix",
        channel="C1",
        asked_at=NOON,
        lapses_at=NOON + timedelta(hours=4),
    )
