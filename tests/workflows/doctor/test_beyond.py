"""Whether AWS holds more than the database knows of, unless somebody has accepted it."""

from pathlib import Path

from db.session import Database
from tests import databases
from tests.lab import KEY
from tests.workflows.doctor.test_findings import NOON, a_role, detail
from workflows import restore
from workflows.doctor.facts import OwnerFacts
from workflows.doctor.run import beyond
from workflows.documents import session_end
from workflows.documents.session_end import Anchor
from workflows.seen import RoleDetail


def test_a_database_behind_aws_is_told_until_its_restore_is_accepted(tmp_path: Path) -> None:
    told, role = a_role()
    url = f"sqlite:///{tmp_path / 'xacct.db'}"
    database = Database(url, key=KEY, now=lambda: NOON)
    databases.upgrade(database)
    held = session_end.anchored(session_end.render(role.arn, []), Anchor(99, "0123abcd"))
    unwritten, written = detail(role), detail(role, session_end=held)

    def found(seen: RoleDetail | None) -> list[str]:
        return beyond(url, told, [OwnerFacts(role.account, roles={role.key: seen})])

    assert (found(unwritten), found(written), found(None)) == ([], [role.key], [])
    with database.write() as session:
        restore.check(session, held, role=role.arn, at=NOON)
    assert found(written) == [role.key]
    with database.write() as session:
        restore.accept(session, by="ruth", at=NOON)
    assert found(written) == []
    database.close()
