"""Decisions, time, outages, crashes and human edits in any order: who can enter is who may.

Asked of the sandbox after every step, with each grantee's own keys and with every session that was
kept. What may be is told by `model.py`, which knows nothing of the product.
"""

import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.prove.machine import BEFORE, NEEDS, admitting, lets_in, one_of, when
from tests.prove.model import Loan, Pair, Stand
from tests.prove.people import picks, thens
from tests.prove.place import (
    ADMIN,
    BREAKGLASS,
    ENGINEERS,
    PAIRS,
    some_place,
)
from tests.prove.ways import Ways
from tests.prove.wire import FAULTS, Step
from workflows.documents import trust

PARTS: Final = 2
EXAMPLES: Final = 3 if os.environ.get("CI") else 10  # of each part
STEPS: Final = 40

edges = st.integers(1, 40)


class Machine(Ways):
    """Everything that can happen to a few grantees of three roles."""

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
        if gone["Sid"] == trust.VEND:
            self._taken_from_the_vendor()
        for name, unique_id in self.ids.items():
            if unique_id in json.dumps(gone):
                self._taken(Pair(role, name))
        self._then(then)

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
