"""Findings of an owner account: whether xacct comes in, and whether each lent role is as it must
be. Pure.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final

from workflows.catalog.model import Catalog, GranteeKind, Role
from workflows.doctor import room, writers
from workflows.doctor.facts import OwnerFacts
from workflows.doctor.finding import Finding, red, yellow
from workflows.doctor.rights import lacking
from workflows.documents import admits, ours, permanent, text, trust
from workflows.documents.admits import Visitor
from workflows.documents.text import Statement
from workflows.drift.places import named
from workflows.durations import duration_text
from workflows.seen import RoleDetail

SHORTEST_SESSION: Final = 3600
"""Seconds: AWS's least for MaxSessionDuration."""


def findings(
    facts: OwnerFacts, catalog: Catalog, comers: Sequence[Visitor] | None, *, whole: bool = True
) -> list[Finding]:
    """What is wrong in the account. `comers` are the grantees that the catalog names, as far as
    AWS knows them; None where the grantee account was not read. Of a catalog that is not `whole`
    nobody knows who may always enter.
    """
    if facts.shut is not None:
        return [shut_out(facts.account.manager_arn, facts.shut)]
    absent = {role.key for role in catalog.roles_of(facts.account) if _is_absent(role, facts)}
    left = {name: words for name, words in facts.unread.items() if name not in absent}
    found = list(unread(left))
    for role in catalog.roles_of(facts.account):
        if role.key in absent:
            found.append(_gone(role))
        elif role.key in facts.roles:
            found += _role(role, facts.roles[role.key], facts, catalog, comers)
            found += _by_name(role, facts.roles[role.key], catalog, whole=whole)
    found += lacking(facts.account.manager_arn, facts.verdicts)
    if facts.written is None:
        found.append(_untold(facts))
    return found


def _untold(facts: OwnerFacts) -> Finding:
    return yellow(
        "writers-unknown",
        facts.account.name,
        "CloudTrail did not tell who else writes the roles, so whether Terraform or the like takes "
        "away what xacct wrote is not known.",
        "Give the manager role cloudtrail:LookupEvents (`xacct setup apply`), or run it again.",
    )


def shut_out(manager_arn: str, words: str) -> Finding:
    """The manager role does not let xacct in, for the reason in `words`."""
    name = manager_arn.rpartition("/")[2]
    return red(
        "account-closed",
        name,
        f"xacct cannot assume {manager_arn}, so nothing of this account was read: {words}.",
        f"`xacct setup apply` makes {name} and has it trust the identity that `bot` in the catalog "
        "names, with the `external_id` that stands there; that identity needs sts:AssumeRole on "
        "it. If AWS did not answer, look at the way to it.",
    )


def unread(troubles: Mapping[str, str]) -> Iterator[Finding]:
    """What could not be read, by what AWS answered: nobody knows how it is."""
    alike: dict[str, list[str]] = {}
    for name, words in troubles.items():
        alike.setdefault(words, []).append(name)
    for words, names in alike.items():
        yield red(
            "not-read",
            names[0],
            f"Not read, so what is wrong there is not known: {named(names)} ({words}).",
            "`xacct setup plan` shows what rights the manager role lacks. If AWS was busy or "
            "silent, run it again.",
        )


def _role(
    role: Role,
    seen: RoleDetail | None,
    facts: OwnerFacts,
    catalog: Catalog,
    comers: Sequence[Visitor] | None,
) -> Iterator[Finding]:
    if seen is None:
        yield _gone(role)
        return
    if seen.role.arn != role.arn:
        yield red(
            "role-elsewhere",
            role.key,
            f"AWS has {role.key} as {seen.role.arn}, the catalog as {role.arn}.",
            "Write its `path` into the catalog as AWS has it.",
        )
        return
    yield from _trust(role, seen, catalog, comers)
    yield from _session(role, seen)
    yield from room.findings(role, seen, catalog)
    yield from writers.findings(role, seen, facts.written)


def _is_absent(role: Role, facts: OwnerFacts) -> bool:
    """Whether AWS refuses to read a role that xacct may read: of a role that is not there IAM knows
    no path, so a right on its path and name does not count (it answers AccessDenied, and not
    NoSuchEntity).
    """
    verdict = (facts.verdicts or {}).get(("iam:GetRole", role.arn))
    refused = facts.unread.get(role.key, "").startswith("iam:GetRole: AccessDenied")
    return refused and verdict is not None and verdict.allowed


def _gone(role: Role) -> Finding:
    fix = (
        "`xacct setup apply` makes it."
        if role.permissions is not None
        else "Make it, or write `permissions` for it into the catalog and run `xacct setup apply`."
    )
    return red("role-missing", role.key, f"AWS has no role {role.arn}.", fix)


# --- the trust policy


def _trust(
    role: Role, seen: RoleDetail, catalog: Catalog, comers: Sequence[Visitor] | None
) -> Iterator[Finding]:
    document = seen.role.trust
    if others := sorted(set(trust.seals(document)) - {catalog.installation}):
        yield red(
            "seal-of-another",
            role.key,
            f"{role.key} is sealed by another installation of xacct ({named(others)}), so nothing "
            "is opened there and `xacct run` does not start.",
            "Take the role out of one of the two catalogs, and the other's seal "
            f"({trust.SEAL}…) out of its trust policy.",
        )
    if (orphan := trust.orphan(document)) is not None:
        yield red(
            "trust-orphan",
            role.key,
            f"The trust policy of {role.key} names {orphan}, a user or role that was deleted: AWS "
            "refuses every change of it, so nothing can be opened there.",
            f"Take {orphan} out of the trust policy (console: IAM, Roles, {role.name}, Trust "
            "relationships).",
        )
    if not trust.is_sealed(document, catalog.installation, role_arn=role.arn):
        yield _unsealed(role, seen, catalog)
    yield from _let_in(role, seen, comers)


