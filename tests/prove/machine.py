"""What stays the same whatever is tried: paying, letting time pass, and comparing with AWS."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Final, TypeVar

from hypothesis.stateful import RuleBasedStateMachine, invariant
from sqlalchemy import select

from db import audit
from db.models import Request, Target
from sandbox.aws.process import Keys
from tests.lab import KEY
from tests.prove.model import Kept, Loan, Model, Pair, Said, Stand, Verdict
from tests.prove.place import ADMIN, BREAKGLASS, DEPLOY, ENGINEERS, LONGEST, PAIRS, Place
from tests.prove.wire import Step
from workflows.world import World

APPROVERS: Final = frozenset({"alice", "bob", "dora"})
NEEDS: Final = {ADMIN: 1, BREAKGLASS: 2, DEPLOY: 1}
ROUNDS: Final = 40
"""Payments of everything due, with AWS healthy, after which nothing may be owed any more."""

T = TypeVar("T")

GRID: Final = timedelta(seconds=5)
SETTLED: Final = timedelta(seconds=61)  # what is read later than this after a write is not stale
LEASED: Final = timedelta(minutes=3)  # so long a dead worker keeps a target from being compared
BEFORE: Final = timedelta(seconds=2)
KEPT_ENDS: Final = timedelta(hours=12)


def when(
    holds: Callable[["Bench"], object] = lambda _: True,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Where it does not hold nothing is done, so what is drawn never depends on what happened."""

    def wrap(do: Callable[..., None]) -> Callable[..., None]:
        @wraps(do)
        def acting(self: "Bench", **drawn: Any) -> None:
            if holds(self):
                self.begin_acting()
                do(self, **drawn)
                self.acted = True

        return acting

    return wrap


