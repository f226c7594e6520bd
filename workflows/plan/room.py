"""Whether AWS's quotas have room for what is planned, and for every early end of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from workflows.documents import session_end, text, trust
from workflows.documents.text import Document
from workflows.plan.grant import Grant
from workflows.plan.phase import Phase
from workflows.seen import RoleDetail


@dataclass
class _Crowd:
    """Who takes the room, and when the first of them leaves: the trust policy when his grant ends,
    the session end half a day later.
    """

    opened: list[Grant] = field(default_factory=list)
    names: dict[str, datetime] = field(default_factory=dict)

    @property
    def several(self) -> list[Grant]:
        """Those of a grantee who has grants that differ: the last of them may end first."""
        said: dict[str, set[tuple[datetime, datetime | None]]] = {}
        for one in self.opened:
            said.setdefault(one.user_id, set()).add((one.ends_at, one.boundary))
        return [one for one in self.opened if len(said[one.user_id]) > 1]

    @property
    def ends(self) -> list[datetime]:
        """When what is open ends."""
        return [one.ends_at for one in self.opened if one.phase is Phase.OPEN]

    @property
    def how_many(self) -> str:
        """How many others there are, as a sentence: all but the one for whom there is no room."""
        is_open = len(self.ends)
        said = f"{is_open or 'No'} grant{'s are' if is_open > 1 else ' is'} open"
        if (coming := len(self.opened) - is_open - 1) > 0:
            said += f", and {coming} {'are' if coming > 1 else 'is'} about to be"
        return f"{said}."


def missing(
    trusting: Document, ending: Document | None, seen: RoleDetail, grants: Sequence[Grant]
) -> str | None:
    """Why the trust policy or the session end has no room for all of `grants`, or None.

    Room is kept for every early end: what could not be written then could not be ended.
    """
    crowd = _Crowd([one for one in grants if one.phase is not Phase.OVER])
    for one in grants:
        if one.session_end and one.phase is not Phase.OPENING:
            leaves = one.kept_until or one.ends_at
            crowd.names[one.user_id] = max(leaves, crowd.names.get(one.user_id, leaves))
    return _of_trust(trusting, seen, crowd) or _of_session_end(ending, seen, crowd)


def _of_trust(document: Document, seen: RoleDetail, crowd: _Crowd) -> str | None:
    several = {one.visitor.unique_id for one in crowd.several}
    size = text.length(document) + trust.room_to_end(document, several=several)
    if size <= seen.trust_quota:
        return None
    return (
        f"The role's trust policy has no room for another grant: {size} characters, AWS allows "
        f"{seen.trust_quota}. {crowd.how_many}{_frees(crowd.ends, seen)} An administrator of the "
        "owner account can raise the quota (Service Quotas, IAM, Role trust policy length)."
    )


def _of_session_end(document: Document | None, seen: RoleDetail, crowd: _Crowd) -> str | None:
    if document is None:
        return None
    size = text.length(document) + session_end.ANCHOR_ROOM + seen.other_inline
    several = {one.user_id for one in crowd.several}
    size += session_end.room_to_end(document, several=several)
    if size <= seen.inline_quota:
        return None
    return (
        f"The role's inline policies have no room for another session end: {size} characters, AWS "
        f"allows {seen.inline_quota} and raises that for nobody. {crowd.how_many} Who had one "
        f"keeps his room for half a day.{_frees(list(crowd.names.values()), seen)} Moving the "
        "role's other inline policies into managed policies makes room at once."
    )


def _frees(moments: Sequence[datetime], seen: RoleDetail) -> str:
    """When the next of them leaves; nothing where nobody is there who could."""
    if not moments:
        return ""
    at = min(moments).astimezone(UTC)
    today = at.date() == seen.role.at.astimezone(UTC).date()
    return f" The next slot frees at {at:%H:%M} UTC{'' if today else f' on {at:%Y-%m-%d}'}."
