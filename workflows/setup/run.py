"""Reads accounts, and does what their plans say: several accounts at a time, each by itself."""

import json
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Event
from typing import Final, TypeVar

from workflows.aws.admin import Admin
from workflows.aws.errors import AwsBusy, AwsGone, AwsUnclear
from workflows.catalog.model import Account, Catalog
from workflows.errors import Trouble
from workflows.setup import read
from workflows.setup.objects import Found, Wanted
from workflows.setup.plan import Plan, Step, TrustEdit, plan

AT_ONCE: Final = 8
"""Accounts that are worked on at the same time."""

_TRIES: Final = 6
"""Times that an account is read anew when AWS was busy, or did not show yet what it was told."""

_AGAIN: Final = frozenset({"EntityAlreadyExists", "DeleteConflict"})
"""Codes that AWS gives when what was read a moment ago is not so any more."""

T = TypeVar("T")

Enter = Callable[[Account], Admin]
"""Into an account, with the rights of who runs setup. Raises Trouble."""

Said = Callable[[], None]
"""Is told when one more account was read, or one more call made."""


def _nobody() -> None:
    """Nobody wants to know."""


@dataclass(frozen=True)
class Reading:
    """One account as it was read, or why it could not be."""

    wanted: Wanted
    found: Found | None
    trouble: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of one account: how many calls of its plan were made, and what stopped them."""

    account: Account
    calls: int
    trouble: str | None = None


def reading(
    catalog: Catalog, wanted: Sequence[Wanted], enter: Enter, said: Said = _nobody
) -> list[Reading]:
    """Reads the accounts; one that cannot be read keeps none of the others from it."""

    def one(each: Wanted) -> Reading:
        try:
            users = each.account.id == catalog.grantee.id
            return Reading(each, read.found(enter(each.account), each, users=users))
        except Trouble as trouble:
            return Reading(each, None, str(trouble))
        finally:
            said()

    return _at_once(one, wanted)


def plans(readings: Sequence[Reading], *, inside: Collection[str] | None) -> list[Plan]:
    """What has to be done in the accounts that could be read; `inside` as `let_in` tells it."""
    return [
        Plan(one.wanted.account, problems=(f"It cannot be read: {one.trouble}.",))
        if one.found is None
        else plan(one.wanted, one.found, let_in=inside)
        for one in readings
    ]


def let_in(
    catalog: Catalog, readings: Sequence[Reading], *, now: datetime
) -> frozenset[str] | None:
    """Whom a grant lets in somewhere now; None where not every owner account was read."""
    owners = {one.wanted.account.id: one.found for one in readings}
    found = [owners.get(account.id) for account in catalog.accounts]
    known = [one for one in found if one is not None]
    return read.let_in(known, now=now) if len(known) == len(found) else None


def apply(
    catalog: Catalog,
    planned: Mapping[str, Plan],
    wanted: Sequence[Wanted],
    enter: Enter,
    *,
    inside: Collection[str] | None,
    said: Said = _nobody,
) -> list[Outcome]:
    """Does what the plans (by account id) say, in an order in which nothing opens before what
    closes it is there: the grantee account by itself, in the place that it has in `wanted`; the
    owner accounts beside each other. Where it fails, what comes after is not begun.
    """
    done: list[Outcome] = []
    for several in _in_turns(catalog, wanted):
        if any(one.trouble for one in done):
            done += [Outcome(one.account, 0, "It was not begun.") for one in several]
            continue
        done += _at_once(partial(_apply_one, catalog, planned, enter, inside, said), several)
    return done


def _in_turns(catalog: Catalog, wanted: Sequence[Wanted]) -> list[list[Wanted]]:
    home = [one for one in wanted if one.account.id == catalog.grantee.id]
    owners = [one for one in wanted if one.account.id != catalog.grantee.id]
    if home and wanted[0] is not home[0]:
        return [owners, home]
    return [home, owners]


def _apply_one(
    catalog: Catalog,
    planned: Mapping[str, Plan],
    enter: Enter,
    inside: Collection[str] | None,
    said: Said,
    wanted: Wanted,
) -> Outcome:
    """The plan as it was shown; anew from what is there by then, when AWS was not ready for it."""
    calls, steps, last = 0, planned[wanted.account.id].steps, None
    for attempt in range(_TRIES):
        try:
            admin = enter(wanted.account)
            if attempt:
                users = wanted.account.id == catalog.grantee.id
                found = read.found(admin, wanted, users=users)
                steps = plan(wanted, found, let_in=inside).steps
            for step in steps:
                do(admin, step)
                calls += 1
                said()
            return Outcome(wanted.account, calls)
        except (AwsBusy, AwsUnclear, AwsGone) as trouble:
            last = str(trouble)
        except Trouble as trouble:
            last = str(trouble)
            if trouble.code not in _AGAIN:
                break
        Event().wait(random.uniform(0.5, 1) * 2**attempt)  # noqa: S311  no secret
    return Outcome(wanted.account, calls, last)


def do(admin: Admin, step: Step) -> None:
    """Makes one call. Raises Trouble."""
    if isinstance(step.what, TrustEdit):
        edited = step.what.applied(admin.trust(step.what.role))
        document = json.dumps(edited, separators=(",", ":"))
        parameters = {"RoleName": step.what.role, "PolicyDocument": document}
        admin.call("UpdateAssumeRolePolicy", parameters)
    else:
        admin.call(step.what.action, step.what.parameters)


def _at_once(work: Callable[[Wanted], T], several: Sequence[Wanted]) -> list[T]:
    if not several:
        return []
    with ThreadPoolExecutor(min(AT_ONCE, len(several)), thread_name_prefix="setup") as pool:
        return list(pool.map(work, several))
