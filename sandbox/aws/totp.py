"""The codes of a virtual MFA device: TOTP with SHA-1, six digits, a new one every thirty seconds.

https://www.rfc-editor.org/rfc/rfc6238
"""

import base64
import hashlib
import hmac

STEP = 30  # seconds
_DIGITS = 6


def step_of(seconds: float) -> int:
    """The step that a moment is in, given in seconds since the epoch."""
    return int(seconds // STEP)


def code(seed: str, step: int) -> str:
    """The code of a step; `seed` is the device's secret in base32."""
    hashed = hmac.digest(base64.b32decode(seed), step.to_bytes(8, "big"), hashlib.sha1)
    start = hashed[-1] & 0x0F
    number = int.from_bytes(hashed[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}}"
