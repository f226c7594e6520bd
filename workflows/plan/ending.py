"""What the session end of a role shall say, name by name.

Names compare without case here, as they do in AWS: the document denies them so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from workflows.documents import session_end
from workflows.documents.session_end import Line
from workflows.documents.text import Document
from workflows.plan.grant import Grant
from workflows.plan.phase import Phase


def held(document: Document | None) -> dict[str, Line]:
    """What AWS holds: name, in small letters → its line."""
    return {line.user_id.casefold(): line for line in session_end.lines(document)}


def strangers(document: Document | None, grants: Sequence[Grant]) -> list[Line]:
    """What AWS holds of names for which no grant has a line. One that is to be opened may be
    refused, so its name counts as strange until it is open.
    """
    known = {one.user_id.casefold() for one in grants if one.phase is not Phase.OPENING}
    return [line for name, line in held(document).items() if name not in known]


def lines(document: Document | None, grants: Sequence[Grant], kept: Sequence[Line]) -> list[Line]:
    """One line a name: the latest end of what is open, or over.

    A name that has a line keeps it, whatever the catalog says of session ends by now: the line
    ends, and lets live, the sessions of every grant of the name, for they look alike to AWS.

    Only a grant that is being opened may weaken what AWS holds. An open one whose line was made
    stronger, since it was revoked and the rows do not know, say, keeps what AWS holds; and a
    boundary stays, whoever wrote it.
    """
    standing = held(document)
    made: dict[str, Line] = {}
    named = standing.keys() | {one.user_id.casefold() for one in grants if one.session_end}
    for grant in (one for one in grants if one.user_id.casefold() in named):
        name = grant.user_id.casefold()
        line = made.get(name, Line(grant.user_id, None))
        if grant.phase is not Phase.OVER and (end := _end(grant, standing)) is not None:
            line = replace(line, end=max(filter(None, (line.end, end))))
            line = replace(line, boundary=_latest(line.boundary, grant.boundary))
        made[name] = line
    for name, line in made.items():
        if line.end is not None and name in standing:
            boundary = _latest(line.boundary, standing[name].boundary)
            made[name] = replace(line, boundary=boundary)
    return [*made.values(), *(one for one in kept if one.user_id.casefold() not in made)]


def cut_short(document: Document | None, grants: Sequence[Grant]) -> frozenset[int]:
    """Open grants whose sessions AWS ends before their time: somebody took them away."""
    standing = held(document)
    return frozenset(
        one.request
        for one in grants
        if one.phase is Phase.OPEN and _end(one, standing) != one.ends_at
    )


def _end(grant: Grant, standing: Mapping[str, Line]) -> datetime | None:
    """When the sessions of an open grant, or of one to be opened, may end; None: they are over.

    A read may be older than the writes of a grant that was opened just now.
    """
    stands = standing.get(grant.user_id.casefold())
    if grant.phase is Phase.OPENING or grant.fresh or stands is None:
        return grant.ends_at
    return None if stands.end is None else min(grant.ends_at, stands.end)


def _latest(*moments: datetime | None) -> datetime | None:
    return max((one for one in moments if one is not None), default=None)
