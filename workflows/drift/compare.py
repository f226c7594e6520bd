"""A role as it was read, compared with what its rows want: pure, and it never opens anything."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from workflows.catalog.governed import Governed
from workflows.documents import session_end, text, trust
from workflows.documents.groups import fault
from workflows.documents.session_end import Line
from workflows.documents.text import Document, Statement
from workflows.drift.seen import GroupSeen
from workflows.plan import role as role_plan
from workflows.plan.grant import Grant
from workflows.seen import RoleDetail

OWN: Final = "own statement without a row"
SESSION_END: Final = "session end gone"
OTHER_SEAL: Final = "other installation"
GROUP: Final = "group changed"


@dataclass(frozen=True)
class Difference:
    """Something that is not as it must be. `key` tells it from the others of its account."""

    key: str
    kind: str
    sentence: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Known:
    """What the rows say of a role. `settled`: nothing of ours is under way there, nor so fresh
    that the read may be older than it.
    """

    key: str  # `account/name`
    number: int  # of its target; 0 when it has none yet
    grants: Sequence[Grant]
    settled: bool


@dataclass(frozen=True)
class Compared:
    """What differs, and whether AWS must be looked at to close something."""

    differences: tuple[Difference, ...] = ()
    owed: bool = False


def role(seen: RoleDetail, known: Known, *, installation: str) -> Compared:
    """What differs in one role. While we are at work there, only what others did is looked at."""
    found = list(_other_seal(seen, known, installation))
    if not known.settled:
        return Compared(tuple(found))
    wanted = role_plan.plan(seen, known.grants, installation=installation)
    strange = _strange(seen.role.trust, wanted.trust)
    weak = _weak(seen.session_end, wanted.session_end, seen.role.at)
    if strange:
        found.append(_own(known, strange))
    if weak is not None:
        found.append(_session_end(known, weak))
    owed = bool(strange or weak is not None or wanted.widened or wanted.missing)
    return Compared(tuple(found), owed=owed)


def _key(kind: str, known: Known) -> str:
    return f"{kind}:{known.number or known.key}"


def _other_seal(seen: RoleDetail, known: Known, installation: str) -> list[Difference]:
    others = sorted(set(trust.seals(seen.role.trust)) - {installation})
    if not others:
        return []
    sentence = (
        f"{known.key} is sealed by another installation of xacct ({', '.join(others)}). Two cannot "
        "govern one role, so nothing is opened there: take it out of one of the two catalogs, and "
        "the other's seal out of its trust policy."
    )
    facts = {"role": known.key, "installations": others}
    return [Difference(_key("seal", known), OTHER_SEAL, sentence, facts)]


# --- our own statements


def _strange(held: Document, wanted: Document | None) -> list[Statement]:
    """Statements under our name that the rows do not account for."""
    if wanted is None:
        return []
    right = _ours(wanted)
    return [one for one in _ours(held) if not any(text.same(one, other) for other in right)]


def _ours(document: Document) -> list[Statement]:
    return [
        one for one in text.statements(document) if trust.is_ours(one) and not trust.is_seal(one)
    ]


def _own(known: Known, strange: Sequence[Statement]) -> Difference:
    sids = [str(one["Sid"]) for one in strange]
    return Difference(
        key=_key("own", known),
        kind=OWN,
        sentence=(
            f"The trust policy of {known.key} lets somebody in under xacct's name, and no grant "
            f"accounts for it: {', '.join(sids)}. Somebody wrote it by hand, or this database does "
            "not know of the grant. xacct takes it out. Find out in CloudTrail who wrote it."
        ),
        facts={"role": known.key, "statements": list(strange)},
    )


# --- the session end


def _weak(held: Document | None, wanted: Document | None, at: datetime) -> list[str] | None:
    """Session names that the policy ends too late or not at all; None: it is as strong as wanted.

    An empty list: the names are right, but the role could change the policy itself.
    """
    if wanted is None:
        return None
    lines = session_end.lines(session_end.in_full(held))
    standing = {one.user_id.casefold(): one for one in lines}
    weak = [
        one.user_id
        for one in session_end.lines(wanted)
        if _is_weaker(standing.get(one.user_id.casefold()), one, at)
    ]
    itself = _nameless(text.statements(wanted)[0])
    protected = any(text.same(_nameless(one), itself) for one in text.statements(held or {}))
    return weak if weak or not protected else None


def _is_weaker(held: Line | None, wanted: Line, at: datetime) -> bool:
    if held is None:
        return True
    late = held.end is not None and held.end > (wanted.end or at)
    revives = wanted.boundary is not None and (
        held.end is not None and (held.boundary is None or held.boundary < wanted.boundary)
    )
    return late or revives


def _nameless(statement: Statement) -> Statement:
    return {name: said for name, said in statement.items() if name != "Sid"}


def _session_end(known: Known, weak: Sequence[str]) -> Difference:
    names = [one.partition(":")[2] for one in weak]
    what = (
        f"it no longer ends the sessions of {', '.join(names)} in time"
        if names
        else "the role's own sessions could change it"
    )
    return Difference(
        key=_key("end", known),
        kind=SESSION_END,
        sentence=(
            f"The inline policy {session_end.NAME} of {known.key} is gone or was changed: {what}. "
            "xacct writes it anew. If Terraform or the like removes inline policies of this role, "
            "let it ignore this one, or say `session_end: false` in the catalog."
        ),
        facts={"role": known.key, "names": names},
    )


# --- groups


def group_gone(governed: Governed) -> Difference:
    """A governed group that AWS does not know by its name."""
    lost = (
        "nobody's deny can be put back"
        if governed.denies
        else "whoever is in it under another name stays there"
    )
    sentence = (
        f"The group {governed.name} is gone: deleted, or renamed. Nothing is opened through it, "
        f"and {lost}. Give it its name back, make it anew, or mend the catalog."
    )
    return Difference(f"group:{governed.name}", GROUP, sentence, {"group": governed.name})


def group(seen: GroupSeen, governed: Governed, *, role_arns: Sequence[str]) -> list[Difference]:
    """What the group holds beside what it must hold. `role_arns` are all roles of the catalog."""
    effect = "Deny" if governed.denies else "Allow"
    for arn in governed.role_arns:
        wrong = fault(seen.documents, effect=effect, role_arn=arn, governed=role_arns)
        if wrong is not None:
            sentence = (
                f"The group {governed.name} {wrong}. Whoever joins or leaves it gets more than "
                "anybody decided on, so nothing is opened through it until its policies are mended."
            )
            return [Difference(f"group:{governed.name}", GROUP, sentence, {"group": governed.name})]
    return []
