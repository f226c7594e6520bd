"""A thousand grants that end in the same minute, while AWS answers each account slowly."""

import os
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from time import monotonic
from typing import Any, Final

from botocore.exceptions import ClientError
from rich.console import Console
from sqlalchemy import func, select

from db.lifecycle import State
from db.models import Request
from db.session import Database
from demo.accounts import bucket, let_assume_anything
from demo.stage import Stage
from sandbox.aws.process import Call, Keys
from sandbox.slack.process import NeverSeen
from tests.bench import calls, catalogs
from tests.bench.figures import Cpu, machine, percentile, table, used
from tests.bench.lending import Pair, lend
from workflows.catalog.model import Role

ACCOUNTS: Final = catalogs.names("owner", 20)
BY_TRUST: Final = catalogs.names("trust", 8)
BY_GROUP: Final = catalogs.names("group", 2)
SHARED: Final = 5  # grants of each role
PEOPLE: Final = catalogs.names("e", SHARED * (len(BY_TRUST) + len(BY_GROUP)))
"""Each holds one role of every account: 20 in all, four of them by a group."""

RATE: Final = 10  # calls a second that AWS takes of an account
AHEAD: Final = timedelta(minutes=10)
ASKED: Final = 100  # kept sessions, and as many keys
PATIENCE: Final = 150.0


@dataclass(frozen=True)
class Kept:
    """A session that lives beyond the end, and the keys it was taken with."""

    role: Role
    name: str
    sts: Any
    s3: Any


def measure(console: Console) -> None:
    with Stage.set_up(_catalog()) as stage:
        for name in PEOPLE:
            let_assume_anything(stage.aws, stage.catalog, name)
        begun = monotonic()
        until = (stage.clock.now() + AHEAD).replace(second=0, microsecond=0)
        pairs = _pairs(stage)
        lend(stage, pairs, until=until)
        lent = monotonic() - begun
        kept = _sessions(stage, pairs)
        stage.start_bot()
        _print(console, _storm(stage, until, kept), lent)


def _catalog() -> str:
    roles = [
        catalogs.role(ACCOUNTS, BY_TRUST, "trust-policy"),
        catalogs.role(ACCOUNTS, BY_GROUP, "allow-group"),
    ]
    return catalogs.catalog(PEOPLE, ACCOUNTS, roles)


def _pairs(stage: Stage) -> list[Pair]:
    """In each account others are in groups, so that nobody needs more than the ten AWS allows."""
    pairs = []
    for number, account in enumerate(stage.catalog.accounts):
        roles = [role for role in stage.catalog.roles_of(account) for _ in range(SHARED)]
        shift = number * SHARED * len(BY_GROUP)
        pairs += [(PEOPLE[(place + shift) % len(PEOPLE)], role) for place, role in enumerate(roles)]
    return pairs


