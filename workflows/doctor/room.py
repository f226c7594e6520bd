"""How many more grants the policies of a role have room for: AWS counts characters. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from workflows.catalog.model import Catalog, GranteeKind, Role
from workflows.doctor.finding import Colour, Finding
from workflows.documents import session_end, text, trust
from workflows.documents.session_end import Line
from workflows.documents.trust import Entry
from workflows.seen import RoleDetail

ENOUGH: Final = 3
"""With room for fewer grants beside those that are open somebody should make more."""

_SOMEBODY: Final = f"AIDA{'X' * 17}"  # as long as AWS's unique ids are (21 characters)
_SOME_END: Final = datetime(2038, 1, 1, tzinfo=UTC)


def findings(role: Role, seen: RoleDetail, catalog: Catalog) -> Iterator[Finding]:
    """What has no room, or little, for grants of users that end at different times, each taking
    what a user of the longest name in the catalog takes.
    """
    size = text.length(seen.role.trust)
    more = _more(seen.trust_quota - size, _statement(catalog))
    if more < ENOUGH:
        yield Finding(
            "trust-full",
            _colour(more),
            role.key,
            f"The trust policy of {role.key} has {size} characters of {seen.trust_quota}: room for "
            f"{_grants(more)}.",
            "Raise the quota (Service Quotas, IAM, Role trust policy length), or take statements "
            "of others out of it.",
        )
    if role.session_end:
        yield from _inline(role, seen, catalog)


def _inline(role: Role, seen: RoleDetail, catalog: Catalog) -> Iterator[Finding]:
    bare = text.length(session_end.render(role.arn, []))
    held = bare if seen.session_end is None else text.length(seen.session_end)
    size = seen.other_inline + held + session_end.ANCHOR_ROOM
    line = Line(f"{_SOMEBODY}:{_longest_name(catalog)}", _SOME_END)
    more = _more(seen.inline_quota - size, text.length(session_end.render(role.arn, [line])) - bare)
    if more < ENOUGH:
        yield Finding(
            "inline-full",
            _colour(more),
            role.key,
            f"The inline policies of {role.key} have {size} characters of {seen.inline_quota} with "
            f"the session end, which AWS raises for nobody: room for {_grants(more)}.",
            "Move the role's other inline policies into managed policies.",
        )


def _statement(catalog: Catalog) -> int:
    """Characters of one more statement, with the comma before it."""
    home = catalog.grantee
    entry = Entry(
        GranteeKind.USER, home.partition, home.id, _SOMEBODY, _longest_name(catalog), _SOME_END
    )
    return text.length(trust.own_statements([entry], None)[0]) + len(",")


def _longest_name(catalog: Catalog) -> str:
    users = (one.iam_user.rpartition("/")[2] for one in catalog.engineers if one.iam_user)
    others = (one.session_name for one in catalog.machines)
    return max((*users, *others, *(one.user_name for one in catalog.visitors)), key=len, default="")


def _more(left: int, each: int) -> int:
    return max(0, left // each)


def _colour(more: int) -> Colour:
    return Colour.YELLOW if more else Colour.RED


def _grants(more: int) -> str:
    if not more:
        return "no grant more, so nobody else can be let in"
    return "one grant more" if more == 1 else f"{more} grants more"
