"""Whether AWS's quotas have room for what is planned, and for every early end of it."""

from collections.abc import Collection
from dataclasses import dataclass

from workflows.documents import session_end, text, trust
from workflows.documents.text import Document
from workflows.seen import RoleDetail


@dataclass(frozen=True)
class Several:
    """Who has open grants that say different things: the last of them may be the first to end."""

    unique_ids: Collection[str]
    user_ids: Collection[str]


def missing(
    trusting: Document, ending: Document | None, seen: RoleDetail, several: Several
) -> str | None:
    """Why the trust policy or the session end has no room, or None.

    Room is kept for every early end: what could not be written then could not be ended.
    """
    return _of_trust(trusting, seen, several) or _of_session_end(ending, seen, several)


def _of_trust(document: Document, seen: RoleDetail, several: Several) -> str | None:
    size = text.length(document) + trust.room_to_end(document, several=several.unique_ids)
    if size <= seen.trust_quota:
        return None
    return (
        f"The role's trust policy has no room for another grant: {size} characters, AWS allows "
        f"{seen.trust_quota}. Room frees up when a grant on this role ends; an administrator of "
        "the owner account can raise the quota (IAM, role trust policy length)."
    )


def _of_session_end(document: Document | None, seen: RoleDetail, several: Several) -> str | None:
    if document is None:
        return None
    size = text.length(document) + session_end.ANCHOR_ROOM + seen.other_inline
    size += session_end.room_to_end(document, several=several.user_ids)
    if size <= seen.inline_quota:
        return None
    return (
        f"The role's inline policies have no room for another session end: {size} characters, AWS "
        f"allows {seen.inline_quota}. Room frees up half a day after earlier grants end; moving "
        "the role's other inline policies into managed policies makes room at once."
    )
