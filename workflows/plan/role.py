"""The plan for a role of an owner account: its trust policy and its session end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workflows.documents import admits, session_end, trust
from workflows.documents.trust import Entry, Key, Vend
from workflows.plan import ending, room
from workflows.plan.grant import Grant
from workflows.plan.phase import Phase
from workflows.seen import RoleDetail


@dataclass(frozen=True)
class RolePlan:
    """What to write, None where AWS holds it already; what cannot be opened, and what is gone.

    `closing_trust` is the trust policy without anybody who is being let in: what is written when
    the session end could not be.
    """

    session_end: dict[str, Any] | None
    trust: dict[str, Any] | None
    closing_trust: dict[str, Any] | None
    refused: Mapping[int, str]  # opening request → the sentence that says why not
    missing: frozenset[int]  # open requests that somebody took away
    widened: Mapping[int, str]  # open request → how he would stay in after its end


def plan(
    seen: RoleDetail,
    grants: Sequence[Grant],
    *,
    installation: str,
    kept: Sequence[session_end.Line] = (),
) -> RolePlan:
    """The plan for one role of an owner account.

    `kept` are lines of the session end of which no row is known: removing a Deny is opening.
    """
    refused = _cannot_open(seen, grants, installation)
    widened = {
        one.request: sentence
        for one in grants
        if one.phase is Phase.OPEN and (sentence := grantee_fault(seen, one.visitor)) is not None
    }
    while True:
        left = [one for one in grants if one.request not in refused]
        made = _role(seen, left, installation, kept)
        opening = [one.request for one in left if one.phase is Phase.OPENING]
        trusting, ends = made.trust or seen.role.trust, made.session_end or seen.session_end
        sentence = room.missing(trusting, ends, seen, left)
        if sentence is None or not opening:
            closing = [one for one in left if one.phase is not Phase.OPENING]
            closing_trust = _role(seen, closing, installation, kept).trust
            return replace(made, refused=refused, closing_trust=closing_trust, widened=widened)
        refused[max(opening)] = sentence


def _role(
    seen: RoleDetail,
    grants: Sequence[Grant],
    installation: str,
    kept: Sequence[session_end.Line],
) -> RolePlan:
    wanted, missing = _entries(seen, grants)
    vend = _vend(seen, grants, wanted)
    document = None
    if not trust.as_wanted(seen.role.trust, wanted=wanted, vend=vend):
        account_id, partition = seen.role.arn.split(":")[4], seen.role.arn.split(":")[1]
        sealed = trust.seal(installation, partition=partition, account_id=account_id)
        document = trust.render(seen.role.trust, wanted=wanted, vend=vend, sealed=sealed)
    return RolePlan(_session_end(seen, grants, kept), document, None, {}, missing, {})


def _entries(seen: RoleDetail, grants: Sequence[Grant]) -> tuple[list[Entry], frozenset[int]]:
    """One entry a grantee, with the latest of his ends; an open one only where AWS has it still."""
    held = dict(sorted(trust.entries(seen.role.trust), key=lambda one: one[1]))
    wanted: dict[Key, Entry] = {}
    for grant in grants:
        entry = grant.entry
        stands = held.get(entry.key)
        opens = grant.phase is Phase.OPENING
        same_role = grant.role_id == seen.role.role_id  # its session end names sessions by the id
        stays = grant.fresh or (stands is not None and stands >= grant.ends_at)
        still = grant.phase is Phase.OPEN and same_role and stays
        if (opens or still) and (entry.key not in wanted or wanted[entry.key].end < entry.end):
            wanted[entry.key] = entry
    missing = frozenset(
        grant.request
        for grant in grants
        if grant.phase is Phase.OPEN
        and (grant.entry.key not in wanted or not _is_vended(seen, grant))
    )
    return list(wanted.values()), missing | ending.cut_short(seen.session_end, grants)


def _is_vended(seen: RoleDetail, grant: Grant) -> bool:
    """Whether the vendor may still enter for an open grant, if it ever could. A read may be older
    than the opening.
    """
    names = trust.vended_names(seen.role.trust, grant.ends_at)
    return grant.vendor is None or grant.fresh or grant.session_name in names


def _vend(seen: RoleDetail, grants: Sequence[Grant], wanted: Sequence[Entry]) -> Vend | None:
    let_in = {one.session_name for one in wanted}
    vending = [
        grant
        for grant in grants
        if grant.vendor is not None
        and grant.session_name in let_in
        and (
            grant.phase is Phase.OPENING or (grant.phase is Phase.OPEN and _is_vended(seen, grant))
        )
    ]
    if not vending:
        return None
    account_id, vendor_id = vending[-1].vendor or ("", "")
    return Vend(
        partition=vending[-1].visitor.partition,
        account_id=account_id,
        vendor_id=vendor_id,
        session_names=tuple(sorted({one.session_name for one in vending})),
        end=max(one.ends_at for one in vending),
    )


def _session_end(
    seen: RoleDetail, grants: Sequence[Grant], kept: Sequence[session_end.Line]
) -> dict[str, Any] | None:
    """A name that is over may keep the date it ended at: that is one write less at every end."""
    lines = ending.lines(seen.session_end, grants, kept)
    if seen.session_end is None and not lines:
        return None
    held = {line.user_id: line for line in session_end.lines(seen.session_end)}
    lenient = [
        stands
        if line.end is None
        and (stands := held.get(line.user_id)) is not None
        and (stands.end is None or stands.end <= seen.role.at)
        else line
        for line in lines
    ]
    if session_end.as_wanted(seen.session_end, seen.role.arn, lenient):
        return None
    return session_end.render(seen.role.arn, lines)


def _cannot_open(seen: RoleDetail, grants: Sequence[Grant], installation: str) -> dict[int, str]:
    """Request → why it may not be opened beside what stands in AWS now."""
    opening = [one for one in grants if one.phase is Phase.OPENING]
    standing = role_fault(seen, installation)
    refused: dict[int, str] = {}
    for grant in opening:
        sentence = (
            standing
            or _other_role(seen, grant)
            or _endless(seen, grant, installation)
            or grantee_fault(seen, grant.visitor)
            or _shares_name(grant, grants)
        )
        if sentence is not None:
            refused[grant.request] = sentence
    return refused


def role_fault(seen: RoleDetail, installation: str) -> str | None:
    """Why nobody can be let into the role as it stands, or None."""
    others = [one for one in trust.seals(seen.role.trust) if one != installation]
    if others:
        return (
            f"The role is sealed by another installation of xacct ({others[0]}). Two cannot "
            "govern one role: take it out of one of the two catalogs."
        )
    orphan = trust.orphan(seen.role.trust)
    if orphan is not None:
        return (
            f"The role's trust policy still names {orphan}, a principal that was deleted. AWS "
            "refuses every change of the policy until somebody removes that entry."
        )
    return None


def _other_role(seen: RoleDetail, grant: Grant) -> str | None:
    """The session end names sessions by the role's id: that of another role would end nothing."""
    if grant.role_id == seen.role.role_id:
        return None
    return "The role was deleted and made anew since this was approved. Ask again."


