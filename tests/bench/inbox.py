"""How soon what people type and click is acknowledged, each a committed row by then."""

from dataclasses import dataclass
from time import monotonic

from rich.console import Console
from sqlalchemy import func, select

from bot.desk import BUSY
from db.models import Inbox
from demo.__main__ import CATALOG
from demo.scene import Scene, slack_id
from demo.stage import Stage
from demo.telling import Telling
from sandbox.slack.values import Message, Reply, Shot
from tests.bench.figures import Cpu, milliseconds, percentile, table, used

RATES = (200, 600)  # a second
SECONDS = 5
ENGINEERS = 20
CARDS = 10
LATE = "operation_timeout"
PAYING = 120.0  # seconds; what is older is not done any more


def measure(console: Console) -> None:
    columns = [_measured(rate) for rate in RATES]
    title = f"inbox: half /xacct request, half clicks on Approve, for {SECONDS} s"
    results = table(title, "", *(f"{rate}/s" for rate in RATES))
    for name in columns[0]:
        results.add_row(name, *(column[name] for column in columns))
    console.print(results)
    console.print(
        "Slack, AWS and the bot share this machine's processors.\n"
        "late: not acknowledged within 3 s. busy: told that nothing was recorded, please repeat.\n"
        "lost: sent, and neither a row nor busy. paid: every row dealt with, after the last shot.\n"
    )


def _measured(rate: int) -> dict[str, str]:
    with Stage.set_up(_catalog()) as stage:
        stage.start_bot()
        return _burst(stage, rate)


def _catalog() -> str:
    """The demo's catalog with more people in it."""
    names = [f"eng{number}" for number in range(ENGINEERS)]
    more = "".join(f"  - slack: {slack_id(name)}\n    iam_user: {name}\n" for name in names)
    return CATALOG.read_text().replace("\npeople:\n", f"\npeople:\n{more}")


def _burst(stage: Stage, rate: int) -> dict[str, str]:
    shots = _shots(_cards(stage), rate * SECONDS)
    rows, busy, cpu = _rows(stage), _busy_whispers(stage), Cpu.of(stage.bot_pid)
    replies = stage.slack.burst(shots, rate=rate)
    ended, after = monotonic(), Cpu.of(stage.bot_pid)
    stage.until(lambda: _rows(stage).owed == 0, what="every row is paid", within=PAYING)
    paid = monotonic() - ended
    told = sum(_is_busy(reply) for reply in replies) + _busy_whispers(stage) - busy
    written = _rows(stage).written - rows.written
    acked = [reply.latency for reply in replies if reply.acked]
    return {
        "sent": f"{len(shots):,}",
        "acknowledged, p50": milliseconds(percentile(acked, 50)),
        "acknowledged, p99": milliseconds(percentile(acked, 99)),
        "acknowledged, longest": milliseconds(max(acked)),
        "late": f"{sum(reply.error == LATE for reply in replies):,}",
        "rows written": f"{written:,}",
        "busy": f"{told:,}",
        "lost": f"{max(0, len(shots) - written - told):,}",
        "twice": f"{max(0, written + told - len(shots)):,}",
        "processor time of the bot": used(cpu, after),
        "paid": f"{paid:.1f} s",
    }


def _cards(stage: Stage) -> list[Message]:
    """Requests that wait for a decision."""
    scene = Scene(stage, Telling(Console(quiet=True)))
    return [
        scene.asks(f"eng{number}", "request prod-payments admin 1h before the burst")
        for number in range(CARDS)
    ]


def _shots(cards: list[Message], count: int) -> list[Shot]:
    """Requests by many, every second shot; between them Bob's clicks, again and again."""
    shots = []
    for number in range(count // 2):
        who = slack_id(f"eng{number % ENGINEERS}")
        shots.append(Shot.command(who, f"request dev-payments admin 1h shot {number}"))
        shots.append(_click(cards[number % len(cards)]))
    return shots


def _click(card: Message) -> Shot:
    """On the card as it was, also when it has been redrawn meanwhile."""
    where = {"channel": card.channel, "ts": card.ts}
    old = card.element("approve")
    args = {"user": slack_id("bob"), "on": where, "action_id": "approve"}
    return Shot("click", {**args, "forged": True, "remembered": old})


@dataclass(frozen=True)
class Rows:
    written: int
    owed: int


def _rows(stage: Stage) -> Rows:
    with stage.database() as database, database.read() as session:
        written = session.scalars(select(func.count()).select_from(Inbox)).one()
        owed = session.scalars(
            select(func.count()).select_from(Inbox).where(Inbox.try_at.is_not(None))
        ).one()
    return Rows(written, owed)


def _is_busy(reply: Reply) -> bool:
    return (reply.payload or {}).get("text") == BUSY


def _busy_whispers(stage: Stage) -> int:
    """Answers that could not stand in the acknowledgement: those to clicks."""
    return sum(said.text == BUSY for said in stage.slack.ephemerals(slack_id("bob")))