def _unsealed(role: Role, seen: RoleDetail, catalog: Catalog) -> Finding:
    """Without the seal a session may take a new one of its own role, if anything lets it."""
    itself = Visitor(
        kind=GranteeKind.MACHINE,
        partition=role.account.partition,
        account_id=role.account.id,
        arn=role.arn,
        name=role.name,
        unique_id=seen.role.role_id,
        after=seen.role.at,
    )
    fix = (
        f"`xacct setup apply` puts {trust.SEAL}{catalog.installation} back; of a role that somebody"
        " else made it needs `adopt: true` in the catalog."
    )
    letting = [one for one in text.statements(seen.role.trust) if admits.admits(one, itself)]
    if letting and not admits.shuts_out(seen.role.trust, itself):
        through = f"{role.key} is not sealed, and its trust policy lets it enter itself"
        return red(
            "self-trust",
            role.key,
            f"{through} ({_sid(letting[0])}): a session of it may take a new one, again and again.",
            fix,
        )
    return red(
        "seal-missing",
        role.key,
        f"{role.key} is not sealed: its trust policy lacks "
        f"{trust.SEAL}{catalog.installation} as xacct writes it.",
        fix,
    )


def _let_in(role: Role, seen: RoleDetail, comers: Sequence[Visitor] | None) -> Iterator[Finding]:
    """Statements of somebody else by which grantees would stay in when their grants are over: to
    them xacct does not lend the role.
    """
    theirs = [
        one
        for one in trust.foreign(seen.role.trust)
        if one.get("Effect") == "Allow" and not _sid(one).startswith(permanent.SID)
    ]
    if comers is None and theirs:
        yield yellow(
            "trust-unjudged",
            role.key,
            f"Statements of others in the trust policy of {role.key} ({named(_sids(theirs))}) were "
            "not judged, since the grantee account was not read: they may let grantees in.",
            "Mend what is said of the grantee account, and run it again.",
        )
    letting: dict[str, list[str]] = {}
    for statement in theirs:
        comes = [one for one in comers or () if one.kind in role.kinds]
        names = [one.name for one in comes if admits.admits(statement, one)]
        if names:
            letting.setdefault(_sid(statement), []).extend(names)
    for sid, names in letting.items():
        yield red(
            "trust-wide",
            role.key,
            f"A statement of somebody else ({sid}) in the trust policy of {role.key} lets in "
            f"{named(names)} without an end, so xacct lends it to none of them.",
            "Take it out or narrow it; who is always to enter belongs under `standing` in the "
            "catalog. `xacct audit-access` shows who enters.",
        )


def _by_name(
    role: Role, seen: RoleDetail | None, catalog: Catalog, *, whole: bool
) -> Iterator[Finding]:
    """Statements under the names of xacct and of standing access that neither writes so."""
    home, always = catalog.grantee, list(permanent.statements(catalog, role))
    for one in text.statements(seen.role.trust) if seen is not None else ():
        if one.get("Effect") != "Allow":
            continue
        if trust.is_ours(one):
            wrong = not ours.is_lent(one, partition=home.partition, account_id=home.id)
        else:
            is_right = any(text.same(one, other) for other in always)
            wrong = whole and _sid(one).startswith(permanent.SID) and not is_right
        if wrong:
            yield red(
                "trust-forged",
                role.key,
                f"The statement {_sid(one)} in the trust policy of {role.key} bears a name that "
                "xacct gives, and lets in others than xacct would, or without an end.",
                "Take it out, and look in CloudTrail who wrote it. `xacct setup apply` writes "
                "standing access as the catalog has it.",
            )


def _sid(statement: Statement) -> str:
    return str(statement.get("Sid", "without a Sid"))


def _sids(statements: Iterable[Statement]) -> list[str]:
    return [_sid(one) for one in statements]


# --- sessions


def _session(role: Role, seen: RoleDetail) -> Iterator[Finding]:
    longest = seen.role.longest_session
    lasts = duration_text(timedelta(seconds=longest))
    if not role.session_end and longest > SHORTEST_SESSION:
        yield yellow(
            "session-long",
            role.key,
            f"{role.key} has no session end, and its sessions may last {lasts} "
            "(MaxSessionDuration): so long one may go on when its grant is over.",
            _shorten(role, SHORTEST_SESSION),
        )
    elif longest > max(SHORTEST_SESSION, lent := int(role.max_duration.total_seconds())):
        yield yellow(
            "session-long",
            role.key,
            f"Sessions of {role.key} may last {lasts} (MaxSessionDuration), longer than it is ever "
            f"lent ({duration_text(role.max_duration)}): the session end alone cuts them.",
            _shorten(role, max(SHORTEST_SESSION, lent)),
        )
    if seen.role.boundary is None:
        yield yellow(
            "boundary-missing",
            role.key,
            f"{role.key} has no permissions boundary: what a session creates may outlive its "
            "grant.",
            "Give it one; of a role with `permissions` in the catalog `xacct setup apply` does.",
        )


def _shorten(role: Role, seconds: int) -> str:
    return f"`aws iam update-role --role-name {role.name} --max-session-duration {seconds}`"
