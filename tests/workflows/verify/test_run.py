"""All accounts together: what breaks in one keeps none of the others from being proven."""

from datetime import UTC, datetime
from typing import Any, NoReturn

from sandbox.aws.process import SandboxAws
from tests.workflows.setup.deploying import Ids, Place
from workflows.aws.admin import Admin
from workflows.catalog.model import Account
from workflows.clock import SystemClock
from workflows.errors import Trouble
from workflows.verify import run
from workflows.verify.asking import Ways
from workflows.verify.finding import Mark


class Broken:
    """IAM whose simulation is answered in a way that nobody thought of."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def get_paginator(self, name: str) -> Any:
        if name.startswith("simulate"):
            raise RuntimeError
        return self._client.get_paginator(name)


def test_a_fault_of_xaccts_own_in_one_account_keeps_no_other_from_being_proven(
    aws: SandboxAws,
) -> None:
    place = Place(aws, Ids())
    place.apply(datetime.now(UTC))
    first, second = place.catalog.accounts[:2]

    def enter(account: Account) -> Admin:
        client = place.client("iam", account.id)
        return Admin(Broken(client) if account == first else client)

    def no_hands(account: Account) -> NoReturn:
        raise Trouble("sts:AssumeRole", "AccessDenied", account.name)

    ways = Ways(place.catalog, SystemClock(), enter, no_hands, "no keys", "xacct-verify-nobody")
    found = run.verify(ways, lambda: None)

    (broken,) = (one for one in found if one.account == first.name)
    assert (broken.mark, "xacct broke: RuntimeError" in broken.said) == (Mark.UNTOLD, True)
    others = [one for one in found if one.account == second.name]
    assert sum(one.mark is Mark.PROVEN for one in others) > len(place.catalog.roles_of(second))
