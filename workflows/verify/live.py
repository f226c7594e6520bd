"""Puts to AWS what only AWS can show, with a role that is made for it and thrown away.

It lies under CONTROL, carries the installation's tag as setup's own roles do, lets in one caller
for some minutes, and is taken away whatever happens. What a run that died leaves is found by the
next one, by `xacct setup plan`, and by `apply` and `destroy`, which take it away.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import Event
from typing import Any, Final

from workflows.aws.errors import AwsGone
from workflows.aws.hands import Hands
from workflows.catalog.model import Account
from workflows.clock import Clock
from workflows.documents import session_end
from workflows.documents.text import Statement, document, same, statements
from workflows.errors import Trouble
from workflows.setup.objects import CONTROL, INSTALLATION, MADE_BY, FoundRole, MadeBy
from workflows.verify import facts
from workflows.verify.asking import Somebody, tried
from workflows.verify.finding import Answer, Finding, Outcome

PATIENCE: Final = 60.0
"""Seconds that AWS is given to come round to what was written (xacct tells people a minute)."""

_LETS_IN: Final = timedelta(minutes=15)
_READS: Final = 20
_TRIES: Final = 5
_NO_VISITOR: Final = "Nobody of the grantee account is here who could enter: its root cannot."


@dataclass(frozen=True)
class Stage:
    """Where it happens: `hands` may do anything in the owner account, `visitor` is an administrator
    of the grantee account, if one is there. `patience` in seconds.
    """

    account: Account
    installation: str
    hands: Hands
    visitor: Somebody | None
    clock: Clock
    name: str
    patience: float = PATIENCE

    @property
    def arn(self) -> str:
        home = f"arn:{self.account.partition}:iam::{self.account.id}"
        return f"{home}:role{CONTROL}{self.name}"


def prove(stage: Stage) -> list[Finding]:
    """Each fact with what AWS showed; where it does not let the role be made, that is told."""
    found: list[Finding] = []
    try:
        found.append(facts.quotas(stage.account, _summary(stage)))
        for one in _facts(stage):
            found.append(one)  # noqa: PERF402  what was found before a fault stays
    except Trouble as trouble:
        asked = facts.question(stage.account, "it can be made, asked and taken away")
        found.append(asked.untold(str(trouble)))
    finally:
        found += _taken_away(stage)
    return found


def clear(account: Account, hands: Hands, left: Iterable[FoundRole]) -> list[Finding]:
    """Takes away what runs that died have left in the account."""
    found = []
    for role in left:
        asked = facts.question(account, f"{role.name}, left by a run that died, is gone")
        answer = tried(role.name, partial(_remove, hands, role.name))
        done = answer.outcome is Outcome.ALLOWED
        found.append(asked.proven() if done else asked.failed(answer.said, _DESTROY))
    return found


_DESTROY: Final = "Delete it by hand; `xacct setup apply` and `destroy` do it, too."


def _summary(stage: Stage) -> dict[str, int]:
    summary: dict[str, int] = stage.hands.call("iam", "GetAccountSummary", {})["SummaryMap"]
    return summary


def _facts(stage: Stage) -> Iterator[Finding]:
    role_id = _make(stage)
    held = _trust(stage)
    seal = facts.sealed(stage.installation, stage.account)
    alone = facts.question(stage.account, facts.SEAL_ALONE)
    is_seal = len(held) == 1 and same(held[0], seal)
    yield alone.proven() if is_seal else alone.failed("it shows another document than was written")
    yield _simulates(stage, seal)
    if stage.visitor is None:
        for promise in (facts.USER_ID, facts.SEAL, facts.BOUNDARY, facts.SESSION_END):
            yield facts.question(stage.account, promise).untold(_NO_VISITOR)
        return
    yield from _Visit(stage, stage.visitor, role_id, seal).facts()


class _Visit:
    """The facts that take somebody inside the role."""

    def __init__(self, stage: Stage, visitor: Somebody, role_id: str, seal: Statement) -> None:
        self._stage, self._visitor, self._seal = stage, visitor, seal
        self._role_id = role_id
        until = stage.clock.now() + _LETS_IN
        root = f"arn:{stage.account.partition}:iam::{visitor.caller.account}:root"
        self._lets_in = partial(facts.letting_in, root, until=until)
        self._own = facts.letting_itself(stage.account, until)
        self._boundary = f"arn:{stage.account.partition}:iam::aws:policy/AdministratorAccess"

    def facts(self) -> Iterator[Finding]:
        his_own = self._lets_in(user_id=self._visitor.caller.user_id)
        _put(self._stage, facts.MAY, facts.may(self._stage.arn, self._boundary))
        self._trusts(his_own, self._own)
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
        self._trusts(self._seal, his_own, self._own)
        answer, after = self._until(Outcome.REFUSED, again)
        if answer.outcome is not Outcome.REFUSED:
            return asked.must_refuse([answer])
        return asked.proven(f"refused {after:.0f} s after the seal was written")

    def _reads_back(self, his_own: Statement) -> Finding:
        """How often AWS shows what stood there before, after a write."""
        asked = facts.question(self._stage.account, facts.READS)
        self._trusts(self._seal, his_own)
        older = sum(len(_trust(self._stage)) > 2 for _ in range(_READS))
        return asked.proven(f"of {_READS} reads after a write {older} showed the older document")

    def _refuses_others(self) -> Finding:
        asked = facts.question(self._stage.account, facts.USER_ID)
        self._trusts(self._seal, self._lets_in(user_id=facts.NOBODY_ID))
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
        _call(self._stage, "PutRolePermissionsBoundary", bound)
        for promise, call in calls.items():
            asked = facts.question(self._stage.account, promise)
            if without[promise].outcome is not Outcome.REFUSED:
                yield asked.must_refuse([without[promise]])
                continue
            answer, _ = self._until(Outcome.ALLOWED, call)
            if promise == facts.TRUST_BOUNDARY and answer.outcome is Outcome.REFUSED:
                yield asked.untold("AWS does not know the key there. Nothing of xacct rests on it.")
            else:
                yield asked.must_allow([answer])

    def _ends(self, inside: Hands, other: Hands) -> Finding:
        asked = facts.question(self._stage.account, facts.SESSION_END)
        line = session_end.Line(f"{self._role_id}:{facts.SESSIONS}a", None)
        _put(self._stage, session_end.NAME, session_end.render(self._stage.arn, [line]))
        answer, after = self._until(Outcome.REFUSED, partial(self._reads, inside))
        beside = tried("the other session", partial(self._reads, other))
        if answer.outcome is not Outcome.REFUSED:
            return asked.must_refuse([answer])
        if beside.outcome is not Outcome.ALLOWED:
            return asked.must_allow([beside])
        return asked.proven(f"ended {after:.0f} s after it was written; the other one went on")

    def _trusts(self, *several: Statement) -> None:
        written = {"RoleName": self._stage.name, "PolicyDocument": json.dumps(document(several))}
        _call(self._stage, "UpdateAssumeRolePolicy", written)

    def _until(self, outcome: Outcome, call: Callable[[], object]) -> tuple[Answer, float]:
        """The answer once it is this one, or after all patience, with the seconds that it took."""
        began = time.monotonic()
        while True:
            answer = tried("the call", call)
            took = time.monotonic() - began
            if answer.outcome is outcome or took >= self._stage.patience:
                return answer, took
            Event().wait(1)


def _simulates(stage: Stage, seal: Statement) -> Finding:
    asked = facts.question(stage.account, facts.SIMULATION)
    given = {
        "PolicySourceArn": stage.arn,
        "ActionNames": ["sts:AssumeRole"],
        "ResourceArns": [stage.arn],
        "ResourcePolicy": json.dumps(document([seal])),
    }
    answer = tried("the call", partial(stage.hands.call, "iam", "SimulatePrincipalPolicy", given))
    if answer.outcome is Outcome.ALLOWED:
        return asked.untold("AWS takes one. Nothing of xacct rests on it.")
    if "InvalidInput" in answer.said or "MalformedPolicyDocument" in answer.said:
        return asked.proven(answer.said)
    return asked.untold(answer.said)


def _make(stage: Stage) -> str:
    """Makes the role, sealed; its unique id. Raises Trouble."""
    seal = facts.sealed(stage.installation, stage.account)
    tags = {INSTALLATION: stage.installation, MADE_BY: MadeBy.SETUP}
    made = stage.hands.call(
        "iam",
        "CreateRole",
        {
            "RoleName": stage.name,
            "Path": CONTROL,
            "Description": "made by `xacct setup verify --live`, to be thrown away",
            "AssumeRolePolicyDocument": json.dumps(document([seal])),
            "Tags": [{"Key": key, "Value": str(value)} for key, value in tags.items()],
        },
    )
    return str(made["Role"]["RoleId"])


def _put(stage: Stage, name: str, policy: dict[str, Any]) -> None:
    named = {"RoleName": stage.name, "PolicyName": name, "PolicyDocument": json.dumps(policy)}
    _call(stage, "PutRolePolicy", named)


def _trust(stage: Stage) -> list[Statement]:
    role = _call(stage, "GetRole", {"RoleName": stage.name})["Role"]
    return statements(role["AssumeRolePolicyDocument"])


def _call(stage: Stage, action: str, parameters: dict[str, Any]) -> Any:
    """Made again while AWS does not see yet that the role is there. Raises Trouble."""
    began = time.monotonic()
    while True:
        try:
            return stage.hands.call("iam", action, parameters)
        except AwsGone:
            if time.monotonic() - began >= stage.patience:
                raise
        Event().wait(1)


def _taken_away(stage: Stage) -> Iterator[Finding]:
    """Says something only where the role may still be there."""
    for again in range(_TRIES):
        answer = tried(stage.name, partial(_remove, stage.hands, stage.name))
        if answer.outcome is Outcome.ALLOWED:
            return
        if answer.outcome is Outcome.REFUSED or again == _TRIES - 1:
            asked = facts.question(stage.account, f"{stage.name} is taken away again")
            yield asked.failed(answer.said, _DESTROY)
            return
        Event().wait(2**again)


def _remove(hands: Hands, name: str) -> None:
    """The role with its inline policies; one that is not there is removed. Raises Trouble."""
    named = {"RoleName": name}
    try:
        for policy in hands.call("iam", "ListRolePolicies", named)["PolicyNames"]:
            hands.call("iam", "DeleteRolePolicy", {**named, "PolicyName": policy})
        hands.call("iam", "DeleteRole", named)
    except AwsGone:
        return
