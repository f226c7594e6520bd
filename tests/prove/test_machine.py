"""Decisions, time, outages, crashes and human edits in any order: who can enter is who may.

Asked of the sandbox after every step, with each grantee's own keys and with every session that was
kept. What may be is told by `model.py`, which knows nothing of the product.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from db.lifecycle import IllegalMove
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.prove.machine import APPROVERS, BEFORE, NEEDS, Bench, admitting, lets_in, one_of, when
from tests.prove.model import Kept, Loan, Pair, Stand
from tests.prove.place import (
    ADMIN,
    BREAKGLASS,
    ENGINEERS,
    GRANTEES,
    LONGEST,
    PAIRS,
    PEOPLE,
    some_place,
)
from tests.prove.wire import FAULTS, Step
from workflows import access
from workflows.catalog.model import GranteeKind
from workflows.errors import Refused

PARTS: Final = 2
EXAMPLES: Final = 10  # of each part
STEPS: Final = 40

thens = st.sampled_from(["rest", "rest", "pay once", "nothing"])
picks = st.integers(0, 20)
pairs = st.sampled_from(PAIRS)
minutes = st.sampled_from([5, 20, 60, 120])
several = st.lists(st.tuples(pairs, minutes, thens), min_size=1, max_size=3)
edges = st.integers(1, 40)


class Machine(Bench):
    """Everything that can happen to a few grantees of three roles."""

    # --- people

    @rule(pair=pairs, length=minutes, then=thens)
    @when()
    def ask(self, pair: Pair, length: int, then: str) -> None:
        self._ask(pair, length)
        self._then(then)

    @initialize(lent=several, standing=st.sampled_from([None, *ENGINEERS]))
    @when()
    def begin_with(self, lent: list[tuple[Pair, int, str]], standing: str | None) -> None:
        """Somebody may be in the allow group since long ago, and is lent its role as well."""
        if standing is not None:
            self.place.human_joins(standing, ADMIN)
            self.members.add((standing, ADMIN))
            self._lend([(Pair(ADMIN, standing), 20, "rest")])
        self._lend(lent)

    @rule(lent=several)
    @when(lambda self: self.healthy)
    def lend(self, lent: list[tuple[Pair, int, str]]) -> None:
        self._lend(lent)

    def _lend(self, lent: list[tuple[Pair, int, str]]) -> None:
        """Asked, looked at, and approved by all who are needed; others try, too."""
        for pair, length, then in lent:
            loan = self._ask(pair, length)
            if loan is not None:
                self._rest()
                for who in (loan.requester, "mallory", "bob", "bob", "dora"):
                    self._approve(loan, who)
            self._then(then)
            if then == "rest":
                self._keep(pair, 14400)

    @rule(pick=picks, length=minutes, then=thens)
    @when(lambda self: self.healthy and self.model.kept)
    def lend_again(self, pick: int, length: int, then: str) -> None:
        """To somebody who kept a session: it may be of an access that is over."""
        self._lend([(one_of(pick, self.model.kept).pair, length, then)])

    def _ask(self, pair: Pair, minutes: int) -> Loan | None:
        grantee, waiting = (
            GRANTEES[pair.grantee],
            self.model.of(pair, Stand.WAITING, Stand.PROMISED),
        )
        machine = grantee.name if grantee.kind is GranteeKind.MACHINE else None
        role, asked_at = self.place.named(pair.role), self.now
        try:
            number = self.place.ask(grantee.asker, minutes=minutes, machine=machine, role=role)
        except Refused:
            assert waiting, f"{pair} may ask"
            return None
        loan = Loan(
            number=number,
            pair=pair,
            requester=grantee.asker,
            own=frozenset({grantee.asker}),
            needs=NEEDS[pair.role],
            length=timedelta(minutes=minutes),
            longest=LONGEST,
            lapses_at=asked_at + self.place.catalog.pending_lapses,
        )
        self.model.loans[number] = loan
        self._excuse(loan)
        return loan

    def _excuse(self, loan: Loan) -> None:
        if self._forbidden(loan.pair):
            loan.excuses.add("a human's policy or statement stands against it")
        if "refused" in self.place.wire.armed:
            loan.excuses.add("AWS will say no")
        if self.barred:
            loan.excuses.add("the account lets nobody in")

    def _excuse_all(self) -> None:
        for loan in self.model.loans.values():
            if loan.stand in (Stand.WAITING, Stand.PROMISED):
                self._excuse(loan)

    def _forbidden(self, pair: Pair) -> bool:
        return pair.role in self.spoiled or pair in self.model.admitted

    @rule(pick=picks, who=st.sampled_from([*PEOPLE, "bob", "dora"]), then=thens)
    @when(lambda self: self.model.loans)
    def approve(self, pick: int, who: str, then: str) -> None:
        self._approve(self._pick(pick), who)
        self._then(then)

    def _pick(self, pick: int) -> Loan:
        """One that waits, if there is any; a few times one that does not."""
        waiting = [one for one in self.model.loans.values() if one.stand is Stand.WAITING]
        return one_of(pick, waiting if waiting and pick % 5 else list(self.model.loans.values()))

    def _approve(self, loan: Loan, who: str) -> None:
        now, looked = self.now, self.place.row(loan.number).terms is not None
        right = self._may_decide(loan, who, now) and looked
        try:
            self.place.approve(loan.number, who, pay=False)
        except (Refused, IllegalMove):
            assert not right or self.model.may_be_refused(loan, now), f"{who} may approve {loan}"
            return
        assert right, f"{who} approved {loan}"
        self._excuse(loan)
        loan.forbidden = self._forbidden(loan.pair)
        self.model.approved(loan, who, now)

    def _may_decide(self, loan: Loan, who: str, now: datetime) -> bool:
        nobodys = who not in {loan.requester, *loan.own, *loan.approvals}
        waits = loan.stand is Stand.WAITING and now < loan.lapses_at
        return who in APPROVERS and nobodys and waits

    @rule(pick=picks, who=st.sampled_from(PEOPLE), then=thens)
    @when(lambda self: self.model.loans)
    def deny(self, pick: int, who: str, then: str) -> None:
        loan, now = self._pick(pick), self.now
        right = self._may_decide(loan, who, now)
        try:
            self._deny(loan.number, who)
        except (Refused, IllegalMove):
            assert not right or loan.excuses, f"{who} may deny {loan}"
        else:
            assert right, f"{who} denied {loan}"
            loan.stand = Stand.OVER
        self._then(then)

    def _deny(self, number: int, who: str) -> None:
        place = self.place
        with place.database.write() as session:
            access.deny(
                session,
                place.catalog,
                access.Denial(number),
                by=place.person(who),
                requester=place.describe(place.row(number).requester),
                now=self.now,
            )

    @rule(pick=picks, who=st.sampled_from([*PEOPLE, "bob", "root", "the asker"]), then=thens)
    @when(lambda self: self.model.loans)
    def end(self, pick: int, who: str, then: str) -> None:
        """Revoked, given back or cancelled: by the pair, whatever there is of it."""
        left = [one for one in self.model.loans.values() if one.stand is not Stand.OVER]
        loan = one_of(pick, left if left and pick % 5 else list(self.model.loans.values()))
        who, now = loan.requester if who == "the asker" else who, self.now
        right = who in {loan.requester, *loan.own, *APPROVERS, "root"}
        sure, maybe = self._to_end(loan.pair, now)
        try:
            self.place.revoke(loan.number, who, pay=False)
        except (Refused, IllegalMove):
            assert not (right and sure), f"{who} may end {loan}"
        else:
            assert right, f"{who} ended {loan}"
            assert maybe, f"{who} ended {loan}, of which nothing was left"
            self.model.ended(loan.pair, now)
        self._then(then)

    def _to_end(self, pair: Pair, now: datetime) -> tuple[bool, bool]:
        """Whether there surely is something to end, and whether there may be."""
        maybe = [
            one
            for one in self.model.of(pair, Stand.WAITING, Stand.PROMISED, Stand.OPEN)
            if not one.ended
        ]
        sure = any(
            one.lets_in(now)
            or (one.stand is Stand.WAITING and not one.excuses and now < one.lapses_at)
            for one in maybe
        )
        return sure, bool(maybe)

    @rule(pick=picks, seconds=st.sampled_from([900, 3600, 14400]))
    @when(lambda self: self._perhaps_in())
    def keep_a_session(self, pick: int, seconds: int) -> None:
        """Somebody who can enter enters, and keeps the session."""
        self._keep(one_of(pick, self._perhaps_in()), seconds)

    def _keep(self, pair: Pair, seconds: int) -> None:
        user = GRANTEES[pair.grantee].kind is GranteeKind.USER
        seconds = seconds if user else min(seconds, 3600)  # a chained session: an hour at most
        before = self.now
        keys = self.place.enter(pair, seconds=seconds)
        if keys is None or pair in self.model.admitted:
            return
        mine = self.model.of(pair, Stand.PROMISED, Stand.OPEN)
        opening = [one for one in mine if one.stand is Stand.PROMISED and not one.ended]
        sure = [one for one in mine if one.lets_in(self.now)]
        assert sure or any(one.may_let_in(before) for one in mine), f"{pair} is in"
        kept = Kept(
            pair=pair,
            expires=self.now + timedelta(seconds=seconds),
            until=max((one.latest_end for one in sure or opening), default=before),
            by={one.number for one in opening},
            sure=bool(sure),
            closing=not (sure or opening),
        )
        self.model.kept.append(kept)
        self.sessions.append((kept, keys))

    # --- time

    @rule(length=st.sampled_from([1, 3, 10, 45, 150]), then=thens)
    @when()
    def time_passes(self, length: int, then: str) -> None:
        self.place.clock.move(timedelta(minutes=length))
        self._then(then)

    @rule(then=thens, short_of=st.sampled_from([timedelta(0), BEFORE]))
    @when(lambda self: self._next_end() is not None)
    def an_end_comes(self, then: str, short_of: timedelta) -> None:
        """The next end is there, exactly, or just not yet; mostly nobody has paid."""
        end = self._next_end()
        if end is not None and end - short_of > self.now:
            self.place.clock.move_to(end - short_of)
        self._then(then)

    # --- AWS fails

    @rule(what=st.sampled_from(["owner", "home", "barred"]))
    @when(lambda self: self.healthy)
    def aws_goes_away(self, what: str) -> None:
        if what == "barred":
            self.barred = True
            self.place.bar(self._owner_manager)
            self._excuse_all()
        else:
            catalog = self.place.catalog
            self.place.wire.out.add(
                catalog.accounts[0].id if what == "owner" else catalog.grantee.id
            )

    @rule(then=thens)
    @when(lambda self: not self.healthy)
    def aws_comes_back(self, then: str) -> None:
        self._heal()
        self._then(then)

    @rule(fault=st.sampled_from(sorted(FAULTS)), calls=st.integers(0, 12))
    @when()
    def a_call_will_fail(self, fault: str, calls: int) -> None:
        self.place.wire.faults.append((calls, fault))
        self._excuse_all()

    # --- workers crash, freeze and wake

    @rule(pick=picks, edges=edges, then=thens)
    @when(lambda self: self.place.debts(self.world))
    def a_worker_dies(self, pick: int, edges: int, then: str) -> None:
        step = self._begin(pick)
        step.go_on(edges)
        step.kill()
        self.rested = False
        self._then(then)

    @rule(pick=picks, edges=edges, slot=st.integers(0, 1))
    @when(lambda self: len(self.steps) < 2 and self.place.debts(self.world))
    def a_worker_freezes(self, pick: int, edges: int, slot: int) -> None:
        slot = slot if slot not in self.steps else 1 - slot
        self.steps[slot] = self._begin(pick)
        self._go_on(slot, edges)

    @rule(slot=st.integers(0, 1), edges=edges)
    @when(lambda self: self.steps)
    def it_wakes(self, slot: int, edges: int) -> None:
        self._go_on(slot if slot in self.steps else 1 - slot, edges)

    def _go_on(self, slot: int, edges: int) -> None:
        self.steps[slot].go_on(edges)
        self.rested = False
        if self.steps[slot].done:
            del self.steps[slot]

    @rule(slot=st.integers(0, 1))
    @when(lambda self: self.steps)
    def it_dies(self, slot: int) -> None:
        self.steps.pop(slot if slot in self.steps else 1 - slot).kill()

    def _begin(self, pick: int) -> Step:
        debt, key = one_of(pick, self.place.debts(self.place.another_worker()))
        return Step(lambda: debt.pay(key))

    # --- humans change AWS

    @rule(role=st.sampled_from(sorted(NEEDS)), first=st.booleans(), then=thens)
    @when(lambda self: not self._about_to_write())
    def a_human_trusts_a_service(self, role: str, then: str, *, first: bool) -> None:
        """A statement that lets in no grantee of ours."""
        self.written += 1
        made = {
            "Sid": f"Theirs{self.written}",
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        self._add(role, made, first=first)
        self._then(then)

    def _add(self, role: str, statement: dict[str, Any], *, first: bool) -> None:
        held = self.place.trust_of(role)
        self.place.human_trusts(role, [statement, *held] if first else [*held, statement])
        mine = self.theirs[role]
        self.theirs[role] = [statement, *mine] if first else [*mine, statement]

    @rule(role=st.sampled_from(sorted(NEEDS)), pick=picks, then=thens)
    @when(lambda self: any(self.theirs.values()) and not self._about_to_write())
    def a_human_takes_his_statement_back(self, role: str, pick: int, then: str) -> None:
        if not self.theirs[role]:
            return
        gone = one_of(pick, self.theirs[role])
        self.place.human_trusts(role, [x for x in self.place.trust_of(role) if x != gone])
        self.theirs[role].remove(gone)
        back = [
            one
            for one in self.model.admitted
            if one.role == role and admitting(self.place, one) == gone
        ]
        for pair in back:
            self.model.admitted.discard(pair)
            self._allow_again(lambda loan, pair=pair: loan.pair == pair)  # type: ignore[misc]
        self._then(then)

    def _allow_again(self, which: Callable[[Loan], bool]) -> None:
        for loan in self.model.loans.values():
            if which(loan):
                loan.forbidden = False

    @rule(pair=st.sampled_from([one for one in PAIRS if one.grantee in ENGINEERS]), then=thens)
    @when(lambda self: self.quiet)
    def a_human_trusts_a_grantee(self, pair: Pair, then: str) -> None:
        """A statement without an end: beside it xacct opens nothing for him."""
        self._rest()
        if pair in self.model.admitted or self.model.of(pair, Stand.OPEN):
            return
        self.model.admitted.add(pair)
        self._add(pair.role, admitting(self.place, pair), first=False)
        self._excuse_all()
        self._lend([(pair, 20, then)])

    @rule(pick=picks, role=st.sampled_from(sorted(NEEDS)), then=thens)
    @when(lambda self: self.quiet)
    def a_human_removes_our_statement(self, pick: int, role: str, then: str) -> None:
        self._rest_for_good()
        ours = [one for one in self.place.trust_of(role) if lets_in(one)]
        if not ours:
            return
        gone = one_of(pick, ours)
        self.place.human_trusts(role, [x for x in self.place.trust_of(role) if x != gone])
        for name, unique_id in self.ids.items():
            if unique_id in json.dumps(gone):
                self._taken(Pair(role, name))
        self._then(then)

    def _taken(self, pair: Pair) -> None:
        self.model.taken(pair)
        for loan in self.model.of(pair, Stand.WAITING):
            loan.excuses.add("what was looked at has changed")

    @rule(role=st.sampled_from(sorted(NEEDS)), then=thens)
    @when(lambda self: not self._about_to_write())
    def a_human_removes_the_session_end(self, role: str, then: str) -> None:
        if self.place.has_session_end(role):
            self.place.human_bares(role)
            self.model.bare.add(role)
        self._then(then)

    @rule(name=st.sampled_from(ENGINEERS), role=st.sampled_from([ADMIN, BREAKGLASS]), then=thens)
    @when(lambda self: self.quiet)
    def a_human_changes_a_membership(self, name: str, role: str, then: str) -> None:
        """Takes an open grant away, by leaving or by joining; else changes who is a member."""
        self._rest_for_good()
        pair = Pair(role, name)
        if self.model.of(pair, Stand.OPEN):
            (self.place.human_leaves if role == ADMIN else self.place.human_joins)(name, role)
            self._taken(pair)
            if role == ADMIN:
                self.members.discard((name, role))
        elif role == ADMIN and (name, role) in self.members:
            self.place.human_leaves(name, role)
            self.members.discard((name, role))
        elif role == ADMIN:
            self.place.human_joins(name, role)
            self.members.add((name, role))
        for loan in self.model.of(pair, Stand.WAITING):
            loan.excuses.add("what was looked at has changed")
        self._then(then)

    @rule(name=st.sampled_from(ENGINEERS), role=st.sampled_from([ADMIN, BREAKGLASS]), then=thens)
    @when(lambda self: self.healthy)
    def a_human_changes_a_groups_policies(self, name: str, role: str, then: str) -> None:
        """The group holds more than it should; or what was too much is taken out again."""
        if role in self.spoiled:
            self.place.human_removes_policy(role)
            self.spoiled.discard(role)
            self._allow_again(lambda loan: loan.pair.role == role)
        else:
            self.place.human_adds_policy(role)
            self.spoiled.add(role)
            self._excuse_all()
        self._lend([(Pair(role, name), 20, then)])

    # --- paying

    @rule()
    @when(lambda self: self.healthy)
    def rest(self) -> None:
        self._rest()

    @rule()
    @when(lambda self: self.quiet and not self.place.wire.faults)
    def everything_is_looked_at_again(self) -> None:
        self._drift()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_happens_who_can_enter_is_who_may(
    aws: SandboxAws, clock: SharedClock, tmp_path: Path, prove_seed: int, part: int
) -> None:
    @seed(prove_seed * PARTS + part)
    def begun() -> Any:
        return Machine(some_place(aws, clock, tmp_path))

    machine: Any = begun
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            print_blob=False,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        ),
    )
