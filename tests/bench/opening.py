"""How long from the last approval until the engineer's own keys open the role, and at what cost."""

from collections import Counter
from dataclasses import dataclass, field
from time import monotonic

from rich.console import Console

from demo.__main__ import CATALOG
from demo.door import Caller
from demo.scene import Scene, headline, slack_id
from demo.stage import Stage
from demo.story import ROLE
from demo.telling import Telling
from sandbox.aws.process import Keys
from sandbox.slack.process import NeverSeen
from tests.bench.figures import milliseconds, percentile, table
from workflows.catalog.model import Role
from workflows.settle.opening import APART

TIMES = 30
PATIENCE = 30.0
LATENCIES = (0.0, 0.03)  # seconds in each call of AWS; IAM's own are of this order


@dataclass
class Measured:
    opened: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)
    opening_calls: list[Counter[str]] = field(default_factory=list)
    ending_calls: list[Counter[str]] = field(default_factory=list)


def measure(console: Console) -> None:
    times = table(
        f"opening: from Approve until the engineer's keys open the role, {TIMES} times",
        *("AWS's latency", "open p50", "open p99", "revoked p50", "revoked p99"),
        *("calls to open", "calls to end"),
    )
    calls = table("AWS calls, on average", "call", "to open", "to end")
    measured = Measured()
    for latency in LATENCIES:
        measured = _loans(latency)
        times.add_row(
            milliseconds(latency),
            *(milliseconds(percentile(measured.opened, n)) for n in (50, 99)),
            *(milliseconds(percentile(measured.ended, n)) for n in (50, 99)),
            _mean(measured.opening_calls),
            _mean(measured.ending_calls),
        )
    for action in sorted({name for one in _all(measured) for name in one}):
        calls.add_row(
            action,
            _mean(measured.opening_calls, action),
            _mean(measured.ending_calls, action),
        )
    console.print(times)
    console.print(calls)
    console.print(
        "open: until the start of the first AssumeRole that AWS allowed. revoked: from the typed\n"
        "command until AWS refused a live session. Both are tried without pause: exact to one\n"
        "call. Calls are the bot's own; in the second table those of the last row.\n"
    )


def _loans(latency: float) -> Measured:
    measured = Measured()
    with Stage.set_up(CATALOG.read_text()) as stage:
        stage.start_bot()
        stage.aws.slow(latency)
        scene = Scene(stage, Telling(Console(quiet=True)))
        alice, role = scene.door.user("alice"), scene.role(ROLE)
        for number in range(TIMES + 1):
            _loan(scene, alice, role, measured if number else Measured())  # the first one warms up
    return measured


def _loan(scene: Scene, alice: Caller, role: Role, measured: Measured) -> None:
    stage = scene.stage
    card = scene.asks("alice", "request prod-payments admin 1h measure it")
    stage.aws.forget_calls()
    begun = monotonic()
    scene.slack.click(slack_id("bob"), card, "approve")
    session, when = _first_entry(scene, alice, role)
    measured.opened.append(when - begun)
    stage.until(lambda: headline(scene.now(card)).startswith("Active"), what="the card is active")
    measured.opening_calls.append(_calls(stage))

    stage.aws.forget_calls()
    begun = monotonic()
    scene.slack.command(slack_id("bob"), "revoke @alice")
    measured.ended.append(_first_refusal(scene, session, role) - begun)
    scene.ended(card)
    measured.ending_calls.append(_calls(stage))
    stage.clock.move(APART * 2)  # or the next one would wait, to be told from this one


def _first_entry(scene: Scene, alice: Caller, role: Role) -> tuple[Keys, float]:
    """The session, and when it was asked for."""
    given_up = monotonic() + PATIENCE
    while (tried := monotonic()) < given_up:
        session = scene.door.knock(alice, role).session
        if session is not None:
            return session, tried
    raise NeverSeen(f"alice is not let in; the bot said:\n{scene.stage.last_lines()}")


def _first_refusal(scene: Scene, session: Keys, role: Role) -> float:
    given_up = monotonic() + PATIENCE
    while (tried := monotonic()) < given_up:
        if not scene.door.look_inside(session, role).ok:
            return tried
    raise NeverSeen(f"alice is not put out; the bot said:\n{scene.stage.last_lines()}")


def _calls(stage: Stage) -> Counter[str]:
    """The bot's: its sessions of the manager roles, and what it signs to get them."""
    made = stage.aws.calls()
    return Counter(call.action for call in made if "xacct" in call.caller)


def _all(measured: Measured) -> list[Counter[str]]:
    return measured.opening_calls + measured.ending_calls


def _mean(counters: list[Counter[str]], action: str | None = None) -> str:
    counts = [one.total() if action is None else one[action] for one in counters]
    return f"{sum(counts) / len(counts):.1f}"
