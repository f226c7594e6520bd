"""Reads all accounts, several at a time, and tells what is wrong in each. One that fails keeps none
of the others.
"""

import logging
import uuid
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final, TypeVar

from db.examine import reading
from workflows import restore
from workflows.aws.objects import Objects
from workflows.catalog.model import Account, Catalog
from workflows.doctor import home, owner, read
from workflows.doctor.facts import HomeFacts, OwnerFacts
from workflows.doctor.finding import Finding, Section, red, worst_first
from workflows.doctor.read import Ways
from workflows.documents import ours
from workflows.errors import Trouble
from workflows.seen import Caller

log = logging.getLogger(__name__)

AT_ONCE: Final = 8
"""Owner accounts that are read at the same time, the grantee account beside them."""

GRANTEE: Final = "grantee account"
OWNER: Final = "owner account"
"""Names of sections."""

T = TypeVar("T")

Said = Callable[[], None]
"""Is told when one more account was read."""


@dataclass(frozen=True)
class Accounts:
    """All that was read of AWS."""

    home: HomeFacts
    owners: tuple[OwnerFacts, ...]


def accounts(ways: Ways, catalog: Catalog, *, now: datetime, said: Said) -> Accounts:
    """Reads the grantee account and the owner accounts."""

    def one(account: Account) -> OwnerFacts:
        broken = OwnerFacts(account)
        facts = _safely(lambda: read.owner(ways, catalog, account, now=now), broken)
        said()
        return facts

    def grantees() -> HomeFacts:
        facts = _safely(lambda: read.home(ways, catalog), HomeFacts(catalog.grantee))
        said()
        return facts

    with ThreadPoolExecutor(AT_ONCE + 1, thread_name_prefix="doctor") as pool:
        first = pool.submit(grantees)
        owners = tuple(pool.map(one, catalog.accounts))
        return Accounts(first.result(), owners)


Facts = TypeVar("Facts", HomeFacts, OwnerFacts)


def _safely(reads: Callable[[], Facts], broken: Facts) -> Facts:
    """The last line of defence: a fault in one account is logged, and that account was not read."""
    try:
        return reads()
    except Exception as error:
        reference = uuid.uuid4().hex[:8]
        log.exception("reading account %s broke [%s]", broken.account.id, reference)
        return replace(broken, shut=f"xacct broke: {type(error).__name__} [{reference}]")


def section(
    name: str, findings: Callable[[], Iterable[Finding]], account: str | None = None
) -> Section:
    """The section with these findings. What breaks is logged and said, beside what was found before
    it did.
    """
    found: list[Finding] = []
    try:
        found.extend(findings())
    except Exception as error:
        reference = uuid.uuid4().hex[:8]
        log.exception("looking at %s broke [%s]", name, reference)
        broken = red(
            "broken",
            account or name,
            f"xacct broke while it looked: {type(error).__name__} [{reference}].",
            "The log has the fault under this reference; please report it.",
        )
        found.append(broken)
    return Section(name, worst_first(found), account)


def identity(caller: Caller | str, catalog: Catalog | None) -> list[Finding]:
    """Whether the keys are those of the catalog's `bot`. A text says why AWS did not tell."""
    if isinstance(caller, str):
        return [
            red(
                "no-identity",
                "AWS",
                f"AWS does not tell whose keys these are: {caller}.",
                "Run it with the AWS settings of xacct: credentials (AWS_ACCESS_KEY_ID, a profile, "
                "or the role of the machine), AWS_DEFAULT_REGION, and a way to sts.amazonaws.com.",
            )
        ]
    bot = catalog.bot_arn if catalog is not None else None
    if bot is None or caller.has(bot):
        return []
    return [
        red(
            "not-the-bot",
            "AWS",
            f"These are the keys of {caller.arn}, and `bot` in the catalog is {bot}: the manager "
            "roles let in nobody else.",
            "Run it as xacct runs, or mend `bot` and run `xacct setup apply`.",
        )
    ]


def kept(objects: Objects | None) -> list[Finding]:
    """Whether the bucket of anchors can be listed with xacct's own keys; without one, nothing."""
    if objects is None:
        return []
    try:
        objects.ask()
    except Trouble as trouble:
        return [
            red(
                "anchors-unread",
                "audit.s3",
                f"{objects.bucket.address(objects.bucket.prefix)} cannot be listed with xacct's "
                f"keys: {trouble.plain}",
                "Mend `audit.s3` in the catalog, or give xacct's own identity the rights of "
                "“Anchors” in docs/operations.md.",
            )
        ]
    return []


def not_read(catalog: Catalog) -> list[Section]:
    """A section for each account, where nobody could ask AWS about any."""

    def one(name: str, account: Account) -> Section:
        words = f"Nothing of {account.name} was read, since AWS does not know xacct's keys."
        finding = red(
            "not-read", account.name, words, "Mend what is said of AWS, and run it again."
        )
        return Section(name, (finding,), account.name)

    owners = (one(OWNER, account) for account in catalog.accounts)
    return [one(GRANTEE, catalog.grantee), *owners]


def sections(
    catalog: Catalog, found: Accounts, *, now: datetime, whole: bool = True
) -> list[Section]:
    """A section for each account; a catalog that is not `whole` had mistakes."""

    def of_home() -> Iterable[Finding]:
        inside = _inside(found.owners, now)
        return home.findings(found.home, catalog, inside=inside, now=now, whole=whole)

    def of_owner(facts: OwnerFacts) -> Iterable[Finding]:
        comers = home.comers(found.home, catalog, after=now)
        return owner.findings(facts, catalog, comers, whole=whole)

    return [
        section(GRANTEE, of_home, catalog.grantee.name),
        *(section(OWNER, partial(of_owner, one), one.account.name) for one in found.owners),
    ]


def _inside(owners: Sequence[OwnerFacts], now: datetime) -> frozenset[str] | None:
    """Whom a grant lets in somewhere now; None where not every role was read."""
    if any(one.shut is not None or one.unread for one in owners):
        return None
    there = (seen for one in owners for seen in one.roles.values() if seen is not None)
    return ours.inside((seen.role.trust for seen in there), now=now)


def beyond(url: str, catalog: Catalog, owners: Sequence[OwnerFacts]) -> list[str]:
    """Roles of which AWS holds more than the database knows. Raises as `reading` does."""
    arns = {role.key: role.arn for role in catalog.roles}
    with reading(url) as session:
        return [
            key
            for one in owners
            for key, seen in one.roles.items()
            if seen is not None and not restore.is_taken(session, seen.session_end, role=arns[key])
        ]
