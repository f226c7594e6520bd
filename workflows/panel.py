"""Who may decide on a request now: values only. The catalog names people; a roster selects among
them; when nobody decides, more are asked.
"""

from collections.abc import Collection
from dataclasses import dataclass

from workflows.catalog.duty import Roster
from workflows.catalog.model import Role
from workflows.durations import duration_text


@dataclass(frozen=True)
class Panel:
    """Who may decide now, Slack ids, each once; `because` says why it is these, where the catalog's
    list of approvers alone does not.
    """

    able: tuple[str, ...]
    because: str = ""


def panel(
    role: Role,
    on_duty: Collection[str] | None = None,
    *,
    out: Collection[str] = (),
    escalated: bool = False,
) -> Panel:
    """Who may decide on a request for the role, with these people on its roster (None: the roster
    could not be read). Those in `out` may not: it is their own, or they cannot be reached. Nobody
    on it who may decide is as bad as a roster that cannot be read: then the fallback decides.
    """
    able, because = _on_duty(role, on_duty, out)
    if escalated and role.escalation is not None:
        able = (*able, *role.escalation.to)
        asked = f"nobody decided for {duration_text(role.escalation.after)}, so more are asked"
        because = f"{because}; {asked}" if because else asked
    return Panel(tuple(one for one in dict.fromkeys(able) if one not in out), because)


def selected(role: Role, on_duty: Collection[str] | None) -> tuple[str, ...]:
    """Whom a roster with these people on it selects to decide, whether each may or not."""
    if role.duty is None or on_duty is None:
        return ()
    if role.duty.trusted:
        return tuple(sorted(on_duty))
    return tuple(one for one in role.approvers if one in on_duty)


def _on_duty(
    role: Role, on_duty: Collection[str] | None, out: Collection[str]
) -> tuple[tuple[str, ...], str]:
    duty = role.duty
    if duty is None:
        return role.approvers, ""
    instead = duty.fallback or role.approvers
    where = "the Slack user group" if duty.roster is Roster.SLACK_GROUP else "PagerDuty"
    if on_duty is None:
        return instead, f"{where} could not be read, so the fallback is asked"
    chosen = tuple(one for one in selected(role, on_duty) if one not in out)
    if not chosen:
        return instead, f"{where} names nobody who may approve, so the fallback is asked"
    return chosen, "on duty when it was asked"
