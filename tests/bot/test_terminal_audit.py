"""`xacct audit` in the terminal: the same questions, as table, CSV or JSON Lines, and followed."""

import csv
import io
import json
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.command.moments import Here
from bot.command.question import Asker, question
from db import audit
from db.session import Database
from sandbox.aws.process import SandboxAws
from sandbox.slack.process import SandboxSlack
from tests import databases
from tests.bot.test_process import KEY, Terminal

THEIRS = ("user:u0", "user:u1", "user:u2")
"""All rows but those that say that somebody asked."""

AT = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


@pytest.fixture
def terminal(slack: SandboxSlack, aws: SandboxAws, tmp_path: Path) -> Terminal:
    """With a log of thirty rows."""
    terminal = Terminal(slack, aws, tmp_path)
    database = the_database(terminal)
    databases.upgrade(database)
    for number in range(30):
        say(database, number)
    database.close()
    return terminal


def the_database(terminal: Terminal) -> Database:
    key = audit.Key(KEY.encode())
    file = terminal.folder / "xacct.db"
    return Database(f"sqlite:///{file}", key=key, now=lambda: datetime.now(UTC))


def say(database: Database, number: int) -> None:
    with database.write() as session:
        audit.say(
            session,
            "refused" if number % 2 else "denied",
            actor=f"U{number % 3}",
            at=AT + timedelta(days=number),
            role=f"prod-{number % 5}/admin",
            reason=f"because of {number}",
        )


def test_a_question_is_answered_as_in_slack(terminal: Terminal) -> None:
    code, said = terminal.xacct("audit", "user:u1", "role:prod-*/admin", "-action:refused")

    assert code == 0
    assert "because of 4" in said
    assert "because of 7" not in said
    assert "because of 3" not in said


def test_an_answer_of_nothing_is_said(terminal: Terminal) -> None:
    assert terminal.xacct("audit", "user:nobody") == (
        0,
        "The audit log has nothing of that kind.\n",
    )


def test_words_with_spaces_are_one_phrase(terminal: Terminal) -> None:
    def found(*words: str) -> list[int]:
        lines = terminal.xacct("audit", "--format", "json", *words, *THEIRS)[1].splitlines()
        return [json.loads(line)["number"] for line in lines]

    assert found("because of 17") == [18]
    assert found("of because 17") == []
    assert found("of", "because", "17") == [18]
    assert found("role:prod-2/admin -action:denied since:2026-02-16") == [18, 28]


def test_the_newest_come_last_in_a_table_and_there_are_twenty(terminal: Terminal) -> None:
    said = terminal.xacct("audit", "role:admin")[1]
    shown = [line.split("│")[1].strip() for line in said.splitlines() if "│" in line]

    assert [one for one in shown if one] == [str(number) for number in range(11, 31)]
    assert "│ 30 " in (last := terminal.xacct("audit", "role:admin", "--last", "1")[1])
    assert "│ 29 " not in last


def test_csv_and_json_hold_all_rows_the_oldest_first(terminal: Terminal) -> None:
    table = terminal.xacct("audit", "--format", "csv", *THEIRS)[1]
    rows = list(csv.DictReader(io.StringIO(table)))
    lines = terminal.xacct("audit", "--format", "json", *THEIRS)[1].splitlines()

    assert [json.loads(row["facts"])["reason"] for row in rows] == [
        f"because of {number}" for number in range(30)
    ]
    assert [json.loads(line)["number"] for line in lines] == list(range(1, 31))


def test_an_agent_goes_on_behind_the_row_it_had(terminal: Terminal) -> None:
    said = terminal.xacct("audit", "--format", "json", "--after", "28", *THEIRS)[1]

    assert [json.loads(line)["number"] for line in said.splitlines()] == [29, 30]


@contextmanager
def following(terminal: Terminal, *words: str) -> Iterator["subprocess.Popen[str]"]:
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's `&` may have switched it off
    process = terminal.start("audit", "--follow", *words)
    signal.signal(signal.SIGINT, before)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def test_following_shows_each_row_as_it_comes(terminal: Terminal) -> None:
    with following(terminal, "--after", "29", *THEIRS) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["number"] == 30
        database = the_database(terminal)
        for number in (30, 31):
            say(database, number)
        database.close()

        reasons = [json.loads(process.stdout.readline())["facts"]["reason"] for _ in range(2)]
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)

    assert reasons == ["because of 30", "because of 31"]
    assert process.returncode == 130
    assert "Traceback" not in err


def test_who_reads_only_the_beginning_hears_no_complaint(terminal: Terminal) -> None:
    with following(terminal, "--format", "json") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        database = the_database(terminal)
        for number in range(3):
            say(database, number)
        database.close()
        assert process.stderr is not None
        err = process.stderr.read()
        process.wait(timeout=20)
    assert "Traceback" not in err
    assert process.returncode == 0