def _endless(seen: RoleDetail, grant: Grant, installation: str) -> str | None:
    """A role denies itself to its own sessions by its session end; where it has none only the seal
    keeps a session from taking a new one of the role, and so from going on for ever.
    """
    sealed = trust.is_sealed(seen.role.trust, installation, role_arn=seen.role.arn)
    if grant.session_end or sealed:
        return None
    return (
        "The role has no session end, and its trust policy lacks xacct's seal "
        f"({trust.SEAL}{installation}): a session could take a new one of the role again and "
        "again, and never end. Seal the role, or let it have a session end."
    )


def grantee_fault(seen: RoleDetail, visitor: admits.Visitor) -> str | None:
    """Why this grantee cannot be let in: he would stay in after the end. Or None."""
    statement = admits.admitting(seen.role.trust, visitor)
    if statement is None:
        return None
    name = statement.get("Sid", "without a Sid")
    return (
        f"The role's trust policy has a statement of somebody else ({name}) that lets "
        f"{visitor.name} in without an end, so xacct could not end this access. Remove or narrow "
        "that statement."
    )


def _shares_name(grant: Grant, grants: Sequence[Grant]) -> str | None:
    for other in grants:
        if (
            other.session_name.casefold() == grant.session_name.casefold()
            and other.visitor.unique_id != grant.visitor.unique_id
        ):
            return (
                f"Another grantee has, or had in the last hours, sessions named "
                f"{grant.session_name} in this role. Ending one would end the other; try again "
                "when his are over."
            )
    return None
