"""Bugs of what is remembered for good: the audit log, and its anchors."""

from typing import Final

from tests.planted.bug import Bug

_APPENDED: Final = "tests/db/test_append_only.py"
_ANCHORED: Final = "tests/bot/test_anchors.py"

OF_THE_LOG: Final = (
    Bug(
        "a row of the audit log is replaced on SQLite",
        "db/guards.py",
        '_THERE: Final = "EXISTS (SELECT 1 FROM audit WHERE number = NEW.number)"',
        '_THERE: Final = "NEW.number < 0"',
        (_APPENDED,),
    ),
    Bug(
        "a trigger of the audit log sleeps in a session that replicates",
        "db/guards.py",
        "ENABLE ALWAYS TRIGGER",
        "ENABLE TRIGGER",
        (_APPENDED,),
    ),
    Bug(
        "xacct's role may delete from the audit log",
        "db/rights.py",
        'Audit.__tablename__: "SELECT, INSERT",',
        'Audit.__tablename__: "SELECT, INSERT, DELETE",',
        (_APPENDED,),
    ),
    Bug(
        "rights on the audit log that were given by hand stay",
        "db/rights.py",
        'f"REVOKE ALL ON {table} FROM PUBLIC, {who}"',
        'f"REVOKE TRUNCATE ON {table} FROM PUBLIC, {who}"',
        (_APPENDED,),
    ),
    Bug(
        "an anchor is written over",
        "workflows/aws/objects.py",
        '                    IfNoneMatch="*",\n',
        "",
        (f"{_ANCHORED}::test_xacct_writes_over_nothing_and_takes_nothing_away",),
    ),
    Bug(
        "what lies in an anchor's place is taken for it",
        "workflows/anchors.py",
        " and _said(objects.read(name)) != made.hash:",
        " and not name:",
        (f"{_ANCHORED}::test_what_somebody_put_in_an_anchors_place_is_trouble_and_stays_there",),
    ),
    Bug(
        "two processes make two anchors of a day",
        "db/store/anchors.py",
        'key = day if day is not None else f"asked {number}"',
        'key = f"{day} {number}"',
        ("tests/workflows/test_anchors.py",),
    ),
)