class Bench(RuleBasedStateMachine):
    """Everything that can happen to a few grantees of three roles."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place, self.model = place, Model()
        self.steps: dict[int, Step] = {}
        self.sessions: list[tuple[Kept, Keys]] = []
        self.barred = False
        self.rested = True
        self.members = {(name, BREAKGLASS) for name in ENGINEERS}
        self.theirs: dict[str, list[dict[str, Any]]] = {role: [] for role in NEEDS}
        self.written = 0
        self.spoiled: set[str] = set()
        self.ids = place.ids()
        self.acted = True
        self.began = self.now

    def begin_acting(self) -> None:
        """Each step begins on a grid of time, so that a run is the same on a slow machine."""
        since = self.now - self.began
        self.place.clock.move_to(self.began + (since // GRID + 1) * GRID)

    @property
    def now(self) -> datetime:
        return self.place.clock.now()

    @property
    def world(self) -> World:
        """The process that runs all the time; others come and go."""
        return self.place.world

    @property
    def healthy(self) -> bool:
        return not (self.place.wire.out or self.barred)

    @property
    def quiet(self) -> bool:
        """AWS is healthy, and no worker stands in the middle of something."""
        return self.healthy and not self.steps

    def _perhaps_in(self) -> list[Pair]:
        return [one for one in PAIRS if self.model.door(one, self.now, self.now) is not Verdict.OUT]

    def _vending(self) -> list[Loan]:
        return [one for one in self.model.loans.values() if one.pair.role == DEPLOY]

    def _next_end(self) -> datetime | None:
        ends = [one.end for one in self.model.loans.values() if one.end and one.end > self.now]
        return min(ends, default=None)

    def _heal(self) -> None:
        self.place.wire.out.clear()
        if self.barred:
            self.barred = False
            self.place.unbar(self._owner_manager)

    @property
    def _owner_manager(self) -> str:
        return self.place.catalog.accounts[0].manager_arn.rpartition("/")[2]

    def _about_to_write(self) -> bool:
        """IAM has no compare-and-set: an edit between the last read and the write is lost."""
        stops = {step.at for step in self.steps.values()}
        return bool(stops & {"after role", "before write_trust"})

    def _then(self, then: str) -> None:
        self.rested = False
        if then == "rest" and self.healthy:
            self._rest()
        elif then == "pay once":
            self._pay_once()

    def _pay_once(self) -> bool:
        """Pays what is due now; whether there was anything."""
        due = self.place.debts(self.world)
        for debt, key in due:
            debt.pay(key)
        return bool(due)

    def _rest(self) -> None:
        """Pays, and lets time pass, until nothing is owed; then the card is compared with AWS."""
        for _ in range(ROUNDS):
            if not self._pay_once():
                if not (owing := self._owing()):
                    break
                self.place.clock.move_to(self._next_due(owing))
        else:
            said = [(one.id, one.state, one.trouble) for one in self._owing()]
            raise AssertionError(f"still owed after {ROUNDS} payments: {said}")
        self._told()
        self.rested = True
        self._compare()

    def _rest_for_good(self) -> None:
        """At rest, and so long after the last opening that no read of it is taken for stale."""
        self._rest()
        opened = [one.open_since for one in self.model.loans.values() if one.stand is Stand.OPEN]
        fresh = [at for at in opened if at is not None and at + SETTLED > self.now]
        if fresh:
            self.place.clock.move(SETTLED)
            self._rest()

    def _drift(self) -> None:
        """What the drift job does; a minute after that nothing is active that a human took away."""
        self._rest()
        self.place.clock.move(LEASED)
        self._rest()
        self.place.drift(self.world)
        self._rest()
        self.place.clock.move(SETTLED)
        self._rest()
        used = {kept.pair.role for kept in self.model.kept if self.now < kept.expires}
        assert not used & self.model.bare, "a session end that a human removed was not put back"
        stand = [one for one in self.model.loans.values() if one.stand is Stand.OPEN]
        assert not [one for one in stand if one.taken], "a human took it away, and it is active"

    def _owing(self) -> list[Request]:
        now = self.now
        return [
            row
            for row in self.place.rows()
            if row.state in ("approved", "ending")
            or (row.state == "pending" and row.terms is None)
            or (row.state == "active" and row.ends_at is not None and row.ends_at <= now)
        ]

    def _next_due(self, owing: list[Request]) -> datetime:
        with self.place.database.read() as session:
            found = session.scalars(select(Target).where(Target.settle_at.is_not(None))).all()
            moments = [max(filter(None, (one.settle_at, one.lease_until))) for one in found]
        moments += [row.look_at for row in owing if row.look_at is not None]
        assert moments, f"owed, and never due: {[(one.id, one.state) for one in owing]}"
        return max(self.now, min(moments)) + timedelta(seconds=1)

    # --- what must be so

    def _told(self) -> None:
        now = self.now
        for row in self.place.rows():
            loan = self.model.loans[row.id]
            self.model.told(loan, Said(row.state, row.why, row.ends_at), now)
        self.model.rested()
        held = {role for role in self.model.bare if self.place.has_session_end(role)}
        self.model.bare -= held

    def _compare(self) -> None:
        """What is a human's stands as he left it; the audit chain holds."""
        for role, theirs in self.theirs.items():
            held = [
                x for x in self.place.trust_of(role) if not x.get("Sid", "").startswith("Xacct")
            ]
            assert held == theirs, f"what a human wrote into {role} was changed"
        for role in (ADMIN, BREAKGLASS):
            for name in ENGINEERS:
                self._compare_member(name, role)
        with self.place.database.read() as session:
            assert audit.verify(session, KEY).what is None

    def _compare_member(self, name: str, role: str) -> None:
        standing = (name, role) in self.members
        loans = self.model.of(Pair(role, name), Stand.OPEN)
        if any(one.taken for one in loans):
            return
        wanted = (standing or bool(loans)) if role == ADMIN else (standing and not loans)
        assert self.place.is_member(name, role) == wanted, f"{name} in the group of {role}"

    @invariant()
    def who_can_enter_is_who_may(self) -> None:
        if self.acted:
            self._who_can_enter_is_who_may()
        self.acted = False

    def _who_can_enter_is_who_may(self) -> None:
        self._note_ends()
        for pair in PAIRS:
            if self.model.of(pair, *Stand):  # the others are tried at the end
                self._knock(pair)
        for kept, keys in self.sessions:
            self._use(kept, keys)

    def _note_ends(self) -> None:
        """An end is fixed before AWS is touched, and never moves."""
        for row in self.place.rows():
            loan = self.model.loans[row.id]
            if row.ends_at is not None and loan.promised_at is not None:
                self.model.noted(loan, row.ends_at, self.now)

    def _knock(self, pair: Pair) -> None:
        """With his MFA, where he has anything that asks for it, and without."""
        needs = any(one.mfa for one in self.model.of(pair, *Stand))
        for mfa in (True, False) if needs else (False,):
            since = self.now
            let_in = self.place.enter(pair, mfa=mfa) is not None
            verdict = self.model.door(pair, since, self.now, mfa=mfa)
            _judge(verdict, is_in=let_in, what=f"{pair} at {since}, MFA {mfa}")
            if let_in and pair not in self.model.admitted:
                self._knock_as_another(pair, mfa=mfa)

    def _knock_as_another(self, pair: Pair, *, mfa: bool = False) -> None:
        other = "carol" if pair.grantee == "alice" else "alice"
        entered = self.place.enter(pair, session_name=other, mfa=mfa)
        assert entered is None, f"{pair} entered as {other}"

    def _use(self, kept: Kept, keys: Keys) -> None:
        since = self.now
        lives = self.place.still_in(keys)
        _judge(self.model.session(kept, since, self.now), is_in=lives, what=f"{kept} at {since}")
        if not lives:
            self.model.seen_dead(kept)

    def teardown(self) -> None:
        try:
            self._end_well()
        finally:
            for step in self.steps.values():
                step.kill()
            self.place.close()

    def _end_well(self) -> None:
        """In the end everything is over, and all is as humans left it."""
        self._heal()
        self._rest()
        self._who_can_enter_is_who_may()
        self.place.clock.move(LONGEST + timedelta(minutes=20))
        self._rest()
        self._who_can_enter_is_who_may()
        left = [row.id for row in self.place.rows() if row.state in ("active", "pending")]
        assert left == [], "nothing outlives its end"
        for role in NEEDS:
            assert not any(map(lets_in, self.place.trust_of(role))), f"{role} is closed"
        for pair in (one for one in PAIRS if one not in self.model.admitted):
            assert self.place.enter(pair) is None, f"{pair} can enter in the end"
            self._knock_as_another(pair)


def one_of(pick: int, found: Sequence[T]) -> T:
    return found[pick % len(found)]


def lets_in(statement: dict[str, Any]) -> bool:
    ours = str(statement.get("Sid", "")).startswith("Xacct")
    return ours and statement["Effect"] == "Allow"


def admitting(place: Place, pair: Pair) -> dict[str, Any]:
    return {
        "Sid": f"Theirs{pair.grantee}",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{place.catalog.grantee.id}:user/{pair.grantee}"},
        "Action": "sts:AssumeRole",
    }


def _judge(verdict: Verdict, *, is_in: bool, what: str) -> None:
    assert verdict is not Verdict.OUT or not is_in, f"in, and may not be: {what}"
    assert verdict is not Verdict.IN or is_in, f"out, and may be in: {what}"
