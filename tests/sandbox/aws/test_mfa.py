"""MFA: codes as RFC 6238 has them, each of them good for one call of their own user."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.process import Keys, SandboxAws
from sandbox.aws.totp import STEP, code, step_of
from sandbox.clock import SharedClock
from tests.sandbox.aws.conftest import NewAccount

WITH_MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
WRONG = "MultiFactorAuthentication failed with invalid MFA one time pass code."
RFC_SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

Code = Callable[[], str]


def _document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def _trust(account: str, when: dict[str, Any] | None = None) -> str:
    principal = {"AWS": f"arn:aws:iam::{account}:root"}
    return _document(Principal=principal, Action="sts:AssumeRole", Condition=when or {})


class Office:
    """An account with a role that wants MFA, and users who may assume roles."""

    def __init__(self, aws: SandboxAws, account: str) -> None:
        self.aws = aws
        self.account = account
        self.iam = aws.client("iam", aws.root(account))
        made = self.iam.create_role(
            RoleName="admin", AssumeRolePolicyDocument=_trust(account, WITH_MFA)
        )
        self.role: str = made["Role"]["Arn"]

    def user(self, name: str, action: str | list[str] = "sts:AssumeRole", **when: Any) -> Keys:
        self.iam.create_user(UserName=name)
        document = _document(Action=action, Resource="*", Condition=when)
        self.iam.put_user_policy(UserName=name, PolicyName="may", PolicyDocument=document)
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        return Keys(key["AccessKeyId"], key["SecretAccessKey"])

    def mfa(self, name: str) -> tuple[str, Code]:
        return self.aws.mfa(self.account, name)

    def enters(self, keys: Keys, **mfa: str) -> Keys:
        sts = self.aws.client("sts", keys)
        return _keys(sts.assume_role(RoleArn=self.role, RoleSessionName="sess", **mfa))

    def token(self, keys: Keys, **asked: Any) -> Keys:
        return _keys(self.aws.client("sts", keys).get_session_token(**asked))


def _keys(answer: Any) -> Keys:
    made = answer["Credentials"]
    return Keys(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])


@pytest.fixture
def office(aws: SandboxAws, new_account: NewAccount) -> Office:
    return Office(aws, new_account())


@pytest.mark.parametrize(
    ("seconds", "right"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_codes_are_those_of_rfc_6238(seconds: int, right: str) -> None:
    assert code(RFC_SEED, step_of(seconds)) == right


def test_a_code_lets_in_where_the_trust_wants_mfa(office: Office) -> None:
    keys = office.user("alice")
    serial, told = office.mfa("alice")

    office.enters(keys, SerialNumber=serial, TokenCode=told())


def test_without_a_code_keys_and_sessions_are_refused(office: Office) -> None:
    keys = office.user("alice")
    office.mfa("alice")
    for refused in (keys, office.token(keys)):
        with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole"):
            office.enters(refused)


def test_a_code_counts_once_and_the_next_step_has_another(
    office: Office, clock: SharedClock
) -> None:
    keys = office.user("alice")
    serial, told = office.mfa("alice")
    now = told()
    office.enters(keys, SerialNumber=serial, TokenCode=now)
    with pytest.raises(ClientError, match=WRONG):
        office.enters(keys, SerialNumber=serial, TokenCode=now)
    clock.move(timedelta(seconds=STEP))
    office.enters(keys, SerialNumber=serial, TokenCode=told())


def test_a_code_of_a_minute_ago_is_too_old(office: Office, clock: SharedClock) -> None:
    keys = office.user("alice")
    serial, told = office.mfa("alice")
    old = told()
    clock.move(timedelta(seconds=2 * STEP))
    with pytest.raises(ClientError, match=WRONG):
        office.enters(keys, SerialNumber=serial, TokenCode=old)


def test_a_wrong_code_is_refused_also_where_no_mfa_is_wanted(office: Office) -> None:
    keys = office.user("alice")
    serial, told = office.mfa("alice")
    office.iam.update_assume_role_policy(RoleName="admin", PolicyDocument=_trust(office.account))
    wrong = f"{(int(told()) + 1) % 10**6:06}"
    with pytest.raises(ClientError, match=WRONG):
        office.enters(keys, SerialNumber=serial, TokenCode=wrong)
    with pytest.raises(ClientError, match=WRONG):
        office.token(keys, SerialNumber=serial, TokenCode=wrong)
    office.iam.delete_user_policy(UserName="alice", PolicyName="may")
    office.iam.update_assume_role_policy(
        RoleName="admin", PolicyDocument=_trust(f"{int(office.account) - 1}")
    )
    with pytest.raises(ClientError, match=WRONG):
        office.enters(keys, SerialNumber=serial, TokenCode=wrong)


def test_a_device_serves_its_own_user_and_his_long_lived_keys_only(office: Office) -> None:
    alice, bob = office.user("alice"), office.user("bob")
    serial, told = office.mfa("alice")
    for other in (bob, office.token(alice)):
        with pytest.raises(ClientError, match="valid and associated with this user"):
            office.enters(other, SerialNumber=serial, TokenCode=told())
    with pytest.raises(ClientError, match="must provide both"):
        office.enters(alice, SerialNumber=serial)
    office.enters(alice, SerialNumber=serial, TokenCode=told())


def test_a_session_token_with_mfa_opens_what_wants_mfa_and_iam(office: Office) -> None:
    keys = office.user("alice", ["sts:AssumeRole", "iam:ListRoles"])
    serial, told = office.mfa("alice")
    session = office.token(keys, SerialNumber=serial, TokenCode=told())
    office.enters(session)
    assert office.aws.client("iam", session).list_roles()["Roles"]


def test_a_session_token_without_mfa_gets_no_answer_of_iam(office: Office) -> None:
    keys = office.user("alice", "*")
    session = office.token(keys)
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        office.aws.client("iam", session).list_roles()
    sts = office.aws.client("sts", session)
    assert sts.get_caller_identity()["Arn"].endswith(":user/alice")
    with pytest.raises(ClientError, match="Cannot call GetAccessKeyInfo with session credentials"):
        sts.get_access_key_info(AccessKeyId=keys.access_key_id)
    with pytest.raises(ClientError, match="Cannot call GetSessionToken with session credentials"):
        sts.get_session_token()


def test_a_federated_user_gets_no_role_and_no_answer_of_iam(office: Office) -> None:
    keys = office.user("alice", "*")
    everything = _document(Action="*", Resource="*")
    sts = office.aws.client("sts", keys)
    session = _keys(sts.get_federation_token(Name="someone", Policy=everything))
    with pytest.raises(ClientError, match="Cannot call AssumeRole with session credentials"):
        office.enters(session)
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        office.aws.client("iam", session).list_roles()


def test_a_role_entered_with_mfa_does_not_tell_it_on(office: Office) -> None:
    keys = office.user("alice")
    serial, told = office.mfa("alice")
    document = _document(Action="iam:ListRoles", Resource="*", Condition=WITH_MFA)
    office.iam.put_role_policy(RoleName="admin", PolicyName="may", PolicyDocument=document)
    session = office.enters(keys, SerialNumber=serial, TokenCode=told())
    with pytest.raises(ClientError, match="AccessDenied"):
        office.aws.client("iam", session).list_roles()


def test_the_age_of_mfa_grows_with_the_clock(office: Office, clock: SharedClock) -> None:
    fresh = {"NumericLessThan": {"aws:MultiFactorAuthAge": "300"}}
    keys = office.user("alice", "iam:ListRoles", **fresh)
    serial, told = office.mfa("alice")
    session = office.token(keys, SerialNumber=serial, TokenCode=told())
    iam = office.aws.client("iam", session)
    iam.list_roles()
    clock.move(timedelta(seconds=301))
    with pytest.raises(ClientError, match="AccessDenied"):
        iam.list_roles()
    with pytest.raises(ClientError, match="AccessDenied"):
        office.aws.client("iam", keys).list_roles()


def test_a_device_is_enabled_by_two_codes_in_a_row_only(office: Office, clock: SharedClock) -> None:
    office.user("alice")
    made = office.iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    seed, step = made["Base32StringSeed"].decode(), step_of(clock.time())
    named = {"UserName": "alice", "SerialNumber": made["SerialNumber"]}
    for first, second in ((step, step), (step - 2, step), (step - 9, step - 8)):
        codes = {
            "AuthenticationCode1": code(seed, first),
            "AuthenticationCode2": code(seed, second),
        }
        with pytest.raises(ClientError, match="InvalidAuthenticationCode"):
            office.iam.enable_mfa_device(**named, **codes)
    assert office.iam.list_mfa_devices(UserName="alice")["MFADevices"] == []


def test_a_user_keeps_his_device_when_renamed_and_must_give_it_back_to_go(office: Office) -> None:
    keys = office.user("alice")
    serial, told = office.mfa("alice")
    office.iam.update_user(UserName="alice", NewUserName="ann")
    office.enters(keys, SerialNumber=serial, TokenCode=told())
    office.iam.delete_access_key(UserName="ann", AccessKeyId=keys.access_key_id)
    office.iam.delete_user_policy(UserName="ann", PolicyName="may")
    with pytest.raises(ClientError, match="must delete MFA device first"):
        office.iam.delete_user(UserName="ann")
    office.iam.deactivate_mfa_device(UserName="ann", SerialNumber=serial)
    office.iam.delete_virtual_mfa_device(SerialNumber=serial)
    office.iam.delete_user(UserName="ann")


def test_one_may_list_ones_own_devices_and_nobody_elses(office: Office) -> None:
    arn = f"arn:aws:iam::{office.account}:user/${{aws:username}}"
    keys = office.user("alice")
    document = _document(Action="iam:ListMFADevices", Resource=arn)
    office.iam.put_user_policy(UserName="alice", PolicyName="may", PolicyDocument=document)
    office.user("bob")
    serial, _ = office.mfa("alice")
    iam = office.aws.client("iam", keys)
    assert [each["SerialNumber"] for each in iam.list_mfa_devices()["MFADevices"]] == [serial]
    with pytest.raises(ClientError, match="AccessDenied"):
        iam.list_mfa_devices(UserName="bob")


def test_a_policy_arn_does_not_move_the_judgement_of_a_call_about_mfa(office: Office) -> None:
    own = f"arn:aws:iam::{office.account}:policy/own"
    keys = office.user("mallory")
    document = _document(Action="iam:*", Resource=own)
    office.iam.put_user_policy(UserName="mallory", PolicyName="may", PolicyDocument=document)
    iam = office.aws.client("iam", keys)

    def smuggle(params: dict[str, Any], **_: Any) -> None:
        params["body"]["PolicyArn"] = own

    iam.meta.events.register("before-call.iam", smuggle)
    with pytest.raises(ClientError, match="AccessDenied"):
        iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")
    with pytest.raises(ClientError, match="AccessDenied"):
        iam.list_virtual_mfa_devices()


def test_a_device_is_made_by_who_may_make_that_one(office: Office) -> None:
    keys = office.user("alice")
    arn = f"arn:aws:iam::{office.account}:mfa/phones/${{aws:username}}"
    document = _document(Action="iam:CreateVirtualMFADevice", Resource=arn)
    office.iam.put_user_policy(UserName="alice", PolicyName="may", PolicyDocument=document)
    iam = office.aws.client("iam", keys)
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="alice", Path="/phones/")
    assert made["VirtualMFADevice"]["SerialNumber"] == arn.replace("${aws:username}", "alice")
    with pytest.raises(ClientError, match="AccessDenied"):
        iam.create_virtual_mfa_device(VirtualMFADeviceName="bob", Path="/phones/")
