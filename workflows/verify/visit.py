"""What is asked from inside the throw-away role: each fact with a control that would show it."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from typing import Any, Final

from workflows.aws.hands import Hands
from workflows.documents import session_end
from workflows.documents.text import Statement, document
from workflows.verify import facts
from workflows.verify.asking import Somebody, tried
from workflows.verify.finding import Answer, Finding, Outcome
from workflows.verify.stage import Stage

_LETS_IN: Final = timedelta(minutes=15)
_READS: Final = 20


class Visit:
    """The facts that take somebody inside the role. It was made `at` AWS's time: what lets him in
    ends by that clock, whatever ours says.
    """

    def __init__(
        self, stage: Stage, visitor: Somebody, role_id: str, seal: Statement, *, at: datetime
    ) -> None:
        self._stage, self._visitor, self._seal = stage, visitor, seal
        self._role_id = role_id
        until = at + _LETS_IN
        root = f"arn:{stage.account.partition}:iam::{visitor.caller.account}:root"
        self._lets_in = partial(facts.letting_in, root, until=until)
        self._own = facts.letting_itself(stage.account, stage.arn, until)
        self._boundary = f"arn:{stage.account.partition}:iam::aws:policy/AdministratorAccess"

    def facts(self) -> Iterator[Finding]:
        his_own = self._lets_in(user_id=self._visitor.caller.user_id)
        self._stage.puts(facts.MAY, facts.may(self._stage.arn, self._boundary))
        self._stage.trusts(his_own, self._own)
        first, answer = self._enters("a")
        if first is None:
            asked = facts.question(self._stage.account, facts.USER_ID)
            yield asked.must_allow([answer])
            return
        second, _ = self._enters("b")
        yield self._seals(first, his_own)
        yield self._reads_back(his_own)
        yield self._refuses_others()
        yield from self._bounds(first)
        if second is not None:
            yield self._ends(first, second)

    def _enters(self, name: str) -> tuple[Hands | None, Answer]:
        """A session that may do what the role may, once AWS lets it in and it may read."""
        found: list[Hands] = []

        def enter() -> None:
            arn, session = self._stage.arn, f"{facts.SESSIONS}{name}"
            inside = self._visitor.hands.enter(arn, session, policy=None)
            self._reads(inside)
            found.append(inside)

        answer, _ = self._until(Outcome.ALLOWED, enter)
        return (found[0] if found else None), answer

    def _reads(self, inside: Hands) -> Any:
        return inside.call("iam", "GetRole", {"RoleName": self._stage.name})

    def _seals(self, inside: Hands, his_own: Statement) -> Finding:
        """Without the seal it takes itself on, so that the refusal is the seal's."""
        asked = facts.question(self._stage.account, facts.SEAL)
        again = partial(inside.try_to_enter, self._stage.arn, f"{facts.SESSIONS}again")
        before, _ = self._until(Outcome.ALLOWED, again)
        if before.outcome is not Outcome.ALLOWED:
            return asked.untold(f"Without the seal it does not take itself on: {before.said}")
        self._stage.trusts(self._seal, his_own, self._own)
        answer, after = self._until(Outcome.REFUSED, again)
        if answer.outcome is not Outcome.REFUSED:
            return asked.must_refuse([answer])
        return asked.proven(f"refused {after:.0f} s after the seal was written")

    def _reads_back(self, his_own: Statement) -> Finding:
        """How often AWS shows what stood there before, after a write."""
        asked = facts.question(self._stage.account, facts.READS)
        self._stage.trusts(self._seal, his_own)
        older = sum(len(self._stage.trust()) > 2 for _ in range(_READS))
        return asked.proven(f"of {_READS} reads after a write {older} showed the older document")

    def _refuses_others(self) -> Finding:
        asked = facts.question(self._stage.account, facts.USER_ID)
        self._stage.trusts(self._seal, self._lets_in(user_id=facts.NOBODY_ID))
        enter = partial(self._visitor.hands.try_to_enter, self._stage.arn, f"{facts.SESSIONS}other")
        answer, _ = self._until(Outcome.REFUSED, enter)
        if answer.outcome is not Outcome.REFUSED:
            return asked.must_refuse([answer])
        return asked.proven("let in when it named his id, refused when it named another")

    def _bounds(self, inside: Hands) -> Iterator[Finding]:
        """A condition on the boundary: refused without one, allowed with it."""
        named = {"RoleName": self._stage.name}
        write = {**named, "PolicyName": "live", "PolicyDocument": json.dumps(facts.nothing())}
        trust = {**named, "PolicyDocument": json.dumps(document([self._seal]))}
        calls = {
            facts.BOUNDARY: partial(inside.call, "iam", "PutRolePolicy", write),
            facts.TRUST_BOUNDARY: partial(inside.call, "iam", "UpdateAssumeRolePolicy", trust),
        }
        without = {promise: tried("without a boundary", call) for promise, call in calls.items()}
        bound = {**named, "PermissionsBoundary": self._boundary}
        self._stage.call("PutRolePermissionsBoundary", bound)
        for promise, call in calls.items():
            asked = facts.question(self._stage.account, promise)
            refused = without[promise].outcome is Outcome.REFUSED
            answer = self._until(Outcome.ALLOWED, call)[0] if refused else without[promise]
            holds = refused and answer.outcome is Outcome.ALLOWED
            if promise == facts.TRUST_BOUNDARY:
                yield asked.proven("it does" if holds else "it does not")
            elif holds:
                yield asked.proven("refused without the boundary, allowed with it")
            else:
                yield asked.must_allow([answer]) if refused else asked.must_refuse([answer])

    def _ends(self, inside: Hands, other: Hands) -> Finding:
        asked = facts.question(self._stage.account, facts.SESSION_END)
        line = session_end.Line(f"{self._role_id}:{facts.SESSIONS}a", None)
        self._stage.puts(session_end.NAME, session_end.render(self._stage.arn, [line]))
        answer, after = self._until(Outcome.REFUSED, partial(self._reads, inside))
        beside = tried("the other session", partial(self._reads, other))
        if answer.outcome is not Outcome.REFUSED:
            return asked.must_refuse([answer])
        if beside.outcome is not Outcome.ALLOWED:
            return asked.must_allow([beside])
        return asked.proven(f"ended {after:.0f} s after it was written; the other one went on")

    def _until(self, outcome: Outcome, call: Callable[[], object]) -> tuple[Answer, float]:
        """The answer once it is this one, or after all patience, with the seconds that it took."""
        began = time.monotonic()
        while True:
            answer = tried("the call", call)
            took = time.monotonic() - began
            if answer.outcome is outcome or took >= self._stage.patience:
                return answer, took
            Event().wait(1)
