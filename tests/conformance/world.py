"""The world that is asked: accounts, people in them, and what they are let do."""

import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from botocore.exceptions import ClientError

from sandbox.aws.clients import Keys
from sandbox.aws.partition import AWS, Partition
from sandbox.aws.totp import STEP, code, step_of
from tests.conformance.documents import Statement, document
from tests.conformance.leftovers import Leftovers

PREFIX = "xacct-conformance"
DENIED = "AccessDenied"


class Surprise(AssertionError):  # noqa: N818  it is an answer, not a fault
    """The world did something else than AWS is known to do."""


@dataclass(frozen=True)
class Account:
    """An account, and the clients of someone who may do everything there."""

    id: str
    iam: Any
    s3: Any
    cloudtrail: Any
    partition: Partition

    @property
    def root(self) -> str:
        """The principal that stands for the whole account."""
        return self.arn("root")

    def arn(self, resource: str, service: str = "iam") -> str:
        """The ARN of something in this account."""
        return self.partition.arn(service, self.id, resource)


@dataclass(frozen=True)
class User:
    name: str
    arn: str
    id: str
    keys: Keys
    account: Account


@dataclass(frozen=True)
class Role:
    name: str
    arn: str
    id: str
    account: Account


@dataclass(frozen=True)
class Group:
    name: str
    arn: str
    account: Account


@dataclass(frozen=True)
class Mfa:
    """A virtual MFA device; `seed` in base32."""

    serial: str
    seed: str


class Place(Protocol):
    """Where the accounts are: the sandbox, or AWS itself."""

    patience: float  # seconds within which a write must be seen
    settling: float  # seconds that a refusal waits, so that it is none of a write still spreading
    telling: float  # seconds within which CloudTrail tells an event

    def client(self, service: str, keys: Keys) -> Any: ...
    def root_keys(self, account_id: str) -> Keys: ...
    def now(self) -> datetime: ...
    def pause(self, seconds: float) -> None: ...
    def let_pass(self, seconds: float) -> None: ...
    def move(self, by: timedelta) -> None: ...
    def set_quota(self, account_id: str, name: str, value: int) -> None: ...
    def signed(self, keys: Keys | None, query: str, body: str) -> int: ...


