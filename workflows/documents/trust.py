"""The trust policy of a governed role: who may enter, and until when.

Statements whose Sid begins with `Xacct` are ours; every other one is somebody else's and is kept
in its place, untouched. The grantee is a condition, never a principal: a principal's ARN would turn
into an orphaned id when the user is deleted, and then no write of the document would succeed (IAM
User Guide, "AWS JSON policy elements: Principal").
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final, NamedTuple

from workflows.catalog.model import GranteeKind
from workflows.documents import text
from workflows.documents.text import Document, Statement

OURS: Final = "Xacct"
SEAL: Final = "XacctSeal"
VEND: Final = "XacctVend"
MFA: Final = "aws:MultiFactorAuthPresent"


class Key(NamedTuple):
    """Whom a statement lets in, and how: with `mfa` only who signed in with his MFA device.

    `user_id` is what `aws:userid` must be. One who may enter without MFA is not let in by the
    statement of a grant that asks for it, nor the other way round.
    """

    user_id: str
    mfa: bool = False


@dataclass(frozen=True, order=True)
class Entry:
    """One grantee, let in until `end` under one session name and no other.

    `mfa` is for users alone: credentials of a role carry no word of MFA, and people of Identity
    Center have none (IAM User Guide, "AWS global condition context keys").
    """

    kind: GranteeKind
    partition: str
    account_id: str
    unique_id: str  # AIDA… of a user, AROA… of the role that a machine or a person comes with
    session_name: str
    end: datetime
    mfa: bool = False

    @property
    def key(self) -> Key:
        """Whom its statement lets in, and how."""
        return Key(self.user_id, self.mfa)

    @property
    def user_id(self) -> str:
        """What `aws:userid` must be (`*` stands for any session of a machine's role)."""
        if self.kind is GranteeKind.USER:
            return self.unique_id
        name = "*" if self.kind is GranteeKind.MACHINE else self.session_name
        return f"{self.unique_id}:{name}"


@dataclass(frozen=True)
class Vend:
    """The vendor role, let in under the grantees' session names until the latest of their ends."""

    partition: str
    account_id: str
    vendor_id: str
    session_names: tuple[str, ...]
    end: datetime


def is_ours(statement: Statement) -> bool:
    """Whether xacct wrote the statement (a seal counts: setup writes it)."""
    return str(statement.get("Sid", "")).startswith(OURS)


def is_seal(statement: Statement) -> bool:
    """Whether the statement is the seal of some installation; one that lets in is none."""
    return str(statement.get("Sid", "")).startswith(SEAL) and statement.get("Effect") == "Deny"


def foreign(document: Document) -> list[Statement]:
    """The statements that are somebody else's, in their order."""
    return [one for one in text.statements(document) if not is_ours(one)]


def seals(document: Document) -> list[str]:
    """The names of the installations that sealed the role."""
    sids = (str(one["Sid"]) for one in text.statements(document) if is_seal(one))
    return [sid.removeprefix(SEAL) for sid in sids]


def is_sealed(document: Document, installation: str, *, role_arn: str) -> bool:
    """Whether the role's own account is denied the role, by the seal of this installation."""
    _, partition, _, _, account_id, _ = role_arn.split(":", 5)
    wanted = seal(installation, partition=partition, account_id=account_id)
    return any(text.same(one, wanted) for one in text.statements(document))


def seal(installation: str, *, partition: str, account_id: str) -> Statement:
    """Denies the role to its own account: a session cannot take a new one under another name."""
    return {
        "Sid": f"{SEAL}{installation}",
        "Effect": "Deny",
        "Principal": {"AWS": _account(partition, account_id)},
        "Action": "sts:AssumeRole",
    }


def entries(document: Document) -> frozenset[tuple[Key, datetime]]:
    """(whom and how, end) of every grantee our statements let in. A shape we never write lets in
    nobody that we know of: it differs from what is wanted and is written over.
    """
    found: list[tuple[Key, datetime]] = []
    for statement in text.statements(document):
        if not is_ours(statement) or statement.get("Sid") == VEND or is_seal(statement):
            continue
        condition = statement.get("Condition", {})
        end = text.ends(condition)
        ids = [
            *text.values(condition.get("StringEquals", {}).get("aws:userid", [])),
            *text.values(condition.get("StringLike", {}).get("aws:userid", [])),
        ]
        mfa = text.values(condition.get("Bool", {}).get(MFA, [])) == ["true"]
        if end is not None:
            found += [(Key(one, mfa), end) for one in ids]
    return frozenset(found)


def vended_names(document: Document, until: datetime | None = None) -> frozenset[str]:
    """The session names that the vendor role may enter under: now, or as long as `until`."""
    for statement in text.statements(document):
        if statement.get("Sid") == VEND:
            condition = statement.get("Condition", {})
            if until is None or ((end := text.ends(condition)) is not None and end >= until):
                said = condition.get("StringEquals", {}).get("sts:RoleSessionName", [])
                return frozenset(text.values(said))
    return frozenset()


def orphan(document: Document) -> str | None:
    """The unique id of a deleted principal among the principals, if there is one.

    AWS shows a living user or role by its ARN and a deleted one by its id, and then refuses every
    write of the document (AWS re:Post, "IAM trust policy error").
    """
    for statement in text.statements(document):
        for element in ("Principal", "NotPrincipal"):
            named = statement.get(element)
            principals = text.values(named.get("AWS", [])) if isinstance(named, Mapping) else []
            for one in principals:
                if re.fullmatch(r"(AIDA|AROA)[A-Z0-9]+", one):
                    return one
    return None


def render(
    document: Document, *, wanted: Iterable[Entry], vend: Vend | None, sealed: Statement
) -> dict[str, object]:
    """The document as it shall be: everything foreign and every seal in place, ours made anew.

    AWS refuses a document without statements, so an empty one gets the seal.
    """
    kept = [one for one in text.statements(document) if not is_ours(one) or is_seal(one)]
    ours = own_statements(wanted, vend)
    named = {"Id": document["Id"]} if "Id" in document else {}
    return {**text.document(kept + ours or [sealed]), **named}


def as_wanted(document: Document, *, wanted: Iterable[Entry], vend: Vend | None) -> bool:
    """Whether our statements in the document say just what is wanted."""
    held = [one for one in text.statements(document) if is_ours(one) and not is_seal(one)]
    ours = own_statements(wanted, vend)
    return len(held) == len(ours) and all(any(text.same(a, b) for b in held) for a in ours)


def own_statements(wanted: Iterable[Entry], vend: Vend | None) -> list[Statement]:
    """Ours: one statement per end minute for all users of an account (one more for those who need
    MFA), one for each other grantee.

    Users can share one since `${aws:username}` binds each to his own name (absent for sessions, so
    no role enters by it); machines and people cannot: a list would let one in under another's name.
    """
    everybody = sorted(set(wanted))
    users = [one for one in everybody if one.kind is GranteeKind.USER]
    made = [_users(list(bucket)) for _, bucket in groupby(sorted(users, key=_bucket), key=_bucket)]
    made += [_session(one) for one in everybody if one.kind is not GranteeKind.USER]
    if vend is not None:
        made.append(_vend(vend))
    return made


def _bucket(entry: Entry) -> tuple[datetime, str, str, bool]:
    return entry.end, entry.partition, entry.account_id, entry.mfa


def room_to_end(document: Document, *, several: Collection[str]) -> int:
    """Characters that early ends add at most: a user in `several` (unique ids) has grants of which
    the last may end first; then he leaves a statement that he shares for one of his own.
    """
    room = 0
    for one in (one for one in text.statements(document) if _is_shared(one)):
        ids = one["Condition"]["StringEquals"]["aws:userid"]
        leaving = min(sum(each in several for each in ids), len(ids) - 1)
        room += leaving * (text.length(_without_names(one)) + len(","))
    return room


def _is_shared(statement: Statement) -> bool:
    return str(statement.get("Sid", "")).startswith(f"{OURS}U") and isinstance(
        statement.get("Condition", {}).get("StringEquals", {}).get("aws:userid"), list
    )


def _without_names(statement: Statement) -> Statement:
    condition = statement["Condition"]
    equals = {**condition["StringEquals"], "aws:userid": []}
    like: dict[str, list[str]] = {"sts:RoleSessionName": []}
    return {**statement, "Condition": {**condition, "StringEquals": equals, "StringLike": like}}


def _users(entries: Sequence[Entry]) -> Statement:
    first = entries[0]
    return _allow(
        sid=f"{OURS}U{_stamp(first.end)}A{first.account_id}{'Mfa' if first.mfa else ''}",
        entry=first,
        equals={
            "aws:userid": [one.unique_id for one in entries],
            "sts:RoleSessionName": "${aws:username}",
        },
        like={"sts:RoleSessionName": [one.session_name for one in entries]},
    )


def _session(entry: Entry) -> Statement:
    """A machine comes with any session of its role; a person only with the session of his name."""
    equals: dict[str, str | list[str]] = {"sts:RoleSessionName": entry.session_name}
    like: dict[str, str | list[str]] = {}
    (like if entry.kind is GranteeKind.MACHINE else equals)["aws:userid"] = entry.user_id
    return _allow(
        sid=f"{OURS}{'M' if like else 'P'}{entry.unique_id}{_letters(entry.session_name)}",
        entry=entry,
        equals=equals,
        like=like,
    )


def _vend(vend: Vend) -> Statement:
    return _allow(
        sid=VEND,
        entry=vend,
        equals={"sts:RoleSessionName": sorted(vend.session_names)},
        like={"aws:userid": f"{vend.vendor_id}:*"},
    )


def _allow(
    *,
    sid: str,
    entry: Entry | Vend,
    equals: dict[str, str | list[str]],
    like: dict[str, str | list[str]],
) -> Statement:
    condition: dict[str, object] = {"StringEquals": equals}
    if like:
        condition["StringLike"] = like
    if isinstance(entry, Entry) and entry.mfa:
        condition["Bool"] = {MFA: "true"}
    condition["DateLessThan"] = {"aws:CurrentTime": text.moment(entry.end)}
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": _account(entry.partition, entry.account_id)},
        "Action": "sts:AssumeRole",
        "Condition": condition,
    }


def _account(partition: str, account_id: str) -> str:
    """The whole account as a principal; who of it is let in, the condition says."""
    return f"arn:{partition}:iam::{account_id}:root"


def _stamp(at: datetime) -> str:
    return text.moment(at).replace("-", "").replace(":", "")


def _letters(name: str) -> str:
    """A name in letters and digits, all that a Sid may hold: no two names come out the same.

    AWS refuses a document in which two statements have one Sid.
    """
    return re.sub(r"[^A-Za-wyz0-9]", lambda found: f"x{ord(found.group()):02x}", name)
