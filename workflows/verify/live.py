"""Puts to AWS what only AWS can show, with a role that is made for it and thrown away.

It lies under CONTROL, carries the installation's tag as setup's own roles do, lets in one caller
for some minutes, and is taken away whatever happens. What a run that died leaves is found by the
next one, by `xacct setup plan`, and by `apply` and `destroy`, which take it away.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from threading import Event
from typing import Final

from workflows.aws.errors import AwsGone
from workflows.aws.hands import Hands
from workflows.aws.iam import date_of
from workflows.catalog.model import Account
from workflows.documents.text import Statement, document, same
from workflows.errors import Trouble
from workflows.setup.objects import CONTROL, INSTALLATION, MADE_BY, FoundRole, MadeBy
from workflows.verify import facts
from workflows.verify.asking import tried
from workflows.verify.finding import Finding, Outcome
from workflows.verify.stage import Stage
from workflows.verify.visit import Visit

_TRIES: Final = 5
_NO_VISITOR: Final = "Nobody of the grantee account is here who could enter: its root cannot."


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
    role_id, at = _make(stage)
    held = stage.trust()
    seal = facts.sealed(stage.installation, stage.account)
    alone = facts.question(stage.account, facts.SEAL_ALONE)
    is_seal = len(held) == 1 and same(held[0], seal)
    yield alone.proven() if is_seal else alone.failed("it shows another document than was written")
    yield _simulates(stage, seal)
    if stage.visitor is None:
        for promise in (facts.USER_ID, facts.SEAL, facts.BOUNDARY, facts.SESSION_END):
            yield facts.question(stage.account, promise).untold(_NO_VISITOR)
        return
    yield from Visit(stage, stage.visitor, role_id, seal, at=at).facts()


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
        return asked.proven("it does")
    if any(code in answer.said for code in ("InvalidInput", "MalformedPolicyDocument")):
        return asked.proven(f"it does not: {answer.said}")
    return asked.untold(answer.said)


def _make(stage: Stage) -> tuple[str, datetime]:
    """Makes the role, sealed; its unique id, and AWS's time then. Raises Trouble."""
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
    return str(made["Role"]["RoleId"]), date_of(made)


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
