"""The self-test: whoever must be refused is refused, and who may come in comes in.

It asks the running server over its socket, as any client would, and takes away what it made.
"""

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.aws.clients import Clients, Keys
from sandbox.aws.partition import Partition
from sandbox.clock import SharedClock

_ASSUME_ANY = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}


def complaints(
    endpoint: str, root_secret: str, clock: SharedClock, partition: Partition
) -> list[str]:
    """What is wrong with the enforcement, as clauses of a sentence; empty when nothing is."""
    try:
        with ExitStack() as leftovers:
            probe = _Probe(endpoint, root_secret, clock, partition, leftovers)
            return [clause for clause, holds in probe.findings() if not holds]
    except (ClientError, BotoCoreError) as error:
        return [f"the self-test cannot be made: {error}"]


class _Probe:
    def __init__(
        self,
        endpoint: str,
        root_secret: str,
        clock: SharedClock,
        partition: Partition,
        leftovers: ExitStack,
    ) -> None:
        self._clients = Clients(endpoint, partition.region)
        self._partition = partition
        self._clock = clock
        self._later = leftovers.callback
        self._account = f"{secrets.randbelow(10**12):012d}"
        self._root = Keys(self._account, root_secret)
        self._iam = self._clients.client("iam", self._root)

    def findings(self) -> Iterator[tuple[str, bool]]:
        """Each clause that must not be so, and whether it is not."""
        stranger, member, rightful = self._user("stranger"), self._user("member"), self._user("own")
        for name in ("member", "own"):
            self._allow(name)
        self._deny_by_group("member")
        closed, open_ = self._role("closed", -60), self._role("open", 60)
        wrong = Keys(rightful.access_key_id, "wrong")
        yield "a user without policies is let in", self._refused(self._list(stranger))
        yield "a wrong secret is let in", self._refused(self._assume(wrong, open_))
        yield (
            "a wrong root secret is let in",
            self._refused(self._list(Keys(self._account, "wrong"))),
        )
        yield "a trust that has lapsed lets in", self._refused(self._assume(rightful, closed))
        yield "a denied group member is let in", self._refused(self._assume(member, open_))
        yield "who may come in is refused", not self._refused(self._assume(rightful, open_))

    def _refused(self, call: Callable[[], Any]) -> bool:
        try:
            call()
        except ClientError as error:
            return bool(error.response["ResponseMetadata"]["HTTPStatusCode"] == 403)
        return False

    def _list(self, keys: Keys) -> Callable[[], Any]:
        asked: Callable[[], Any] = self._clients.client("iam", keys).list_users
        return asked

    def _assume(self, keys: Keys, role_arn: str) -> Callable[[], Any]:
        sts = self._clients.client("sts", keys)
        return lambda: sts.assume_role(RoleArn=role_arn, RoleSessionName="self-test")

    def _user(self, name: str) -> Keys:
        self._iam.create_user(UserName=name)
        self._later(self._iam.delete_user, UserName=name)
        key = self._iam.create_access_key(UserName=name)["AccessKey"]
        self._later(self._iam.delete_access_key, UserName=name, AccessKeyId=key["AccessKeyId"])
        return Keys(key["AccessKeyId"], key["SecretAccessKey"])

    def _allow(self, name: str) -> None:
        self._iam.put_user_policy(
            UserName=name, PolicyName="allow", PolicyDocument=_document(_ASSUME_ANY)
        )
        self._later(self._iam.delete_user_policy, UserName=name, PolicyName="allow")

    def _deny_by_group(self, name: str) -> None:
        self._iam.create_group(GroupName="denied")
        self._later(self._iam.delete_group, GroupName="denied")
        self._iam.put_group_policy(
            GroupName="denied",
            PolicyName="deny",
            PolicyDocument=_document(_ASSUME_ANY | {"Effect": "Deny"}),
        )
        self._later(self._iam.delete_group_policy, GroupName="denied", PolicyName="deny")
        self._iam.add_user_to_group(GroupName="denied", UserName=name)
        self._later(self._iam.remove_user_from_group, GroupName="denied", UserName=name)

    def _role(self, name: str, seconds: int) -> str:
        end = self._clock.now() + timedelta(seconds=seconds)
        trust = {
            "Effect": "Allow",
            "Principal": {"AWS": self._partition.arn("iam", self._account, "root")},
            "Action": "sts:AssumeRole",
            "Condition": {"DateLessThan": {"aws:CurrentTime": end.isoformat()}},
        }
        role = self._iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document(trust))
        self._later(self._iam.delete_role, RoleName=name)
        return str(role["Role"]["Arn"])


def _document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
