"""Who decides on a role, beyond the list of approvers: who is on duty, who is asked later, and who
does without them in an emergency.
"""

from collections.abc import Sequence

from workflows.catalog.break_glass import BreakGlass
from workflows.catalog.duty import Duty, Escalation, Roster
from workflows.catalog.mistakes import Mistakes
from workflows.catalog.model import (
    EVERYONE,
    GranteeKind,
    Role,
)
from workflows.catalog.schema import (
    BreakGlassEntry,
    DutyEntry,
    EscalationEntry,
    Limits,
    RoleFields,
)
from workflows.catalog.tree import Place
from workflows.durations import duration_text


def duty(told: DutyEntry | None) -> Duty | None:
    """The duty that an entry says, where it is right."""
    if told is None or (told.slack_group is None) == (told.pagerduty is None):
        return None
    on_group = told.slack_group is not None
    return Duty(
        roster=Roster.SLACK_GROUP if on_group else Roster.PAGERDUTY,
        id=told.slack_group or told.pagerduty or "",
        trusted=told.trusted,
        fallback=tuple(dict.fromkeys(told.fallback)),
    )


def escalation(told: EscalationEntry | None) -> Escalation | None:
    """The escalation that an entry says."""
    if told is None:
        return None
    widened = None
    if told.slack_group is not None:
        widened = Duty(Roster.SLACK_GROUP, told.slack_group, trusted=told.trusted, fallback=())
    return Escalation(told.after, tuple(dict.fromkeys(told.to)), widened)


def break_glass(told: BreakGlassEntry | None) -> BreakGlass | None:
    """The break-glass that an entry says."""
    if told is None:
        return None
    return BreakGlass(tuple(dict.fromkeys(told.people)), told.longest, told.channel)


def judge(place: Place, told: RoleFields, limits: Limits, mistakes: Mistakes) -> None:
    """Notes what of an entry nobody could decide by."""
    _judge_number(place, told, mistakes)
    if told.on_duty is not None:
        _judge_duty(place, told.on_duty, told, mistakes)
    if told.break_glass is not None:
        _judge_break_glass((*place, "break_glass"), told.break_glass, told, mistakes)
    if told.escalation is not None:
        _judge_escalation((*place, "escalation"), told.escalation, limits, mistakes)


def _judge_escalation(
    where: Place, entry: EscalationEntry, limits: Limits, mistakes: Mistakes
) -> None:
    if entry.after >= limits.pending_lapses:
        mistakes.add(
            (*where, "after"),
            f"A request lapses after {duration_text(limits.pending_lapses)} "
            "(`limits.pending_lapses`), so it would never escalate. Write less.",
        )
    if not entry.to and entry.slack_group is None:
        mistakes.add(
            where,
            "Say who is asked then: people, `to: [U012DAVE]`, or a Slack user group, "
            "`slack_group: S012LEADS`.",
        )
    if entry.trusted != (entry.slack_group is not None):
        mistakes.add(
            (*where, "trusted"),
            "Everybody in the Slack user group decides then, and whoever may edit it in Slack says "
            "who that is. Write `trusted: true` beside `slack_group`, or name people under `to`.",
        )


def _judge_break_glass(
    where: Place, entry: BreakGlassEntry, told: RoleFields, mistakes: Mistakes
) -> None:
    shortest = told.delivery.shortest
    if not shortest <= entry.longest <= told.max_duration:
        mistakes.add(
            (*where, "longest"),
            f"The role is lent for {duration_text(shortest)} to "
            f"{duration_text(told.max_duration)}: write a length between them.",
        )
    asked = {*told.requesters}
    if EVERYONE not in asked and (strange := sorted({*entry.people} - asked)):
        mistakes.add(
            (*where, "people"),
            f"{', '.join(strange)} may not ask for the role: name them under `requesters`, too.",
        )
    if set(told.kinds) == {GranteeKind.MACHINE}:
        mistakes.add(where, "Break-glass lets people in, and this role is lent to machines only.")


def judge_loudness(place: Place, role: Role, alerts_channel: str, mistakes: Mistakes) -> None:
    """Notes where break-glass would be told in no other channel than usual requests are."""
    glass = role.break_glass
    if glass is not None and (glass.channel or alerts_channel) == role.channel:
        mistakes.add(
            (*place, "break_glass", *(("channel",) if glass.channel else ())),
            "Break-glass is told in a second channel, and this is the one where requests are "
            "approved. Name another: `channel` here, or `alerts_channel` under `slack`.",
        )


def judge_signers(place: Place, role: Role, admins: Sequence[str], mistakes: Mistakes) -> None:
    """Notes who could break glass although nobody else could sign his review."""
    if role.break_glass is None or (role.duty is not None and role.duty.trusted):
        return
    signers = {*role.deciders, *admins}
    alone = [one for one in role.break_glass.people if not signers - {one}]
    if alone:
        mistakes.add(
            (*place, "break_glass", "people"),
            f"Nobody could sign the review of a use by {', '.join(alone)}: another person has to, "
            "an approver of the role or an administrator. Name one under `approvers` or `admins`.",
        )


def _judge_number(place: Place, told: RoleFields, mistakes: Mistakes) -> None:
    later = told.escalation.to if told.escalation is not None else []
    trusted = any(one is not None and one.trusted for one in (told.on_duty, told.escalation))
    able = len({*told.approvers, *later})
    if able and not trusted and told.approvals > able:
        mistakes.add(
            (*place, "approvals"),
            f"{told.approvals} approvals are needed and {able} can be given: name more "
            "`approvers`, or need fewer.",
        )


def _judge_duty(place: Place, entry: DutyEntry, told: RoleFields, mistakes: Mistakes) -> None:
    where = (*place, "on_duty")
    if (entry.slack_group is None) == (entry.pagerduty is None):
        mistakes.add(
            where,
            "Name one roster: `slack_group: S012ONCALL`, or `pagerduty: PABC123`.",
        )
        return
    if entry.trusted and entry.slack_group is None:
        mistakes.add(
            (*where, "trusted"),
            "A schedule of PagerDuty selects among the `approvers`; only a Slack user group can be "
            "trusted by itself.",
        )
    if not entry.trusted and not told.approvers:
        mistakes.add(
            where,
            "A roster selects among the `approvers`, and there are none: name them, or write "
            "`trusted: true` where whoever can edit the Slack user group may say who approves.",
        )
    if not entry.trusted and (strange := sorted({*entry.fallback} - {*told.approvers})):
        mistakes.add(
            (*where, "fallback"),
            f"{', '.join(strange)} would decide only while the roster cannot be read: name them "
            "under `approvers`, too.",
        )
