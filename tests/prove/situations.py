"""Situations of a role, as hypothesis makes them up: who is let in, who was, what else stands."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from string import ascii_letters, ascii_uppercase, digits
from typing import Any, Final

from hypothesis import strategies as st

from workflows.catalog.model import GranteeKind
from workflows.documents import text, trust
from workflows.documents.admits import Visitor
from workflows.plan import role
from workflows.plan.grant import Grant
from workflows.plan.phase import Phase
from workflows.plan.role import RolePlan
from workflows.seen import RoleDetail, RoleSeen

HOME: Final = "111122223333"
OWNER: Final = "444455556666"
INSTALLATION: Final = "lab"
NOON: Final = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
ROUNDS: Final = 3
"""Times that something is opened and something ends, one after the other."""

_NAME: Final = f"{ascii_letters}{digits}+=,.@_-"
# What a name may be in AWS, to the last letter (IAM User Guide, "IAM name requirements").
names: Final = st.one_of(
    st.text(_NAME, min_size=2, max_size=64),
    st.text(_NAME, min_size=64, max_size=64),
)
partitions: Final = st.sampled_from(["aws", "aws-cn", "aws-us-gov"])
ends: Final = st.one_of(st.sampled_from([30, 60]), st.integers(5, 43200 // 60)).map(
    lambda minutes: NOON + timedelta(minutes=minutes)
)


def unique_ids(prefix: str) -> st.SearchStrategy[str]:
    return st.text(ascii_uppercase + digits, min_size=12, max_size=17).map(
        lambda rest: prefix + rest
    )


@dataclass(frozen=True)
class Who:
    """A grantee, before anybody asks for him."""

    kind: GranteeKind
    name: str
    unique_id: str
    arn_name: str

    def grant(self, number: int, partition: str, role_id: str, **how: Any) -> Grant:
        """What a request for him wants, to be opened."""
        kind = "user" if self.kind is GranteeKind.USER else "role"
        machine = self.kind is GranteeKind.MACHINE
        return Grant(
            request=number,
            phase=Phase.OPENING,
            visitor=Visitor(
                kind=self.kind,
                partition=partition,
                account_id=HOME,
                arn=f"arn:{partition}:iam::{HOME}:{kind}/{self.arn_name}",
                name=self.name,
                unique_id=self.unique_id,
                after=how.pop("end"),
            ),
            session_name=f"xacct-{self.name}"[:64] if machine else self.name,
            role_id=role_id,
            session_end=True,
            **how,
        )


_SSO: Final = "AROASSOSSOSSOSSOSSO12"
everybody: Final = st.one_of(
    st.builds(
        lambda name, unique_id: Who(GranteeKind.USER, name, unique_id, name),
        names,
        unique_ids("AIDA"),
    ),
    st.builds(
        lambda name, unique_id: Who(GranteeKind.MACHINE, name, unique_id, name),
        names,
        unique_ids("AROA"),
    ),
    st.builds(lambda name: Who(GranteeKind.PERSON, name, _SSO, "AWSReservedSSO_Dev_1"), names),
)
crowds: Final = st.one_of(
    st.lists(everybody, min_size=1, max_size=6, unique_by=lambda one: one.name.casefold()),
    st.integers(7, 60).map(
        lambda many: [
            Who(GranteeKind.USER, f"user{n}", f"AIDA{n:017}", f"user{n}") for n in range(many)
        ]
    ),
)


def foreign(partition: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Statements of somebody else, none of which lets a grantee in."""
    return st.lists(
        st.fixed_dictionaries(
            {
                "Effect": st.sampled_from(["Allow", "Deny"]),
                "Principal": st.sampled_from(
                    [
                        {"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]},
                        {"AWS": f"arn:{partition}:iam::{OWNER}:root"},
                        # As AWS shows and counts an account that was written by its number alone.
                        {"AWS": f"arn:{partition}:iam::999988887777:root"},
                    ]
                ),
                "Action": st.sampled_from(["sts:AssumeRole", ["sts:AssumeRole", "sts:TagSession"]]),
            },
            optional={
                "Condition": st.just({"StringEquals": {"sts:ExternalId": "x" * 60}}),
            },
        ),
        max_size=5,
    )


@dataclass(frozen=True)
class Situation:
    """A role at rest, and what happens to it: in each round some are opened and some are over."""

    detail: RoleDetail
    rounds: Sequence[tuple[Sequence[Grant], frozenset[int]]]  # (to be opened, requests over then)


@st.composite
def situations(draw: st.DrawFn, partition: str | None = None) -> Situation:
    """Any role, quotas, neighbours, and a few rounds of openings and ends."""
    detail = draw(roles(st.just(partition) if partition else partitions))
    crowd = draw(crowds)
    partition = detail.role.arn.split(":")[1]
    number, rounds = 0, []
    for _ in range(draw(st.integers(1, ROUNDS))):
        opened = []
        for who in draw(st.lists(st.sampled_from(crowd), min_size=1, unique=True)):
            number += 1
            opened.append(draw(grants(who, number, partition, detail.role.role_id)))
        over = draw(st.frozensets(st.integers(1, number), max_size=number))
        rounds.append((opened, over))
    return Situation(detail, rounds)


@st.composite
def grants(draw: st.DrawFn, who: Who, number: int, partition: str, role_id: str) -> Grant:
    boundary = draw(st.sampled_from([None, None, NOON - timedelta(hours=1), NOON]))
    vends = draw(st.booleans())
    return who.grant(
        number,
        partition,
        role_id,
        end=draw(ends),
        boundary=boundary,
        mfa=who.kind is GranteeKind.USER and draw(st.booleans()),
        vendor=(HOME, "AROAVENDORVENDOR12345") if vends else None,
    )


@st.composite
def roles(draw: st.DrawFn, where: st.SearchStrategy[str]) -> RoleDetail:
    """A sealed role at rest, with whatever else its policies hold."""
    partition = draw(where)
    name = draw(st.sampled_from(["admin", "a" * 64]))
    path = draw(st.sampled_from(["/xacct/", f"/{'p' * 40}/"]))
    arn = f"arn:{partition}:iam::{OWNER}:role{path}{name}"
    sealed = trust.seal(INSTALLATION, partition=partition, account_id=OWNER)
    document = text.document([*draw(foreign(partition)), sealed])
    quota = draw(st.sampled_from([2048, 4096, 8192]))
    return RoleDetail(
        role=RoleSeen(arn, draw(unique_ids("AROA")), document, 3600, None, NOON),
        session_end=None,
        other_inline=draw(st.sampled_from([0, 500, 9000, 10240])),
        trust_quota=max(quota, text.length(document)),
        inline_quota=10240,
    )


def planned(detail: RoleDetail, wanted: Sequence[Grant]) -> RolePlan:
    return role.plan(detail, wanted, installation=INSTALLATION)


def written(detail: RoleDetail, plan: RolePlan) -> RoleDetail:
    """The role as it stands after the plan was written."""
    return replace(
        detail,
        role=replace(detail.role, trust=plan.trust or detail.role.trust),
        session_end=plan.session_end or detail.session_end,
    )


def over(wanted: Sequence[Grant], requests: frozenset[int]) -> list[Grant]:
    """The grants after some of them have ended, at whatever moment; the others are open.

    Grants of one name end in any order: one that ends last may have failed.
    """
    return [
        replace(
            one,
            phase=Phase.OVER if one.phase is Phase.OVER or one.request in requests else Phase.OPEN,
        )
        for one in wanted
    ]
