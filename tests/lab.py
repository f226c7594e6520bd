"""A place to try the product in: the sandbox AWS, a database, a clock, and people with keys."""

import json
import random
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import boto3
from botocore.exceptions import ClientError
from sqlalchemy import select
from sqlalchemy.orm import Session

from db import audit
from db.models import Alert, Audit, Request, Table
from db.session import Database
from db.store import alerts, looks, requests, targets
from demo.accounts import Furnished, bucket
from sandbox.aws.process import Keys, SandboxAws
from sandbox.clock import SharedClock
from tests import databases, furniture
from workflows import access, deliver, identity
from workflows.access import Ask, Click
from workflows.aws.fence import Managers
from workflows.aws.vendor import Credentials, Vending, Vendor
from workflows.catalog.model import (
    EVERYONE,
    Account,
    Catalog,
    Delivery,
    Engineer,
    GranteeAccount,
    GranteeKind,
    Group,
    Machine,
    Mechanism,
    Role,
)
from workflows.directory import Directory
from workflows.look import look
from workflows.person import Person
from workflows.settle.pay import settle
from workflows.settling import Settling
from workflows.world import World

TEAM = "T0LAB"
CHANNEL = "C0APPROVALS"
KEY = audit.Key(b"a key for tests, long enough to be one")


def slack_id(name: str) -> str:
    return f"U0{name.upper()}"


def a_person(name: str, **facts: Any) -> Person:
    """A full member of the workspace whose address is confirmed, unless the facts say otherwise."""
    known = Person(
        user=slack_id(name),
        team=TEAM,
        name=name,
        email=f"{name}@corp.example",
        email_confirmed=True,
        guest=False,
        bot=False,
        stranger=False,
        deleted=False,
    )
    return replace(known, **facts)


def account_id() -> str:
    return f"{random.randrange(10**11, 10**12)}"


def some_catalog(*, mechanism: Mechanism, users: tuple[str, ...], **role: Any) -> Catalog:
    """One grantee account, one owner account, one role; bob, dora and alice herself approve."""
    home = account_id()
    control = f"arn:aws:iam::{home}:role/xacct-ctl"
    grantee = GranteeAccount(
        id=home,
        name="people",
        aliases=(),
        partition="aws",
        manager_arn=f"{control}/grantee-manager",
        external_id="home-1",
        vendor_arn=f"{control}/vendor",
        vendor_external_id="vend-1",
    )
    owner_id = account_id()
    owner = Account(
        id=owner_id,
        name="prod-payments",
        aliases=("payments",),
        partition="aws",
        manager_arn=f"arn:aws:iam::{owner_id}:role/xacct-ctl/owner-manager",
        external_id="owner-1",
    )
    return Catalog(
        installation="lab",
        team=TEAM,
        approvals_channel=CHANNEL,
        alerts_channel=CHANNEL,
        pending_per_person=10,
        pending_lapses=timedelta(hours=4),
        remind_after=timedelta(minutes=15),
        grantee=grantee,
        accounts=(owner,),
        roles=(some_role(grantee, owner, "admin", mechanism, **role),),
        engineers=tuple(
            Engineer(slack=slack_id(name), iam_user=name, email=None) for name in users
        ),
        identity_rules=(),
        machines=(
            Machine(
                name="ci", role_arn=f"arn:aws:iam::{home}:role/ci", owners=(slack_id("alice"),)
            ),
        ),
        visitors=(),
        admins=(slack_id("root"),),
        auditors=(),
    )


def some_role(
    grantee: GranteeAccount, owner: Account, name: str, mechanism: Mechanism, **changed: Any
) -> Role:
    group = {
        Mechanism.ALLOW_GROUP: f"allow-{owner.name}-{name}",
        Mechanism.DENY_GROUP: f"deny-{owner.name}-{name}",
        Mechanism.TRUST_POLICY: None,
    }[mechanism]
    role = Role(
        account=owner,
        name=name,
        path="/xacct/",
        mechanism=mechanism,
        group=Group(account=grantee, name=group, path="/xacct/") if group else None,
        kinds=frozenset({GranteeKind.USER, GranteeKind.MACHINE}),
        requesters=(EVERYONE,),
        approvers=(slack_id("alice"), slack_id("bob"), slack_id("dora")),
        approvals=1,
        default_duration=timedelta(hours=1),
        max_duration=timedelta(hours=12),
        delivery=Delivery.LINK,
        channel=CHANNEL,
        session_end=True,
    )
    return replace(role, **changed)


