"""What an approver should know of AWS before he decides, and whether it has become worse since.

Pure: what was read in, sentences out.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, timedelta
from typing import Final

from db.models import Request
from workflows.catalog.model import Mechanism
from workflows.durations import duration_text
from workflows.seen import MemberSeen, RoleDetail, Verdict

LONG_SESSION: Final = 3600  # seconds: the lowest MaxSessionDuration AWS permits

CUT: Final = "; the session end cuts them."

WAYS_BACK: Final = "whether a session could leave a way back in"


def about_role(row: Request, seen: RoleDetail) -> list[str]:
    """What the role itself says."""
    found = []
    longest = duration_text(timedelta(seconds=seen.role.longest_session))
    if not row.session_end:
        found.append(
            f"The role has no session end: a session that has begun may go on for up to {longest} "
            "after the grant is over."
        )
    elif seen.role.longest_session > LONG_SESSION:
        found.append(f"Sessions of this role may last {longest}{CUT}")
    if seen.role.boundary is None:
        found.append(
            "The role has no permissions boundary: what a session creates may outlive the grant."
        )
    return found


def about_member(row: Request, member: MemberSeen | None, noted: Mapping[str, bool]) -> list[str]:
    """What the user's groups say. `noted`: whether he was in them before xacct changed that."""
    if member is None or row.group_name is None:
        return []
    inside = noted.get(row.group_name, row.group_name in member.groups)
    if row.mechanism == Mechanism.ALLOW_GROUP and inside:
        return [f"{row.grantee_name} is in {row.group_name} already; that membership will stay."]
    if row.mechanism == Mechanism.DENY_GROUP and not inside:
        return [f"{row.grantee_name} is not in {row.group_name}: there is no deny to lift."]
    return []


def about_pair(row: Request, pair: Iterable[Request]) -> list[str]:
    """What the grantee has of this role already."""
    return [
        f"{row.grantee_name} has this role already, by #{one.id} until "
        f"{one.ends_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC."
        for one in pair
        if one.id != row.id and one.ends_at is not None
    ]


def about_grantee(row: Request, verdict: Verdict | None, *, inside: bool | None) -> list[str]:
    """What AWS's simulation says of the grantee as he is, before anything is opened for him.

    `inside` says whether he is in the governed group; None without one.
    """
    if verdict is None or not verdict.allowed or inside is None:
        return []
    if row.mechanism == Mechanism.ALLOW_GROUP and not inside:
        only_trust = "only the trust policy keeps him out"
        return [f"{row.grantee_name} may assume the role without the group already: {only_trust}."]
    if row.mechanism == Mechanism.DENY_GROUP and inside:
        return [f"{row.grantee_name} is in {row.group_name}, and is not held back by it."]
    return []


def about_ways_back(verdicts: Sequence[Verdict] | None) -> list[str]:
    """What the role may do that would leave a way back in."""
    allowed = [one.action for one in verdicts or () if one.allowed]
    if not allowed:
        return []
    return [f"A session could leave a way back in: the role may {', '.join(allowed)}."]


def about_unchecked(unchecked: Sequence[str]) -> list[str]:
    """What AWS's simulation did not say: nothing found is not the same as nothing there."""
    if not unchecked:
        return []
    return [f"AWS's simulation did not say, so xacct could not check: {'; '.join(unchecked)}."]


def to_judge(found: Iterable[str]) -> list[str]:
    """Those of the findings that somebody has to judge: no rule approves them.

    All but one: that sessions may be long says nothing where the session end cuts them.
    """
    return [one for one in found if not one.endswith(CUT)]


def wider(row: Request, now: Iterable[str]) -> str | None:
    """What is so now and was not when the request was decided on, as a sentence; or None."""
    news = [one for one in now if one not in row.findings]
    return f"AWS was changed since this was decided on: {news[0]}" if news else None


def another_role(row: Request, seen: RoleDetail) -> str | None:
    """The role of this name is not the one that was looked at; or None."""
    if row.role_id in (None, seen.role.role_id):
        return None
    return "The role was deleted and made anew since this was decided on. Ask again."


def another_boundary(row: Request, seen: RoleDetail) -> str | None:
    """The role's boundary was exchanged since: what it caps now, nobody decided on. Or None."""
    was, now = row.permissions_boundary, seen.role.boundary
    if was is None or now is None or was == now:
        return None
    return (
        f"AWS was changed since this was decided on: the role's permissions boundary is {now}, and "
        f"was {was}."
    )


def more_ways_back(row: Request, verdicts: Sequence[Verdict] | None) -> str | None:
    """What the role may do now to leave a way back in, and could not; or None. Where it could not
    be checked before, whoever decided took it for granted.
    """
    said = " ".join(row.findings)
    more = [one.action for one in verdicts or () if one.allowed and one.action not in said]
    if not more or WAYS_BACK in said:
        return None
    return (
        "AWS was changed since this was decided on: a session could leave a way back in, since the "
        f"role may {', '.join(more)} now."
    )
