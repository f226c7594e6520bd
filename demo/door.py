"""The sandbox AWS as the people of the story meet it: each with keys of his own."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from demo.accounts import LONGEST_SESSION, bucket
from demo.stage import Stage
from sandbox.aws.process import Keys
from workflows.aws.vendor import CHAINED
from workflows.catalog.model import Role


@dataclass(frozen=True)
class Caller:
    """Somebody who knocks: keys of his own, and the one session name he may come under."""

    name: str
    keys: Keys
    session_name: str
    longest: timedelta  # of a session that he may ask for


@dataclass(frozen=True)
class Answer:
    """What AWS answered: `ok` or the error's code; and the session or the names that it gave."""

    said: str
    session: Keys | None = None
    names: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether AWS let him."""
        return self.said == "ok"


@dataclass(frozen=True)
class Rest:
    """What lending changes in AWS, as AWS shows it: a user's groups and a role's trust policy."""

    groups: tuple[str, ...]
    trust: dict[str, Any]


class Door:
    """Calls to AWS as the story needs them; nothing here is the bot's."""

    def __init__(self, stage: Stage) -> None:
        self._aws, self._furnished, self._catalog = stage.aws, stage.furnished, stage.catalog

    def user(self, name: str) -> Caller:
        """An engineer with the keys of his IAM user."""
        return Caller(name, self._furnished.users[name], name, LONGEST_SESSION)

    def machine(self, name: str) -> Caller:
        """A machine with a session of its own role: what it takes with that lasts an hour at most.

        Source: IAM User Guide, "Role chaining".
        """
        machine = self._catalog.machine(name)
        assert machine is not None
        host = self._furnished.machines[name]
        found = self._assume(host, machine.role_arn, f"{name}-runner-7", CHAINED)
        return Caller(f"machine {name}", found, machine.session_name, CHAINED)

    def knock(self, caller: Caller, role: Role) -> Answer:
        """AssumeRole with the caller's own keys, for the longest session he can have."""
        try:
            found = self._assume(caller.keys, role.arn, caller.session_name, caller.longest)
        except ClientError as error:
            return Answer(error.response["Error"]["Code"])
        return Answer("ok", found)

    def look_inside(self, session: Keys, role: Role) -> Answer:
        """Lists the bucket of the role's account with a session."""
        s3 = self._aws.client("s3", session)
        try:
            found = s3.list_objects_v2(Bucket=bucket(role.account))
        except ClientError as error:
            return Answer(error.response["Error"]["Code"])
        return Answer("ok", names=tuple(one["Key"] for one in found.get("Contents", [])))

    def at_rest(self, caller: Caller, role: Role) -> Rest:
        """What AWS shows its administrators now."""
        home = self._aws.client("iam", self._aws.root(self._catalog.grantee.id))
        groups: list[str] = []
        if caller.name in self._furnished.users:
            found = home.list_groups_for_user(UserName=caller.name)["Groups"]
            groups = sorted(one["GroupName"] for one in found)
        return Rest(tuple(groups), self._trust(role))

    def end(self, role: Role) -> datetime | None:
        """From when on the role's trust policy lets nobody in; None where it lets nobody in now."""
        statements = self._trust(role)["Statement"]
        return max((end for one in statements for end in _ends(one)), default=None)

    def _trust(self, role: Role) -> dict[str, Any]:
        iam = self._aws.client("iam", self._aws.root(role.account.id))
        found: dict[str, Any] = iam.get_role(RoleName=role.name)["Role"]
        document: dict[str, Any] = found["AssumeRolePolicyDocument"]
        return document

    def _assume(self, keys: Keys, role_arn: str, session_name: str, lasts: timedelta) -> Keys:
        sts = self._aws.client("sts", keys)
        seconds = int(lasts.total_seconds())
        found = sts.assume_role(
            RoleArn=role_arn, RoleSessionName=session_name, DurationSeconds=seconds
        )["Credentials"]
        return Keys(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])


def _ends(statement: dict[str, Any]) -> Iterator[datetime]:
    before = statement.get("Condition", {}).get("DateLessThan", {}).get("aws:CurrentTime")
    if before is not None:
        yield datetime.fromisoformat(before)
