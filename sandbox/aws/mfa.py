"""Virtual MFA devices: how a user gets one, and what its codes are good for.

A code counts once, as on AWS: whoever needs a second one waits for the next step.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_enable_virtual.html
"""

import base64
import hmac
import re
import secrets
from collections.abc import Callable, Iterable

from sandbox.aws.answers import Answer, success
from sandbox.aws.errors import AwsError, denied, invalid, over_quota
from sandbox.aws.records import Record, Records
from sandbox.aws.request import Params, Request
from sandbox.aws.totp import code, step_of
from sandbox.clock import SharedClock

_CODE = re.compile(r"\d{6}", re.ASCII)
_NAME = re.compile(r"[\w+=,.@-]{1,226}", re.ASCII)
_PATH = re.compile(r"/|/[\x21-\x7e]+/")
_DRIFT = 1  # steps that a code may be early or late
_ENROLMENT_DRIFT = 3  # steps, for the two codes that enable a device or bring it back in step
_DEVICES = 8  # of one user at most
_KEYS = {"aws:multifactorauthpresent": "true", "aws:multifactorauthage": "0"}


class MfaDevices:
    """The virtual MFA devices of all accounts; codes are checked against the clock."""

    def __init__(self, records: Records, clock: SharedClock) -> None:
        self._records = records
        self._clock = clock

    def create(self, account_id: str, params: Params) -> Answer:
        """CreateVirtualMFADevice; the answer holds the seed, and no picture of it."""
        name, path = params["VirtualMFADeviceName"], params.get("Path") or "/"
        if not _NAME.fullmatch(name) or not _PATH.fullmatch(path):
            raise invalid("The specified value for virtualMFADeviceName is invalid.")
        seed = base64.b32encode(secrets.token_bytes(40)).decode()
        serial = self._records.add_mfa_device(account_id, path, name, seed)
        if serial is None:
            raise AwsError(
                409, "EntityAlreadyExists", "MFADevice entity at the same path and name exists."
            )
        told = base64.b64encode(seed.encode()).decode()
        return success(
            "iam",
            "CreateVirtualMFADevice",
            f"<VirtualMFADevice><SerialNumber>{serial}</SerialNumber>"
            f"<Base32StringSeed>{told}</Base32StringSeed></VirtualMFADevice>",
        )

    def proven(self, handler: Callable[[Params], Answer]) -> Callable[[str, Params], Answer]:
        """EnableMFADevice, ResyncMFADevice: by `handler`, when two codes in a row are right."""

        def answer(account_id: str, params: Params) -> Answer:
            given = params["AuthenticationCode1"], params["AuthenticationCode2"]
            device = self._records.mfa_device(account_id, params["SerialNumber"])
            step = self._in_a_row(device, *given) if device else None
            if device and step is None:
                raise AwsError(
                    403, "InvalidAuthenticationCode", "Authentication code for device is not valid"
                )
            answered = handler(params)
            if device and answered[0] == 200:
                device["Used"] = step
            return answered

        return answer

    def listing(self, handler: Callable[[Params], Answer]) -> Callable[[str, Params], Answer]:
        """ListMFADevices: by `handler`, for a user who is there."""

        def answer(account_id: str, params: Params) -> Answer:
            name = params["UserName"]
            if self._records.get("user", account_id, name) is None:
                raise AwsError(404, "NoSuchEntity", f"The user with name {name} cannot be found.")
            return handler(params)

        return answer

    def room(self, account_id: str, params: Params) -> None:
        """Refuses one device too many for a user."""
        if len(self._records.mfa_devices_of(account_id, params["UserName"])) >= _DEVICES:
            raise over_quota(f"Cannot exceed quota for MFADevicesPerUser: {_DEVICES}")

    def keys(self, request: Request) -> dict[str, str]:
        """The condition keys that the code of an STS call brings along; none if it is not right."""
        if request.mfa:
            return dict(_KEYS)
        try:
            return dict(_KEYS) if self._right(request) else {}
        except AwsError:
            return {}

    def check(self, request: Request) -> None:
        """Refuses an STS call that holds a wrong code; none at all is fine."""
        self._right(request)

    def use(self, request: Request) -> bool:
        """Takes the code of an STS call, which is then used up; False when it holds none."""
        right = self._right(request)
        if right is None:
            return False
        device, step = right
        device["Used"] = step
        return True

    def _right(self, request: Request) -> tuple[Record, int] | None:
        """The device and the step whose code an STS call holds; None when it holds none."""
        params = request.params
        given = [name for name in ("SerialNumber", "TokenCode") if name in params]
        if request.service != "sts" or not given:
            return None
        if len(given) == 1:
            raise denied(
                "MultiFactorAuthentication failed, must provide both MFA serial number and "
                "one time pass code."
            )
        if not _CODE.fullmatch(params["TokenCode"]):
            raise invalid(
                f"1 validation error detected: Value '{params['TokenCode']}' at 'tokenCode' "
                "failed to satisfy constraint: Member must satisfy regular expression pattern: "
                f"{_CODE.pattern}"
            )
        device = self._device(request)
        if device is None:
            raise denied(
                "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify "
                "your MFA serial number is valid and associated with this user."
            )
        step = self._step(device, params["TokenCode"])
        if step is None:
            raise denied("MultiFactorAuthentication failed with invalid MFA one time pass code.")
        return device, step

    def _device(self, request: Request) -> Record | None:
        """The device that a call names, if it is the caller's, who uses long-lived keys."""
        device = self._records.mfa_device(request.account_id, request.params["SerialNumber"])
        if device is None or request.temporary or ":user/" not in request.caller:
            return None
        return device if device["User"] == request.caller.rsplit("/", 1)[-1] else None

    def _step(self, device: Record, given: str) -> int | None:
        """The step whose code this is, unless it was used."""
        now = step_of(self._clock.time())
        return _first(device, given, range(now - _DRIFT, now + _DRIFT + 1))

    def _in_a_row(self, device: Record, first: str, second: str) -> int | None:
        """The step of the second code, if the first one is that of the step before."""
        now = step_of(self._clock.time())
        step = _first(device, first, range(now - _ENROLMENT_DRIFT, now + _DRIFT))
        if step is None or _first(device, second, [step + 1]) is None:
            return None
        return step + 1


def _first(device: Record, given: str, steps: Iterable[int]) -> int | None:
    for step in steps:
        right = code(device["Base32StringSeed"], step).encode()
        if step > device["Used"] and hmac.compare_digest(right, given.encode()):
            return step
    return None