class World:
    """Makes users, roles and groups with throw-away names, and asks in their name."""

    def __init__(
        self, place: Place, owner: Account, grantee: Account, third: Account | None = None
    ) -> None:
        self.place = place
        self.owner = owner
        self.grantee = grantee
        self._third = third
        self._left = Leftovers()

    @property
    def third(self) -> Account:
        """The third account, for the checks that need one."""
        assert self._third
        return self._third

    def now(self) -> datetime:
        return self.place.now()

    def after(self, seconds: float) -> datetime:
        """A moment that many seconds from now."""
        return self.now() + timedelta(seconds=seconds)

    def move(self, seconds: float) -> None:
        self.place.move(timedelta(seconds=seconds))

    def user(
        self,
        *identity: Statement,
        account: Account | None = None,
        name: str = "",
        **given: Any,
    ) -> User:
        """A user with keys, and one inline policy if there are statements."""
        home = account or self.grantee
        name = name or fresh("user")
        made = home.iam.create_user(UserName=name, **given)["User"]
        self._left.user(home.iam, name)
        if identity:
            home.iam.put_user_policy(
                UserName=name, PolicyName="inline", PolicyDocument=document(*identity)
            )
        key = home.iam.create_access_key(UserName=name)["AccessKey"]
        keys = Keys(key["AccessKeyId"], key["SecretAccessKey"])
        return User(name, made["Arn"], made["UserId"], keys, home)

    def role(
        self,
        *trusted: Statement,
        account: Account | None = None,
        may: Statement | None = None,
        name: str = "",
        **given: Any,
    ) -> Role:
        """A role, with one inline policy if it may do something."""
        home = account or self.owner
        name = name or fresh("role")
        made = self._patiently(
            lambda: home.iam.create_role(
                RoleName=name, AssumeRolePolicyDocument=document(*trusted), **given
            ),
            lambda code: code != "MalformedPolicyDocument",
        )["Role"]
        self._left.role(home.iam, name)
        if may:
            home.iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=document(may))
        return Role(name, made["Arn"], made["RoleId"], home)

    def group(self, *inline: Statement, account: Account | None = None, **given: Any) -> Group:
        """A group, with one inline policy if there are statements."""
        home = account or self.grantee
        name = fresh("group")
        made = home.iam.create_group(GroupName=name, **given)["Group"]
        self._left.group(home.iam, name)
        if inline:
            home.iam.put_group_policy(
                GroupName=name, PolicyName="inline", PolicyDocument=document(*inline)
            )
        return Group(name, made["Arn"], home)

    def policy(self, *statements: Statement, account: Account | None = None) -> str:
        """A managed policy's ARN."""
        home = account or self.grantee
        made = home.iam.create_policy(
            PolicyName=fresh("policy"), PolicyDocument=document(*statements)
        )
        self._left.policy(home.iam, made["Policy"]["Arn"])
        return str(made["Policy"]["Arn"])

    def bucket(self, account: Account) -> str:
        name = fresh("bucket")
        region, asked = account.partition.region, {}
        if region != AWS.region:
            asked = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        account.s3.create_bucket(Bucket=name, **asked)
        self._left.bucket(account.s3, name)
        return name

    def join(self, group: Group, user: User) -> None:
        group.account.iam.add_user_to_group(GroupName=group.name, UserName=user.name)

    def mfa(self, user: User) -> Mfa:
        """Gives a user a virtual MFA device."""
        iam = user.account.iam
        made = iam.create_virtual_mfa_device(VirtualMFADeviceName=fresh("mfa"))["VirtualMFADevice"]
        serial, seed = made["SerialNumber"], made["Base32StringSeed"].decode()
        self._left.mfa_device(iam, serial, user.name)
        self.place.let_pass(2 * STEP)
        step = step_of(self.now().timestamp())
        codes = (code(seed, step - 1), code(seed, step))
        asked: dict[str, Any] = {"UserName": user.name, "SerialNumber": serial}
        iam.enable_mfa_device(**asked, AuthenticationCode1=codes[0], AuthenticationCode2=codes[1])
        return Mfa(serial, seed)

    def coded(self, mfa: Mfa) -> dict[str, str]:
        """The parameters that hold a code nobody has used."""
        self.place.let_pass(STEP)
        step = step_of(self.now().timestamp())
        return {"SerialNumber": mfa.serial, "TokenCode": code(mfa.seed, step)}

    def token(self, user: User, **asked: Any) -> Keys:
        """A user takes a session token; its keys."""
        return _keys(self.may(user, "sts", "get_session_token", **asked))

    def told(self, account: Account, key: str, value: str, name: str) -> Any:
        """The newest event of that name that CloudTrail has under an attribute, once it has one.

        Its `CloudTrailEvent` comes as a value.
        """
        attribute = {"AttributeKey": key, "AttributeValue": value}
        deadline = time.monotonic() + self.place.telling
        while True:
            found = account.cloudtrail.lookup_events(LookupAttributes=[attribute])["Events"]
            for event in found:
                if event["EventName"] == name:
                    return event | {"CloudTrailEvent": json.loads(event["CloudTrailEvent"])}
            if time.monotonic() > deadline:
                raise Surprise(f"CloudTrail tells no {name} of {key} {value}")
            self.place.pause(10)

    def leave(self, group: Group, user: User) -> None:
        group.account.iam.remove_user_from_group(GroupName=group.name, UserName=user.name)

    def trusts(self, role: Role, *statements: Statement) -> None:
        asked = {"RoleName": role.name, "PolicyDocument": document(*statements)}
        self._patiently(
            lambda: role.account.iam.update_assume_role_policy(**asked),
            lambda code: code != "MalformedPolicyDocument",
        )

    def puts(self, role: Role, *statements: Statement) -> None:
        """Gives a role another inline policy."""
        role.account.iam.put_role_policy(
            RoleName=role.name, PolicyName="put", PolicyDocument=document(*statements)
        )

    def let_in(self, who: User | Keys, role: Role, session: str = "", **asked: Any) -> Keys:
        """Someone assumes a role; the keys of the session."""
        answer = self.may(
            who, "sts", "assume_role", RoleArn=role.arn, RoleSessionName=session or "sess", **asked
        )
        return _keys(answer)

    def refused(
        self, who: User | Keys, role: Role, session: str = "", code: str = DENIED, **asked: Any
    ) -> None:
        """Someone asks to assume a role, and is refused."""
        asked |= {"RoleArn": role.arn, "RoleSessionName": session or "sess"}
        self.may_not(who, "sts", "assume_role", code=code, **asked)

    def may(self, who: User | Keys, service: str, call: str, **asked: Any) -> Any:
        """Someone makes a call, and it is done; the answer."""
        client = self.place.client(service, keys_of(who))
        try:
            return self._patiently(
                lambda: getattr(client, call)(**asked), lambda code: code == "ok"
            )
        except ClientError as error:
            raise Surprise(f"{call} was refused: {error}") from error

    def may_not(
        self, who: User | Keys, service: str, call: str, code: str = DENIED, **asked: Any
    ) -> None:
        """Someone makes a call, and it is refused with that code."""
        client = self.place.client(service, keys_of(who))
        self.fails(getattr(client, call), code, **asked)

    def fails(self, call: Callable[..., Any], code: str, **asked: Any) -> None:
        """A call is refused with that code."""
        self.place.pause(self.place.settling)
        try:
            self._patiently(lambda: call(**asked), lambda got: got == code)
        except ClientError as error:
            if code_of(error) != code:
                raise Surprise(f"expected {code}, got {error}") from error
        else:
            raise Surprise(f"expected {code}, but it was done")

    def will_remove_role(self, account: Account, name: str) -> None:
        """Notes a role that a check makes by itself."""
        self._left.role(account.iam, name)

    def will_remove_user(self, account: Account, name: str) -> None:
        """Notes a user that a check has renamed."""
        self._left.user(account.iam, name)

    def dated(self, answer: Any) -> datetime:
        """The `Date` of an answer."""
        return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])

    def same(self, want: object, got: object) -> None:
        """Two values are equal."""
        if want != got:
            raise Surprise(f"expected {want!r}, got {got!r}")

    def _patiently(self, call: Callable[[], Any], done: Callable[[str], bool]) -> Any:
        """Calls until the outcome's code is right, or patience is at its end."""
        deadline = time.monotonic() + self.place.patience
        while True:
            try:
                answer = call()
            except ClientError as error:
                if done(code_of(error)) or time.monotonic() > deadline:
                    raise
            else:
                if done("ok") or time.monotonic() > deadline:
                    return answer
            self.place.pause(2)

    @contextmanager
    def tidied(self) -> Iterator[None]:
        """Removes at the end whatever was made inside, even after a failure."""
        try:
            yield
        finally:
            self._left.remove()


def fresh(kind: str) -> str:
    """A name nobody has."""
    return f"{PREFIX}-{kind}-{secrets.token_hex(4)}"


def code_of(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def _keys(answer: Any) -> Keys:
    made = answer["Credentials"]
    return Keys(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])


def keys_of(who: User | Keys) -> Keys:
    return who.keys if isinstance(who, User) else who


def real_now() -> datetime:
    return datetime.now(UTC)
