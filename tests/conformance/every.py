"""Every check there is, in the order of its id."""

import re

from tests.conformance import (
    conditions,
    credentials,
    details,
    granting,
    interface,
    least_privilege,
    mfa,
    principals,
    sessions,
    simulation,
    trail,
)
from tests.conformance.checks import CHECKS, Check

SECTIONS = (
    *(granting, principals, conditions, mfa, sessions),
    *(credentials, least_privilege, interface, simulation, details, trail),
)


def every_check() -> list[Check]:
    """The checks of all sections; an id that is there twice is a mistake."""
    ids = [check.id for check in CHECKS]
    assert len(set(ids)) == len(ids), ids
    return sorted(CHECKS, key=lambda check: (check.id[0], int(re.sub(r"\D", "", check.id))))