@dataclass(frozen=True)
class Visit:
    """What came of an engineer's own keys at the door: AWS's answer, and the session if any."""

    answer: str
    session: Credentials | None = None


class Lab:
    """The product's workflows, paid by hand, one debt after the other."""

    def __init__(
        self,
        aws: SandboxAws,
        clock: SharedClock,
        url: str,
        catalog: Catalog,
        users: tuple[str, ...] = ("alice", "bob", "carol"),
    ) -> None:
        self.aws, self.clock, self.catalog = aws, clock, catalog
        self.furnished: Furnished = furniture.furnished(aws, catalog, users)
        self._stack = ExitStack()
        self._stack.callback(aws.empty, *furniture.accounts(catalog))
        self.database = Database(url, key=KEY, now=clock.now)
        self._stack.callback(self.database.close)
        databases.upgrade(self.database)
        self.people: dict[str, Person] = {}
        self.world = self.another_worker()

    def another_worker(self, *, reads_at_once: int = 8) -> World:
        """A second process's world on the same database."""
        session = self.session()
        asking = self._stack.enter_context(ThreadPoolExecutor(2))
        run = uuid.uuid4().hex[:8]
        return World(
            database=self.database,
            managers=Managers(session, clock=self.clock, run=run, reads_at_once=reads_at_once),
            directory=Directory(self.database, self.describe),
            catalog=self.catalog,
            clock=self.clock,
            asking=asking,
            run=run,
            settling=Settling(writes_apart=0.0),
        )

    def session(self) -> boto3.Session:
        """The bot's own session; the `aws` fixture says in the environment where AWS is."""
        return self.aws.session(self.furnished.bot)

    def close(self) -> None:
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- AWS, as its people and its root see it

    @property
    def home(self) -> Any:
        return self.aws.client("iam", self.aws.root(self.catalog.grantee.id))

    @property
    def owner(self) -> Any:
        return self.aws.client("iam", self.aws.root(self.catalog.accounts[0].id))

    @property
    def role(self) -> Role:
        return self.catalog.roles[0]

    def user_policy(self, name: str, statement: dict[str, Any]) -> None:
        furniture.user_policy(self.home, name, statement)

    def trust(self) -> list[str]:
        """The Sids in the role's trust policy."""
        role = self.owner.get_role(RoleName=self.role.name)["Role"]
        return [one["Sid"] for one in role["AssumeRolePolicyDocument"]["Statement"]]

    def write_trust(self, document: dict[str, Any]) -> None:
        """Somebody of the owner account changes the role's trust policy."""
        self.owner.update_assume_role_policy(
            RoleName=self.role.name, PolicyDocument=json.dumps(document)
        )

    def bar(self, manager: str) -> None:
        """The owner account's manager role trusts the bot no longer."""
        role = self.owner.get_role(RoleName=manager)["Role"]
        self._barred = role["AssumeRolePolicyDocument"]
        shut = {**self._barred["Statement"][0], "Effect": "Deny"}
        self.owner.update_assume_role_policy(
            RoleName=manager, PolicyDocument=json.dumps({**self._barred, "Statement": [shut]})
        )

    def unbar(self, manager: str) -> None:
        """The manager role trusts the bot again."""
        self.owner.update_assume_role_policy(
            RoleName=manager, PolicyDocument=json.dumps(self._barred)
        )

    def groups_of(self, name: str) -> list[str]:
        return [one["GroupName"] for one in self.home.list_groups_for_user(UserName=name)["Groups"]]

    def visit(self, name: str, *, session_name: str | None = None, **kw: Any) -> Visit:
        """The engineer tries the door with his own keys."""
        return self.knock(self.furnished.users[name], session_name or name, **kw)

    def knock(self, keys: Keys, session_name: str, role: Role | None = None) -> Visit:
        sts = self.aws.client("sts", keys)
        try:
            found = sts.assume_role(RoleArn=(role or self.role).arn, RoleSessionName=session_name)[
                "Credentials"
            ]
        except ClientError as error:
            return Visit(error.response["Error"]["Code"])
        return Visit(
            "ok",
            Credentials(
                access_key_id=found["AccessKeyId"],
                secret_access_key=found["SecretAccessKey"],
                session_token=found["SessionToken"],
                until=datetime.now(UTC),
            ),
        )

    def machine_keys(self) -> Keys:
        """A session of the machine's own role, as the machine holds it."""
        sts = self.aws.client("sts", self.furnished.machines["ci"])
        found = sts.assume_role(
            RoleArn=self.catalog.machines[0].role_arn, RoleSessionName="i-0host"
        )["Credentials"]
        return Keys(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])

    def works(self, session: Credentials | None) -> bool:
        """Whether the session still reads the owner account's bucket."""
        assert session is not None
        keys = Keys(session.access_key_id, session.secret_access_key, session.session_token)
        s3 = self.aws.client("s3", keys)
        try:
            s3.list_objects_v2(Bucket=bucket(self.catalog.accounts[0]))
        except ClientError:
            return False
        return True

    # --- people

    def describe(self, user: str) -> Person:
        return self.people.get(user) or a_person(user.lower(), user=user)

    def person(self, name: str) -> Person:
        return self.describe(slack_id(name))

    # --- the product

    def ask(
        self,
        name: str,
        *,
        minutes: int = 60,
        machine: str | None = None,
        role: Role | None = None,
        reason: str = "fix INC-482",
    ) -> int:
        by = self.person(name)
        role = role or self.role
        grantee = (
            identity.machine(self.catalog, by, machine)
            if machine
            else identity.own(self.catalog, by, role, lambda _key, _value: ())
        )
        ask = Ask(role, grantee, timedelta(minutes=minutes), reason)
        with self.database.write() as session:
            row = access.request(session, self.catalog, ask, by=by, now=self.clock.now())
        self.pay()
        return row.id

    def approve(self, request_id: int, name: str, *, pay: bool = True) -> None:
        row = self.row(request_id)
        with self.database.write() as session:
            access.approve(
                session,
                self.catalog,
                Click(request_id, row.terms or ""),
                by=self.person(name),
                requester=self.describe(row.requester),
                now=self.clock.now(),
            )
        if pay:
            self.pay()

    def revoke(self, request_id: int, name: str, *, pay: bool = True) -> None:
        with self.database.write() as session:
            access.revoke(
                session, self.catalog, [request_id], by=self.person(name), now=self.clock.now()
            )
        if pay:
            self.pay()

    def lend(self, name: str, *, minutes: int = 60, **kw: Any) -> int:
        """Asked, approved by bob, opened."""
        request_id = self.ask(name, minutes=minutes, **kw)
        self.approve(request_id, "bob")
        return request_id

    def row(self, request_id: int) -> Request:
        with self.database.read() as session:
            found = requests.get(session, request_id)
        assert found is not None
        return found

    def pass_time(self, **length: float) -> None:
        self.clock.move(timedelta(**length))
        self.pay()

    def pay(self, world: World | None = None) -> None:
        """Pays whatever is due until nothing is, as the sweep would."""
        world = world or self.world
        for _ in range(50):
            now = self.clock.now()
            with self.database.read() as session:
                looked, settles = looks.due(session, now), self.due(session, now)
            for request_id, _account in looked:
                look(world, request_id)
            for owed in settles:
                settle(world, owed.id)
            if not looked and not settles:
                return
        raise AssertionError(f"still owed after 50 rounds: {self.troubles()}")

    def pay_once(self) -> None:
        """Pays what is due now, each debt once, whether it can be paid or not."""
        with self.database.read() as session:
            owed = self.due(session, self.clock.now())
        for one in owed:
            settle(self.world, one.id)

    def troubles(self) -> list[str | None]:
        with self.database.read() as session:
            return [targets.get(session, one.id).trouble for one in self.due(session, _ages())]

    def due(self, session: Session, now: datetime) -> Sequence[targets.Owed]:
        return targets.due(session, now, database_now=self.database.now(session))

    @property
    def vendor(self) -> Vendor:
        return Vendor(self.session(), run="lab")

    def vending(self, request_id: int) -> Vending:
        return deliver.vending(self.world, self.row(request_id))

    def mint(self, request_id: int, name: str) -> Credentials:
        return deliver.mint(self.world, self.vendor, request_id, by=self.person(name))

    def alerts(self) -> Sequence[Alert]:
        """What needs an administrator now."""
        with self.database.read() as session:
            return alerts.standing(session)

    def events(self, request_id: int) -> list[str]:
        """What the audit chain says happened to a request, in order."""
        query = select(Audit.event).where(Audit.request_id == request_id).order_by(Audit.number)
        with self.database.read() as session:
            return list(session.scalars(query))

    def everything_stored(self) -> str:
        """Every row of every table, as text."""
        with self.database.read() as session:
            return "\n".join(
                repr(tuple(row))
                for table in Table.metadata.sorted_tables
                for row in session.execute(select(table))
            )


def _ages() -> datetime:
    return datetime.max.replace(tzinfo=UTC)
