"""Killed anywhere, `xacct setup apply` opens nothing that is not in the catalog, and the next one
finishes the work.
"""

import os
import random
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.process import Keys, SandboxAws
from sandbox.clock import SharedClock
from tests.workflows.setup.deploying import Ids, Place, allow, document
from workflows.aws.admin import Admin
from workflows.catalog.model import Account
from workflows.setup import run, wanted

POINTS: Final = 4 if os.environ.get("CI") else 50
PEOPLE: Final = ("alice", "bob", "root-alice", "mallory")
"""All may ask AWS for every role; mallory is nobody the catalog knows."""


class Killed(BaseException):
    """What SIGKILL looks like from inside: nothing catches it."""


class Life:
    """So many calls, in all accounts together; then every one kills, the last one after AWS's
    answer where `answered` says so.
    """

    def __init__(self, calls: int | None = None, *, answered: bool = False) -> None:
        self.made, self._most, self._answered = 0, calls, answered
        self._lock = threading.Lock()

    def spend(self) -> bool:
        """Whether this call is the last one, and is still made; raises Killed for one too many."""
        with self._lock:
            self.made += 1
            if self._most is None or self.made < self._most:
                return False
            if self._answered and self.made == self._most:
                return True
            raise Killed


class Mortal(Admin):
    """An account's IAM in the hands of somebody who may die at any call."""

    def __init__(self, client: Any, life: Life) -> None:
        super().__init__(client)
        self._life = life

    def call(self, action: str, parameters: Mapping[str, Any]) -> None:
        last = self._life.spend()
        super().call(action, parameters)
        if last:
            raise Killed


class Town:
    """The accounts of a catalog, and people with keys."""

    def __init__(self, aws: SandboxAws, now: datetime) -> None:
        self._aws, self._now = aws, now
        self.place = Place(aws, Ids())

    def begin(self) -> dict[str, Keys]:
        """Everything as before setup; the keys of people who may ask for any role."""
        self.place.furnish()
        home = self.place.client("iam", self.place.ids.home)
        home.create_user(UserName="mallory")
        keys = {}
        for name in PEOPLE:
            home.put_user_policy(
                UserName=name, PolicyName="asks", PolicyDocument=document(allow("sts:*"))
            )
            made = home.create_access_key(UserName=name)["AccessKey"]
            keys[name] = Keys(made["AccessKeyId"], made["SecretAccessKey"])
        return keys

    def applies(self, life: Life) -> None:
        """As `xacct setup apply` does; raises Killed where that life ends."""
        catalog = self.place.catalog
        everything = wanted.everything(catalog)
        planned = {one.account.id: one for one in self.place.plans(self._now)}

        def enter(account: Account) -> Admin:
            return Mortal(self.place.client("iam", account.id), life)

        done = run.apply(catalog, planned, everything, enter, inside=frozenset())
        assert [one.trouble for one in done] == [None] * len(done)

    def entered(self, keys: Mapping[str, Keys]) -> set[tuple[str, str]]:
        """Who enters which role with his own keys now."""
        return {
            (name, role.key)
            for name, held in keys.items()
            for role in self.place.catalog.roles
            if self._enters(held, role.arn, name)
        }

    def _enters(self, keys: Keys, arn: str, name: str) -> bool:
        try:
            self._aws.client("sts", keys).assume_role(RoleArn=arn, RoleSessionName=name)
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDenied":
                raise
            return False
        return True

    def left_to_do(self) -> list[str]:
        return [change.thing for one in self.place.plans(self._now) for change in one.changes]


@pytest.fixture
def town(aws: SandboxAws, clock: SharedClock) -> Iterator[Town]:
    town = Town(aws, clock.now())
    yield town
    aws.empty(*town.place.ids.all)


@pytest.mark.timeout(900)
def test_killed_anywhere_it_opens_nothing_of_its_own_and_the_next_one_finishes(
    town: Town, prove_seed: int
) -> None:
    keys, whole = town.begin(), Life()
    town.applies(whole)
    standing, complete = town.entered(keys), town.place.state()
    assert 0 < len(standing) < len(PEOPLE) * len(town.place.catalog.roles)
    dice = random.Random(prove_seed)

    for _ in range(POINTS):
        point, answered = dice.randint(1, whole.made), dice.random() < 0.5
        keys = town.begin()
        with pytest.raises(Killed):
            town.applies(Life(point, answered=answered))

        assert town.entered(keys) <= standing, (point, answered)
        town.applies(Life())
        assert town.left_to_do() == [], (point, answered)
        assert town.entered(keys) == standing, (point, answered)
        assert town.place.state() == complete, (point, answered)
