"""Two accounts with a role of each mechanism, people with keys, and humans who change AWS."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from db.models import Request
from demo.accounts import bucket
from sandbox.aws.process import Keys, SandboxAws
from sandbox.clock import SharedClock
from tests.lab import Lab, slack_id, some_catalog, some_role
from tests.prove.model import Pair
from tests.prove.wire import InLine, Wire, WiredManagers
from workflows import sweep
from workflows.catalog.model import (
    Catalog,
    Delivery,
    Engineer,
    GranteeKind,
    Mechanism,
    Role,
    Visitor,
)
from workflows.documents import session_end
from workflows.drift import record, run
from workflows.settling import Settling
from workflows.sweep import Debt
from workflows.world import World

ENGINEERS: Final = ("alice", "carol")
PEOPLE: Final = (*ENGINEERS, "bob", "dora", "zoe", "mallory")
SSO_USER: Final = "zoe@corp.example"
LONGEST: Final = timedelta(hours=4)
ADMIN, BREAKGLASS, DEPLOY = "admin", "breakglass", "deploy"
SSO_ROLE: Final = "AWSReservedSSO_Dev_0123456789abcdef"
_SSO_PATH: Final = "/aws-reserved/sso.amazonaws.com/"
_KEYS_LAST: Final = timedelta(minutes=50)  # sessions that people come with are taken anew then
_MFA_SECONDS: Final = 129600  # the longest that GetSessionToken gives a user
_MFA_LASTS: Final = timedelta(hours=35)


@dataclass(frozen=True)
class Grantee:
    """Whom a request lets in: who asks for it, and the name it enters under."""

    name: str
    asker: str
    session_name: str
    kind: GranteeKind


GRANTEES: Final = {
    "alice": Grantee("alice", "alice", "alice", GranteeKind.USER),
    "carol": Grantee("carol", "carol", "carol", GranteeKind.USER),
    "ci": Grantee("ci", "alice", "xacct-ci", GranteeKind.MACHINE),
    SSO_USER: Grantee(SSO_USER, "zoe", SSO_USER, GranteeKind.PERSON),
}

PAIRS: Final = (
    *(Pair(role, name) for role in (ADMIN, BREAKGLASS) for name in ENGINEERS),
    *(Pair(DEPLOY, name) for name in ("alice", "ci", SSO_USER)),
)
"""Who asks for what."""


def some_place(aws: SandboxAws, clock: SharedClock, folder: Path) -> "Place":
    """A new pair of accounts, with nothing asked yet, a little after a whole minute."""
    # Hypothesis seeds `random` for each example alike, and no account may be met again.
    state = random.getstate()
    random.seed()
    catalog = _catalog()
    file = folder / f"{catalog.grantee.id}.db"
    place = Place(aws, clock, f"sqlite:///{file}", catalog, (*ENGINEERS, "sso-host"))
    random.setstate(state)
    now = clock.now()
    clock.move_to(now.replace(second=5, microsecond=0) + timedelta(minutes=1))
    return place


def _catalog() -> Catalog:
    made = some_catalog(mechanism=Mechanism.ALLOW_GROUP, users=ENGINEERS)
    (owner,) = made.accounts
    users = frozenset({GranteeKind.USER})
    lent: dict[str, Any] = {"max_duration": LONGEST}
    sso = f"arn:aws:iam::{made.grantee.id}:role{_SSO_PATH}{SSO_ROLE}"
    return replace(
        made,
        roles=(
            some_role(made.grantee, owner, ADMIN, Mechanism.ALLOW_GROUP, kinds=users, **lent),
            some_role(
                *(made.grantee, owner, BREAKGLASS, Mechanism.DENY_GROUP),
                **lent,
                kinds=users,
                approvals=2,
                mfa=True,
            ),
            some_role(
                *(made.grantee, owner, DEPLOY, Mechanism.TRUST_POLICY),
                **lent,
                kinds=frozenset(GranteeKind),
                delivery=Delivery.CREDENTIALS,
            ),
        ),
        engineers=tuple(Engineer(slack_id(name), name, None) for name in ENGINEERS),
        visitors=(Visitor(slack_id("zoe"), sso, SSO_USER),),
    )


class Place(Lab):
    """A lab whose debts wait until they are paid by hand, by workers at the end of a wire."""

    def __init__(self, *args: Any) -> None:
        self.wire = Wire()
        self._held: dict[str, tuple[datetime, Keys]] = {}
        self._with_mfa: dict[str, tuple[datetime, Keys]] = {}
        self._devices: dict[str, tuple[str, Callable[[], str]]] = {}
        self._clients: dict[tuple[str, str], Any] = {}
        super().__init__(*args)
        self._furnish_rights()
        self._furnish_sso()

    @property
    def home(self) -> Any:
        return self._client("iam", self.aws.root(self.catalog.grantee.id))

    @property
    def owner(self) -> Any:
        return self._client("iam", self.aws.root(self.catalog.accounts[0].id))

    def another_worker(self, **kwargs: Any) -> World:
        """A worker at the end of the wire, who does one thing after the other."""
        world = super().another_worker(**kwargs)
        managers = WiredManagers(self.session(), clock=self.clock, run=world.run)
        managers.wire = self.wire
        return replace(world, managers=managers, asking=InLine(1))

    def pay(self, world: World | None = None) -> None:
        """Nothing is paid by the way: when, and by whom, is what is tried here."""

    def debts(self, world: World) -> list[tuple[Debt, int]]:
        """All that is due now, with the worker who would pay it, and who is in no hurry to wait."""
        now, world = self.clock.now(), replace(world, settling=Settling(writes_apart=0.0))
        kinds = (sweep.looks(world), sweep.settles(world))
        return [(kind, due.key) for kind in kinds for due in kind.due(now)]

    def drift(self, world: World) -> None:
        """What the drift job does with each account, one after the other."""
        for account in (self.catalog.grantee, *self.catalog.accounts):
            record.account(world, run.read_account(world, account))

    # --- who holds what at rest

    def _furnish_rights(self) -> None:
        """Joining opens the role behind the allow group; what denies the other is a group."""
        roles = [self.named(BREAKGLASS).arn, self.named(DEPLOY).arn]
        may = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": roles}
        for name in ENGINEERS:
            self.user_policy(name, may)
            self.human_joins(name, BREAKGLASS)

    def _furnish_sso(self) -> None:
        """Identity Center's role, and somebody who puts people into it as Identity Center does."""
        host = f"arn:aws:iam::{self.catalog.grantee.id}:user/sso-host"
        may = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
        self.user_policy("sso-host", may)
        enter = {"Effect": "Allow", "Principal": {"AWS": host}, "Action": "sts:AssumeRole"}
        self.home.create_role(
            RoleName=SSO_ROLE,
            Path=_SSO_PATH,
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [enter]}),
        )
        self.home.put_role_policy(
            RoleName=SSO_ROLE,
            PolicyName="p",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [may]}),
        )

    def named(self, role: str) -> Role:
        return next(one for one in self.catalog.roles if one.name == role)

    def group(self, role: str) -> str:
        group = self.named(role).group
        assert group is not None
        return group.name

    # --- at the door

    def enter(
        self,
        pair: Pair,
        *,
        session_name: str | None = None,
        seconds: int = 3600,
        mfa: bool = False,
    ) -> Keys | None:
        """The grantee tries his own keys, with his MFA or without; None where AWS refuses."""
        grantee = GRANTEES[pair.grantee]
        sts = self._client("sts", self._mfa_keys(grantee) if mfa else self._keys(grantee))
        try:
            found = sts.assume_role(
                RoleArn=self.named(pair.role).arn,
                RoleSessionName=session_name or grantee.session_name,
                DurationSeconds=seconds,
            )["Credentials"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "AccessDenied":
                return None
            raise
        return Keys(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])

    def still_in(self, session: Keys) -> bool:
        """Whether a session that somebody kept still reads the owner account's bucket."""
        try:
            self._client("s3", session).list_objects_v2(Bucket=bucket(self.catalog.accounts[0]))
        except ClientError:
            return False
        return True

    def _keys(self, grantee: Grantee) -> Keys:
        """What the grantee comes with: a user his own keys, the others a session of their role."""
        if grantee.kind is GranteeKind.USER:
            return self.furnished.users[grantee.name]
        since, keys = self._held.get(grantee.name, (None, None))
        if keys is None or since is None or not since <= self.clock.now() < since + _KEYS_LAST:
            keys = self.machine_keys() if grantee.kind is GranteeKind.MACHINE else self._sso()
            self._held[grantee.name] = self.clock.now(), keys
        return keys

    def _mfa_keys(self, grantee: Grantee) -> Keys:
        """A session of the user's own, taken with a code of his device, as the AWS CLI does."""
        name = grantee.name
        since, keys = self._with_mfa.get(name, (None, None))
        if keys is None or since is None or self.clock.now() >= since + _MFA_LASTS:
            if name not in self._devices:
                self._devices[name] = self.aws.mfa(self.catalog.grantee.id, name)
            serial, code = self._devices[name]
            found = self._client("sts", self.furnished.users[name]).get_session_token(
                SerialNumber=serial, TokenCode=code(), DurationSeconds=_MFA_SECONDS
            )["Credentials"]
            keys = Keys(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
            self._with_mfa[name] = self.clock.now(), keys
        return keys

    def _sso(self) -> Keys:
        sts = self.aws.client("sts", self.furnished.users["sso-host"])
        found = sts.assume_role(
            RoleArn=f"arn:aws:iam::{self.catalog.grantee.id}:role{_SSO_PATH}{SSO_ROLE}",
            RoleSessionName=SSO_USER,
        )["Credentials"]
        return Keys(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])

    def _client(self, service: str, keys: Keys) -> Any:
        key = (service, keys.access_key_id)
        if key not in self._clients:
            self._clients[key] = self.aws.client(service, keys)
        return self._clients[key]

    def ask_for_mfa(self, role: str, *, mfa: bool) -> None:
        """The catalog asks for MFA in this role from now on, or no more."""
        roles = (replace(one, mfa=mfa) if one.name == role else one for one in self.catalog.roles)
        self.catalog = replace(self.catalog, roles=tuple(roles))
        self.world = replace(self.world, catalog=self.catalog)

    # --- humans in AWS

    def trust_of(self, role: str) -> list[dict[str, Any]]:
        """The statements of the role's trust policy."""
        document = self.owner.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
        return list(document["Statement"])

    def human_trusts(self, role: str, statements: list[dict[str, Any]]) -> None:
        document = {"Version": "2012-10-17", "Statement": statements}
        self.owner.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(document))

    def has_session_end(self, role: str) -> bool:
        return session_end.NAME in self.owner.list_role_policies(RoleName=role)["PolicyNames"]

    def human_bares(self, role: str) -> None:
        """A human deletes the role's session end."""
        self.owner.delete_role_policy(RoleName=role, PolicyName=session_end.NAME)

    def human_joins(self, name: str, role: str) -> None:
        self.home.add_user_to_group(GroupName=self.group(role), UserName=name)

    def human_leaves(self, name: str, role: str) -> None:
        self.home.remove_user_from_group(GroupName=self.group(role), UserName=name)

    def is_member(self, name: str, role: str) -> bool:
        return self.group(role) in self.groups_of(name)

    def human_adds_policy(self, role: str) -> None:
        """The group of the role holds more than it should from now on."""
        more = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
        self.home.put_group_policy(
            GroupName=self.group(role),
            PolicyName="more",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [more]}),
        )

    def human_removes_policy(self, role: str) -> None:
        self.home.delete_group_policy(GroupName=self.group(role), PolicyName="more")

    def ids(self) -> dict[str, str]:
        """How our trust statements name each grantee."""
        found = {name: self.home.get_user(UserName=name)["User"]["UserId"] for name in ENGINEERS}
        for name, role in (("ci", "ci"), (SSO_USER, SSO_ROLE)):
            found[name] = self.home.get_role(RoleName=role)["Role"]["RoleId"]
        return found

    def rows(self) -> list[Request]:
        """All requests."""
        with self.database.read() as session:
            return list(session.query(Request).order_by(Request.id))
