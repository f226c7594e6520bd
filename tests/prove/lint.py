"""What parliament finds in an identity policy. It cannot judge trust policies: they have no
Resource.
"""

import warnings
from typing import Final

with warnings.catch_warnings():
    warnings.simplefilter("ignore", ResourceWarning)  # it leaves its data files open
    import parliament  # type: ignore[import-untyped]

MUTED: Final[dict[str, str]] = {
    "RESOURCE_STAR": "a boundary and a machine's or engineer's own rights are to span resources",
}
"""What is not counted, and why."""


def findings(policy: str) -> list[str]:
    """What is wrong with the policy, muted kinds left out: `SEVERITY ISSUE: detail`."""
    found = parliament.analyze_policy_string(policy).findings
    enhanced = [parliament.enhance_finding(one) for one in found]
    return [
        f"{one.severity} {one.issue}: {one.detail}" for one in enhanced if one.issue not in MUTED
    ]
