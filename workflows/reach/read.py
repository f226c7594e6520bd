"""Reads the grantee account and the roles, and says who reaches what; it writes nothing."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final, TypeVar

from workflows.aws import simulation
from workflows.aws.admin import Admin
from workflows.aws.errors import AwsGone
from workflows.catalog.model import Account, Catalog
from workflows.documents import text
from workflows.documents.text import Document
from workflows.errors import Trouble
from workflows.reach.judge import Principal, Reach, reaches
from workflows.seen import Verdict

AT_ONCE: Final = 8
"""Accounts, or principals, that are asked about at the same time."""

_SERVICE_LINKED: Final = ":role/aws-service-role/"
"""AWS alone writes what such a role may do, and none but the service takes it on (IAM User Guide,
"Create a service-linked role"): nobody comes by it. xacct's own roles are judged like all others.
"""

Enter = Callable[[Account], Admin]
"""Into an account, with the rights of who asks. Raises Trouble."""

Said = Callable[[], None]
"""Is told when one more account was read."""

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Report:
    """Who reaches what. `unread` are sentences: what hides there is not known. `absent` are roles
    of the catalog that AWS does not have; `principals` is how many were judged.
    """

    reaches: tuple[Reach, ...] = ()
    unread: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    principals: int = 0


@dataclass
class _Home:
    """What was read of the grantee account."""

    principals: list[Principal] = field(default_factory=list)
    verdicts: dict[tuple[str, str], Verdict] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)


@dataclass
class _Owner:
    """What was read of an owner account: trust policies by the roles' keys."""

    trusts: dict[str, Document | None] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)


def report(catalog: Catalog, enter: Enter, *, now: datetime, said: Said = lambda: None) -> Report:
    """Reads every account, several at a time; one that cannot be read keeps none from being read,
    and hides nothing that is known without it.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="reach-home") as pool:
        home_asked = pool.submit(_home, catalog, enter, now, said)
        owners = _at_once(partial(_owner, catalog, enter, said), catalog.accounts)
        home = home_asked.result()
    trusts = {key: document for one in owners for key, document in one.trusts.items()}
    return Report(
        reaches=tuple(reaches(catalog, home.principals, home.verdicts, trusts, now=now)),
        unread=(*home.unread, *(words for one in owners for words in one.unread)),
        absent=tuple(key for one in owners for key in one.absent),
        principals=len(home.principals),
    )


def _owner(catalog: Catalog, enter: Enter, said: Said, account: Account) -> _Owner:
    roles, found = catalog.roles_of(account), _Owner()
    try:
        admin = enter(account)
    except Trouble as trouble:
        said()
        unread: dict[str, Document | None] = {role.key: None for role in roles}
        return _Owner(unread, [f"{account.name}: {trouble}"])
    for role in roles:
        try:
            arn, document = admin.lent(role.name)
        except AwsGone:
            found.absent.append(role.key)
        except Trouble as trouble:
            found.trusts[role.key] = None
            found.unread.append(f"{role.key}: {trouble}")
        else:
            # The simulation was asked about the catalog's ARN: of another it said nothing.
            is_it = arn == role.arn
            found.trusts[role.key] = document if is_it else None
            if not is_it:
                found.unread.append(f"{role.key}: AWS has it as {arn}, the catalog as {role.arn}")
    said()
    return found


def _home(catalog: Catalog, enter: Enter, now: datetime, said: Said) -> _Home:
    home = _Home()
    try:
        admin = enter(catalog.grantee)
        home.principals = _principals(admin)
    except Trouble as trouble:
        home.unread.append(f"{catalog.grantee.name}: {trouble}")
        return home
    finally:
        said()
    arns = [role.arn for role in catalog.roles]
    answers = _at_once(partial(asked, admin, arns, now), home.principals)
    for principal, (verdicts, words) in zip(home.principals, answers, strict=True):
        home.verdicts |= {(principal.arn, arn): verdict for arn, verdict in verdicts.items()}
        if words is not None:
            home.unread.append(f"{principal.arn}: {words}")
    return home


def _principals(admin: Admin) -> list[Principal]:
    details = admin.details(users=True)
    users = [
        Principal(one["Arn"], one["UserId"], frozenset(one.get("GroupList", ())))
        for one in details.get("UserDetailList", ())
    ]
    roles = [
        Principal(one["Arn"], one["RoleId"])
        for one in details.get("RoleDetailList", ())
        if _SERVICE_LINKED not in one["Arn"]
    ]
    return [*users, *roles]


def asked(
    admin: Admin, role_arns: Sequence[str], now: datetime, principal: Principal
) -> tuple[Mapping[str, Verdict], str | None]:
    """What AWS's simulation says of him about these roles: the verdicts that there are, by ARN, and
    what kept any from being known.
    """
    keys = {"aws:CurrentTime": text.moment(now)}
    if principal.is_user:
        keys |= {
            "aws:userid": principal.unique_id,
            "aws:username": principal.name,
            "aws:MultiFactorAuthPresent": "true",  # as he may come
        }
    found: dict[str, Verdict] = {}
    troubles: list[str] = []
    for batch in simulation.batches(role_arns):
        try:
            answer = admin.may_assume(principal.arn, batch, keys)
        except AwsGone:
            return {}, None  # he was deleted since the account was read
        except Trouble as trouble:
            troubles.append(str(trouble))
            continue
        found |= answer
        if silent := [arn for arn in batch if arn not in answer]:
            troubles.append(f"AWS's simulation says nothing of {', '.join(silent)}")
    return found, "; ".join(dict.fromkeys(troubles)) or None


def _at_once(work: Callable[[Asked], Answer], several: Sequence[Asked]) -> list[Answer]:
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="reach") as pool:
        return list(pool.map(work, several))
