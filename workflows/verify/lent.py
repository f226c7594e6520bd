"""What the trust policy of a lent role says of who comes in, out of what was read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from workflows.catalog.arns import user_arn
from workflows.catalog.model import Catalog, GranteeKind, Role
from workflows.documents import ours, permanent, text, trust
from workflows.documents.admits import Visitor, admits, shuts_out
from workflows.documents.text import Document, Statement
from workflows.reach.judge import By, Principal, Stand, reaches
from workflows.seen import Caller, Verdict
from workflows.setup import objects

_NEVER_LETS_IN: Final = frozenset({"sts:tagsession", "sts:setsourceidentity"})
_WHO: Final = frozenset({"aws:userid", "aws:username"})
_COLONS: Final = 4  # of an ARN, up to its account
_NO_SID: Final = "(without a Sid)"


class Expected(StrEnum):
    """What AWS should do when somebody asks for a lent role."""

    OUT = "has no grant"
    GRANT = "has a grant"
    STANDING = "may always enter, by the catalog"
    PERHAPS = "may always enter as all of his account, if his own policies let him ask"


@dataclass(frozen=True)
class Expectation:
    """`until` is the end of a GRANT; with `mfa` only who signed in with his MFA device comes in."""

    what: Expected
    until: datetime | None = None
    mfa: bool = False

    @property
    def words(self) -> str:
        if self.until is None:
            return self.what
        return f"{self.what} until {self.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def expected(
    catalog: Catalog, role: Role, document: Document, caller: Caller, *, now: datetime
) -> Expectation:
    """What the catalog and xacct's own statements promise to somebody, whatever others wrote."""
    grants = [
        (end, key.mfa)
        for key, end in trust.entries(document)
        if end > now and key.user_id in (caller.user_id, f"{caller.unique_id}:*")
    ]
    if any(caller.has(arn) for arn in _always(catalog, role)):
        return Expectation(Expected.STANDING)
    if grants:
        until, mfa = max(grants)
        return Expectation(Expected.GRANT, until, mfa)
    mine = [one for one in catalog.standing if role.key in one.roles]
    if caller.account == catalog.grantee.id and any(one.whole_account for one in mine):
        return Expectation(Expected.PERHAPS)
    return Expectation(Expected.OUT)


def session_name(catalog: Catalog, caller: Caller) -> str:
    """The name under which xacct's statements let him in; a name of verify's for who is nobody."""
    if caller.role is None:
        return caller.name
    for machine in catalog.machines:
        if caller.has(machine.role_arn):
            return machine.session_name
    return caller.name


def outsiders(
    role: Role, wanted: objects.Role, document: Document, *, home: str, now: datetime
) -> list[str]:
    """The statements that let somebody in who is let in by neither a grant nor the catalog, each as
    its Sid with whom it names. `home` is the grantee account's id.

    On a role that somebody else made, statements for others than the grantee account are his own.
    """
    nobody = _nobody(role, home, now)
    found = []
    for statement in text.statements(document):
        if statement.get("Effect") != "Allow" or _is_meant(statement, wanted, nobody):
            continue
        theirs = role.permissions is None and not trust.is_ours(statement)
        if theirs and (shuts_out(document, nobody) or not _reaches(statement, nobody)):
            continue
        found.append(f"{statement.get('Sid', _NO_SID)} lets in {_whom(statement)}")
    return found


def _is_meant(statement: Statement, wanted: objects.Role, of: Visitor) -> bool:
    if {one.lower() for one in text.values(statement.get("Action", ["*"]))} <= _NEVER_LETS_IN:
        return True
    if str(statement.get("Sid", "")).startswith(permanent.SID):
        return any(text.same(statement, one) for one in wanted.standing)
    is_lent = ours.is_lent(statement, partition=of.partition, account_id=of.account_id)
    return trust.is_ours(statement) and is_lent


def _nobody(role: Role, home: str, now: datetime) -> Visitor:
    """A user of the grantee account who is nobody that the catalog knows."""
    return Visitor(
        kind=GranteeKind.USER,
        partition=role.account.partition,
        account_id=home,
        arn=f"arn:{role.account.partition}:iam::{home}:user/xacct-verify-nobody",
        name="xacct-verify-nobody",
        unique_id="AIDAXACCTVERIFYNOBODY",
        after=now,
    )


def _reaches(statement: Statement, nobody: Visitor) -> bool:
    """Whether it lets the made-up user in, or names anybody of his account: as a principal, or of
    everybody by a condition.
    """
    conditions = {
        operator: {key: held for key, held in keys.items() if not _is_of_one(key, held, nobody)}
        for operator, keys in statement.get("Condition", {}).items()
    }
    named = _principals(statement)
    if any(f"::{nobody.account_id}:" in one for one in named):
        return True
    return admits({**statement, "Condition": conditions}, nobody)


def _is_of_one(key: str, held: Any, nobody: Visitor) -> bool:
    """Whether a condition tells people of his account apart: the made-up user is none of them."""
    if key.lower() != "aws:principalarn":
        return key.lower() in _WHO
    accounts = [one.split(":")[4] if one.count(":") > _COLONS else "*" for one in text.values(held)]
    return any(text.like(nobody.account_id, one) for one in accounts)


def _principals(statement: Statement) -> list[str]:
    principal = statement.get("Principal", "everybody but some")
    if isinstance(principal, Mapping):
        return [one for held in principal.values() for one in text.values(held)]
    return text.values(principal)


def _whom(statement: Statement) -> str:
    return ", ".join("everybody" if one == "*" else one for one in _principals(statement))


@dataclass(frozen=True)
class Entering:
    """Who of the catalog's grantees comes into one role without a grant: `uncalled` are words about
    who should not, `kept_out` about who is of those that `always` may and does not; `lent` is whom
    a grant lets in; `judged` is how many were asked about.
    """

    uncalled: tuple[str, ...] = ()
    always: tuple[str, ...] = ()
    kept_out: tuple[str, ...] = ()
    lent: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    judged: int = 0


def entering(
    catalog: Catalog,
    principals: list[Principal],
    verdicts: Mapping[tuple[str, str], Verdict],
    trusts: Mapping[str, Document | None],
    *,
    now: datetime,
) -> dict[str, Entering]:
    """By the roles' keys: what AWS's simulation and the trust policies say of the grantees."""
    found = reaches(catalog, principals, verdicts, trusts, now=now)
    made = {}
    for role in catalog.roles:
        here = [one for one in found if one.role == role.key and one.stand is Stand.ENTERS]
        always = _always(catalog, role)
        inside = {one.principal for one in here}
        made[role.key] = Entering(
            uncalled=tuple(f"{one.principal} by {one.statement}" for one in here if not one.by),
            always=tuple(always),
            kept_out=tuple(arn for arn in always if arn not in inside),
            lent=tuple(f"{one.principal} {one.because}" for one in here if one.by is By.GRANT),
            unknown=tuple(
                one.arn
                for one in principals
                if (verdict := verdicts.get((one.arn, role.arn))) is None
                or (verdict.unknown and one.arn not in inside)
            ),
            judged=len(principals),
        )
    return made


def _always(catalog: Catalog, role: Role) -> list[str]:
    mine = [one for one in catalog.standing if role.key in one.roles]
    users = [user_arn(catalog, name) for one in mine for name in one.users]
    return list(dict.fromkeys([*users, *(arn for one in mine for arn in one.machines)]))