def _sessions(stage: Stage, pairs: Sequence[Pair]) -> list[Kept]:
    return [_session(stage, *pair) for pair in pairs[:: len(pairs) // ASKED]]


def _session(stage: Stage, name: str, role: Role) -> Kept:
    sts = stage.aws.client("sts", stage.furnished.users[name])
    found = sts.assume_role(RoleArn=role.arn, RoleSessionName=name)["Credentials"]
    keys = Keys(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
    return Kept(role, name, sts, stage.aws.client("s3", keys))


@dataclass(frozen=True)
class Storm:
    """What came of it.

    Of `asked` calls AWS allowed `before` seconds before the end, and `late` within `asking` seconds
    from the end on. `tidied`: seconds from a grant's end until it was read back and called ended.
    """

    asked: int
    before: int
    asking: float
    late: int
    tidied: list[float]
    left: int
    calls: list[Call]
    cpu: str


def _storm(stage: Stage, until: datetime, kept: Sequence[Kept]) -> Storm:
    """The bot is frozen while the doors are tried: it has no part in that they are shut."""
    stage.clock.move_to(until - timedelta(seconds=10))
    with ThreadPoolExecutor(4) as pool:
        before = sum(pool.map(_comes_in, kept))
    cpu = Cpu.of(stage.bot_pid)
    with _frozen(stage), ThreadPoolExecutor(4) as pool:
        stage.until(lambda: stage.clock.now() >= until, what="the end")
        begun = monotonic()
        late = sum(pool.map(_comes_in, kept))
        asking = monotonic() - begun
        stage.aws.throttle(None, RATE, burst=RATE)
        stage.aws.forget_calls()
    with stage.database() as database:
        _wait(stage, database)
        tidied = _tidied(database, until)
        return Storm(
            asked=2 * len(kept),
            before=before,
            asking=asking,
            late=late,
            tidied=tidied,
            left=_left(database),
            calls=[call for call in stage.aws.calls() if calls.is_the_bots(call)],
            cpu=used(cpu, Cpu.of(stage.bot_pid)),
        )


@contextmanager
def _frozen(stage: Stage) -> Iterator[None]:
    assert stage.bot_pid is not None
    os.kill(stage.bot_pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(stage.bot_pid, signal.SIGCONT)


def _comes_in(kept: Kept) -> int:
    """How often AWS lets him: with the session he kept, and with his keys."""
    return _works(kept.s3.list_objects_v2, Bucket=bucket(kept.role.account)) + _works(
        kept.sts.assume_role, RoleArn=kept.role.arn, RoleSessionName=kept.name
    )


def _works(call: Any, **asked: str) -> bool:
    try:
        call(**asked)
    except ClientError:
        return False
    return True


def _wait(stage: Stage, database: Database) -> None:
    """Until all is tidied; what is not within PATIENCE is a figure too."""
    with suppress(NeverSeen):
        stage.until(lambda: not _left(database), what="all is tidied", within=PATIENCE)


def _left(database: Database) -> int:
    with database.read() as session:
        query = select(func.count()).where(Request.state != State.ENDED)
        return session.scalars(query).one()


def _tidied(database: Database, until: datetime) -> list[float]:
    with database.read() as session:
        query = select(Request.ended_at).where(Request.state == State.ENDED)
        found = [at for at in session.scalars(query) if at is not None]
    return [(at - until).total_seconds() for at in found]


def _print(console: Console, storm: Storm, lent: float) -> None:
    answered = [call for call in storm.calls if call.status != calls.THROTTLED]
    per_account = Counter(call.account_id for call in answered)
    home = next(call.account_id for call in storm.calls if "xacct-bot" in call.caller)
    owners = max(count for account, count in per_account.items() if account != home)
    many = len(storm.tidied) + storm.left
    results = table(f"storm: {many:,} grants of {many // SHARED:,} roles end in one minute", "", "")
    for name, value in {
        "let in seconds before the end": f"{storm.before} of {storm.asked} tries",
        f"let in at the end, within {storm.asking:.1f} s, the bot frozen": f"{storm.late}",
        **_times(storm.tidied),
        "not tidied": f"{storm.left}",
        "AWS calls per grant": f"{len(answered) / many:.1f}",
        "throttled per grant": f"{(len(storm.calls) - len(answered)) / many:.1f}",
        "no owner account could be faster than": _floor(owners),
        "the grantee account could not be faster than": _floor(per_account[home]),
        "processor time of the bot": storm.cpu,
    }.items():
        results.add_row(name, value)
    console.print(results)
    console.print(
        f"{len(ACCOUNTS)} owner accounts; AWS takes {RATE} calls a second of each account, the "
        f"grantee account too, {RATE} at once.\n"
        f"{len(BY_TRUST)} roles of each account by trust policy, {len(BY_GROUP)} by allow group. "
        f"Opened beforehand in {lent:.0f} s.\n"
        "tries: with sessions taken earlier, and with the engineers' own keys.\n"
        "tidied: from the end until it was read back and called ended. could not be faster: the "
        "calls that were\nanswered, at that rate. Neither AWS nor Slack has any latency here.\n"
        f"{machine()}\n"
    )


def _times(tidied: Sequence[float]) -> dict[str, str]:
    if len(tidied) < 2:
        return {}
    return {
        "tidied, p50": f"{median(tidied):.1f} s",
        "tidied, p99": f"{percentile(tidied, 99):.1f} s",
        "tidied, longest": f"{max(tidied):.1f} s",
    }


def _floor(count: int) -> str:
    return f"{max(0, count - RATE) / RATE:.1f} s ({count} calls)"
