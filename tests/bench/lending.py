"""Grants that are open before the bot runs: made by the workflows themselves, without clicks."""

import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Final

from sqlalchemy import func, select, update

from bot import wiring
from bot.settings import Settings
from db import migrate
from db.lifecycle import State
from db.models import Request
from db.store import requests
from demo.scene import slack_id
from demo.stage import AUDIT_KEY, Stage
from tests.bench.catalogs import APPROVER
from workflows import access, identity
from workflows.access import Ask, Click
from workflows.catalog.model import Role
from workflows.look import look
from workflows.sweep import settles
from workflows.world import World

Pair = tuple[str, Role]  # an IAM user's name, and what is lent to him

AT_A_TIME: Final = 50
"""Pairs that are lent to together: an opening must follow its ask within half a minute."""

LONGEST_TRUST: Final = 4096
"""Characters that AWS lets a trust policy have at most, to who asks to raise the quota (IAM User
Guide, "IAM and AWS STS quotas")."""

_EARLY: Final = timedelta(seconds=30)  # an end is rounded up to the whole minute
_PATIENCE: Final = 60.0


def lend(stage: Stage, pairs: Sequence[Pair], *, until: datetime) -> None:
    """Opens all these grants so that each ends at `until`, a whole minute. The bot must not run.

    Slack is owed nothing for them: their cards come with their ends. Of the requests for one role
    one is looked at; the others get what was found, each with the id of its own user.
    """
    with _world(stage) as world, ThreadPoolExecutor(8) as pool:
        ids = _ids(stage, {name for name, _ in pairs})
        for first in range(0, len(pairs), AT_A_TIME):
            numbers = _ask(world, pairs[first : first + AT_A_TIME], until)
            _look(world, pool, numbers, ids)
            _approve(world, numbers)
            _settle(world, pool, numbers)
        with world.database.write() as session:
            session.execute(update(Request).values(drawn=Request.changed, draw_at=None))


def make_room(stage: Stage, role: Role) -> None:
    """Raises the quota of the role's account as far as AWS does."""
    stage.aws.set_quota(role.account.id, "AssumeRolePolicySizeQuota", LONGEST_TRUST)


@contextmanager
def _world(stage: Stage) -> Iterator[World]:
    """What the bot's own workflows have around them, in this process."""
    told = {
        "SLACK_API_URL": stage.slack.api_url,
        "SLACK_BOT_TOKEN": stage.slack.bot_token,
        "SLACK_APP_TOKEN": stage.slack.app_token,
        "XACCT_AUDIT_KEY": AUDIT_KEY,
        "XACCT_CATALOG": str(stage.folder / "xacct.yaml"),
        "XACCT_DATABASE_URL": stage.database_url,
    }
    with stage.database() as database, _aws_is(stage):
        migrate.upgrade(database)
        world = wiring.world(Settings.from_env(told), stage.catalog, database, stage.clock)
        world.looked.set()  # nothing stands in AWS that could differ
        yield world


@contextmanager
def _aws_is(stage: Stage) -> Iterator[None]:
    """boto3 reads in the environment where AWS is, and whose keys it signs with."""
    keys, before = stage.furnished.bot, dict(os.environ)
    for name in [one for one in before if one.lower().endswith("_proxy")]:
        del os.environ[name]
    os.environ.update(
        AWS_ACCESS_KEY_ID=keys.access_key_id,
        AWS_SECRET_ACCESS_KEY=keys.secret_access_key,
        AWS_DEFAULT_REGION="us-east-1",
        AWS_ENDPOINT_URL=stage.aws.endpoint,
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    )
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _ask(world: World, pairs: Sequence[Pair], until: datetime) -> list[int]:
    catalog, now = world.catalog, world.clock.now()
    people = {name: world.directory.person(slack_id(name), now=now) for name, _ in pairs}
    with world.database.write() as session:
        return [
            access.request(
                session,
                catalog,
                Ask(
                    role,
                    identity.own(catalog, people[name], role, lambda _key, _value: ()),
                    until - now - _EARLY,
                    "lent before the bench",
                ),
                by=people[name],
                now=now,
            ).id
            for name, role in pairs
        ]


def _ids(stage: Stage, names: Iterable[str]) -> dict[str, str]:
    iam = stage.aws.client("iam", stage.aws.root(stage.catalog.grantee.id))
    return {name: iam.get_user(UserName=name)["User"]["UserId"] for name in names}


def _look(
    world: World, pool: ThreadPoolExecutor, numbers: Sequence[int], ids: Mapping[str, str]
) -> None:
    rows = _rows(world, numbers)
    first = {row.role_arn: row.id for row in reversed(rows)}
    list(pool.map(partial(look, world), first.values()))
    now = world.clock.now()
    with world.database.write() as session:
        for row in (one for one in rows if one.id not in first.values()):
            other, role = requests.get(session, row.id), world.catalog.role(row.role)
            seen = requests.get(session, first[row.role_arn])
            assert other is not None
            assert seen is not None
            assert role is not None
            other.findings, other.longest_session = seen.findings, seen.longest_session
            other.grantee_id = ids[row.grantee_name]
            terms = access.terms_of(other, role)
            session.flush()
            requests.note(session, other, at=now, terms=terms, look_at=other.lapses_at)


def _rows(world: World, numbers: Sequence[int]) -> Sequence[Request]:
    with world.database.read() as session:
        query = select(Request).where(Request.id.in_(numbers)).order_by(Request.id)
        return session.scalars(query).all()


def _approve(world: World, numbers: Sequence[int]) -> None:
    now = world.clock.now()
    bob = world.directory.person(slack_id(APPROVER), now=now)
    rows = _rows(world, numbers)
    people = {row.requester: world.directory.person(row.requester, now=now) for row in rows}
    with world.database.write() as session:
        for row in rows:
            access.approve(
                session,
                world.catalog,
                Click(row.id, row.terms or ""),
                by=bob,
                requester=people[row.requester],
                now=now,
            )


def _settle(world: World, pool: ThreadPoolExecutor, numbers: Sequence[int]) -> None:
    """Pays what is due, as the sweep would, until all these requests are active."""
    debt, given_up, pause = settles(world), monotonic() + _PATIENCE, threading.Event()
    while _count(world, numbers, State.ACTIVE) < len(numbers):
        if monotonic() > given_up:
            raise TimeoutError(f"what the bench needs is not open within {_PATIENCE:.0f} s")
        owed = [due.key for due in debt.due(world.clock.now())]
        list(pool.map(debt.pay, owed))
        pause.wait(0 if owed else 0.05)


def _count(world: World, numbers: Sequence[int], state: State) -> int:
    with world.database.read() as session:
        query = select(func.count()).where(Request.id.in_(numbers), Request.state == state)
        return session.scalars(query).one()
