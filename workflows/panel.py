"""Who may decide on a request now: values only. The catalog names people; a roster selects among
them; when nobody decides, more are asked.
"""

from collections.abc import Collection
from dataclasses import dataclass

from workflows.catalog.duty import Escalation, Roster
from workflows.catalog.model import Role
from workflows.durations import duration_text


@dataclass(frozen=True)
class Panel:
    """Who may decide now, Slack ids, each once; `because` says why it is these, where the catalog's
    list of approvers alone does not. `later` may decide, too, when nobody has decided for long.
    """

    able: tuple[str, ...]
    because: str = ""
    later: tuple[str, ...] = ()


def panel(
    role: Role,
    on_duty: Collection[str] | None = None,
    *,
    more: Collection[str] | None = None,
    out: Collection[str] = (),
    escalated: bool = False,
) -> Panel:
    """Who may decide on a request for the role, with these people on its roster, and `more` on that
    of its escalation (None: it could not be read). Those in `out` may not: it is their own, or they
    cannot be reached. Nobody on a roster who may decide is as bad as a roster that cannot be read:
    then the fallback decides.
    """
    able, because = _on_duty(role, on_duty, out)
    named = role.escalation.to if role.escalation is not None else ()
    later = tuple(one for one in dict.fromkeys((*named, *sorted(more or ()))) if one not in out)
    if escalated and role.escalation is not None:
        able = (*able, *later)
        asked = _escalated(role.escalation, later, unread=more is None)
        because = f"{because}; {asked}" if because else asked
    return Panel(tuple(one for one in dict.fromkeys(able) if one not in out), because, later)


def _escalated(escalation: Escalation, later: Collection[str], *, unread: bool) -> str:
    """Since when, and whom it could not ask."""
    since = f"nobody decided for {duration_text(escalation.after)}"
    said = f"{since}, so more are asked" if later else f"{since}, and there is nobody else to ask"
    if escalation.duty is None or not unread:
        return said
    group = f"the Slack user group {escalation.duty.id} could not be read"
    return f"{said}; {group}, so nobody of it is asked"


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