def test_what_is_left_out_may_begin_with_any_letter(terminal: Terminal) -> None:
    """`-h` alone is help."""
    database = the_database(terminal)
    with database.write() as session:
        audit.say(session, "denied", actor="U9", at=AT, reason="a hotfix")
        audit.say(session, "denied", actor="U9", at=AT, reason="a feature")
    database.close()

    code, said = terminal.xacct("audit", "-hotfix", "user:u9")

    assert code == 0
    assert "a feature" in said
    assert "a hotfix" not in said
    assert "usage:" in terminal.xacct("audit", "-h")[1]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["acount:prod"], "There is no `acount:`"),
        (["since:2026-02-30"], "is no time"),
        (["--format", "xml"], "invalid choice"),
        (["--follow", "--format", "table"], "a table does not"),
        (["--colour"], "unrecognized arguments"),
        (["verify", "me"], "takes no question"),
        (["verify", "--follow"], "--follow goes with a question"),
        (["--anchor", "12:9f3a2b1c"], "--anchor goes with"),
        (["verify", "--anchor", "12"], "1234:9f3a2b1c"),
        (["verify", "--anchor", "0:9f3a2b1c"], "1234:9f3a2b1c"),
        (["--last", "0"], "from 1 to"),
    ],
)
def test_what_is_wrong_is_said_without_a_traceback(
    terminal: Terminal, words: list[str], sentence: str
) -> None:
    code, said = terminal.xacct("audit", *words)

    assert code == 2
    assert sentence in said
    assert "Traceback" not in said


def test_asking_and_checking_are_recorded_with_who_did_it(terminal: Terminal) -> None:
    terminal.xacct("audit", "user:u1")
    terminal.xacct("audit", "verify")

    lines = terminal.xacct("audit", "--format", "json", "--after", "30")[1].splitlines()

    asked, checked = (json.loads(line) for line in lines[:2])
    assert (asked["event"], asked["facts"]["question"]) == ("read the audit log", "user:u1")
    assert asked["actor"]
    assert (checked["event"], checked["facts"]["rows"]) == ("verified the audit log", 31)
    assert checked["actor"] == asked["actor"]


def test_nobody_chooses_by_what_name_he_is_recorded(terminal: Terminal) -> None:
    terminal.env |= dict.fromkeys(("LOGNAME", "USER", "LNAME", "USERNAME"), "U0ALICE")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        terminal.env[name] = "none"

    terminal.xacct("audit", "x")
    lines = terminal.xacct("audit", "--format", "json", "--after", "30")[1].splitlines()

    assert json.loads(lines[0])["actor"] == pwd.getpwuid(os.getuid()).pw_name


def test_verify_says_how_far_it_went_and_what_it_cannot_know(terminal: Terminal) -> None:
    code, said = terminal.xacct("audit", "verify")
    assert code == 0
    assert "30 rows, none changed, removed, put in or moved" in said
    assert "held against no anchor" in said

    database = the_database(terminal)
    with database.read() as session:
        number, signed = audit.head(session)
    database.close()
    code, said = terminal.xacct("audit", "verify", "--anchor", f"{number}:{signed[:8]}")
    assert code == 0
    assert f"The newest anchor that it was held against is of row {number}" in said
    code, said = terminal.xacct("audit", "verify", "--anchor", f"{number}:00000000")
    assert code == 1
    assert f"row {number} has another hash than its anchor {number}:00000000" in said


def test_a_key_that_was_replaced_is_told_and_a_start_with_the_new_one_says_so(
    terminal: Terminal,
) -> None:
    terminal.env["XACCT_AUDIT_KEY"] = "another key that is long enough for it"
    code, said = terminal.xacct("audit", "verify")
    assert code == 1
    assert "row 1 was signed with a key that is not told here" in said

    terminal.env["XACCT_AUDIT_OLDER_KEYS"] = KEY.replace(" ", "")
    assert "row 1 was signed" in terminal.xacct("audit", "verify")[1]


def test_whatever_somebody_wrote_stands_in_the_table_as_it_is(terminal: Terminal) -> None:
    strange = "[/red] :fire: [link=x]y[/link]"
    database = the_database(terminal)
    with database.write() as session:
        audit.say(session, "denied", actor="U9", at=AT, reason=strange)
    database.close()

    code, said = terminal.xacct("audit", "user:u9")

    assert code == 0
    assert [one for one in strange.split() if one not in said] == []


def test_a_verdict_is_told_though_nothing_can_be_recorded_any_more(terminal: Terminal) -> None:
    database = the_database(terminal)
    with databases.tampering(database) as connection:
        connection.exec_driver_sql("DELETE FROM audit_head")
    database.close()

    code, said = terminal.xacct("audit", "verify")

    assert code == 1
    assert "does NOT hold" in said
    assert "That it was checked is not recorded" in said


@pytest.mark.parametrize("words", [["user:u1"], ["anchor"], ["verify"]])
def test_the_terminal_writes_no_row_with_another_key_than_xacct(
    terminal: Terminal, words: list[str]
) -> None:
    """It would break the chain for good."""
    terminal.env["XACCT_AUDIT_KEY"] = "another key that is long enough for it"
    code, said = terminal.xacct("audit", *words)
    assert code == (1 if words == ["verify"] else 2)
    assert "set the key that xacct runs with" in said

    terminal.env["XACCT_AUDIT_KEY"] = KEY
    code, said = terminal.xacct("audit", "verify")
    assert code == 0
    assert "30 rows" in said


@pytest.fixture
def amsterdam() -> Iterator[None]:
    """This machine stands there."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Europe/Amsterdam"
    time.tzset()
    yield
    del os.environ["TZ"]
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.usefixtures("amsterdam")
def test_a_day_of_summer_begins_when_it_began_there_though_it_is_winter() -> None:
    winter = Asker(datetime(2026, 11, 29, 13, 0, tzinfo=UTC), Here())

    found = question("since:2026-07-01 until:2026-11-28", winter)

    assert found.since == datetime(2026, 6, 30, 22, 0, tzinfo=UTC)
    assert found.until == datetime(2026, 11, 28, 23, 0, tzinfo=UTC)
    assert question("since:13:59", winter).since == datetime(2026, 11, 29, 12, 59, tzinfo=UTC)
