"""What a person is told in answer: sentences and lists, in Slack's mark-up."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from bot.blocks import code, cut, escaped, givers, moment, user
from db.lifecycle import State
from db.models import Hold, Request
from workflows.access import Scope
from workflows.catalog.model import Role
from workflows.durations import duration_text

ANSWER: Final = 3500
"""Characters of one answer; a list that is longer says how many lines are missing."""


def filed(row: Request, *, rule: str = "") -> str:
    """A request was put down; `rule` is the name of the rule that approves it, if one does."""
    more, by_when = "", ""
    if row.extends is not None:
        length = duration_text(timedelta(seconds=row.seconds))
        more = f", {length} more from the end of #{row.extends} on"
        by_when = f" until {moment(row.lapses_at)} at the latest"
    first = ""
    if rule:
        first = (
            f" if that finds nothing to judge, the rule {code(rule, 32)} approves it at once; else"
        )
    return (
        f"Request #{row.id} is filed: {_what(row)}{more}. xacct looks at AWS,{first or ' then'} "
        "the approvers "
        f"in <#{row.channel}> decide{by_when}; you are told what comes of it."
    )


def broken(row: Request) -> str:
    """Glass was broken: not open yet."""
    return (
        f"Break-glass #{row.id} is filed: {_what(row)} for {duration_text(row.length)}. xacct "
        "looks at AWS and opens it if nothing forbids that; you are told. The approvers hear of it "
        "now, and another person has to sign its review when it is over."
    )


def signed(row: Request) -> str:
    """The review of a use was signed."""
    return f"You signed the review of #{row.id}: {_what(row)}, by {user(row.requester)}."


def approved(row: Request) -> str:
    """An approval was counted."""
    if row.state is State.PENDING:
        given = sum(one.approves for one in row.decisions)
        return f"Your approval of #{row.id} counts: {given} of {row.approvals_needed}."
    less = f" for {duration_text(row.length)}" if row.lent_seconds else ""
    return f"You approved #{row.id}: {_what(row)}{less}. It is being opened."


def denied(row: Request) -> str:
    """A request was denied."""
    return f"You denied #{row.id}: {_what(row)}. {user(row.requester)} is told."


def ended(rows: Sequence[Request], left: Sequence[Request] = ()) -> str:
    """Requests were ended, or cancelled before anything was open; those `left` go on."""
    shown = {row.id: row for row in rows}.values()
    lines = [
        f"#{row.id} {_what(row)}: "
        + ("cancelled, nothing was open" if row.state is State.CANCELLED else "ending now")
        for row in shown
    ]
    lines += [f"#{row.id} {_what(row)}: goes on, you may not end it" for row in left]
    return "\n".join(lines)


def frozen(scope: Scope) -> str:
    """A freeze began."""
    return (
        f"{_begin(scope)} is frozen: nothing is asked for, approved or opened there. What "
        "is open stays so; `/xacct revoke --all` ends it, `/xacct thaw` ends the freeze."
    )


def thawed(scope: Scope, left: Sequence[Hold]) -> str:
    """A freeze ended; these still stand."""
    more = "".join(f" Still held: {escaped(_held(one), 200)}." for one in left)
    return f"{_begin(scope)} is thawed.{more}"


def _begin(scope: Scope) -> str:
    return "Everything" if scope == Scope() else str(scope)


def _held(hold: Hold) -> str:
    what = hold.account_id or hold.user or "everything"
    return f"{what} ({hold.kind}{f': {hold.reason}' if hold.reason else ''})"


def cancelled(row: Request) -> str:
    """A request was taken back."""
    return f"#{row.id} {_what(row)}: cancelled, nothing was open."


def roles(found: Sequence[Role], *, words: str = "") -> str:
    """What somebody may ask for, the accounts in their order."""
    if not found:
        named = f" with {code(words, 60)} in its name" if words else ""
        return f"There is no role{named} that you may ask for. `/xacct roles` shows all of yours."
    lines = [
        f"• {code(role.key, 150)} {escaped(role.account.id, 12)}: "
        f"{duration_text(role.default_duration)}, at most {duration_text(role.max_duration)}, "
        f"{role.approvals} approval{'s' if role.approvals != 1 else ''}"
        for role in found
    ]
    return _fitting(["*You may ask for*", *lines])


def inside(where: str, rows: Sequence[Request]) -> str:
    """Who is in an account or a role."""
    if not rows:
        return f"Nobody has access to {code(where, 150)} by xacct now."
    return _fitting([f"*In {code(where, 150)} now*", *(_inside(row) for row in rows)])


def _inside(row: Request) -> str:
    given = givers(one.by for one in row.decisions if one.approves)
    state = "" if row.state is State.ACTIVE else f" ({_NOT_YET[row.state]})"
    until = f" until {moment(row.ends_at)}" if row.ends_at is not None else ""
    return (
        f"• {_what(row)} ({user(row.requester)}){until}{state}, approved by {given}: "
        f"#{row.id} {escaped(row.reason, 100)}"
    )


_NOT_YET: Final = {
    State.APPROVED: "approved, opening",
    State.ENDING: "ending: not read back closed yet",
}


def standing(own: Sequence[Request], waiting: Sequence[Request]) -> str:
    """What somebody has, and what waits for his decision."""
    parts = ["*Yours*", *(_line(row) for row in own)]
    if not own:
        parts = ["You have nothing open and nothing waiting. `/xacct help` says how to ask."]
    if waiting:
        parts += ["*You can decide on*", *(_line(row) for row in waiting)]
    return _fitting(parts)


def _what(row: Request) -> str:
    return f"{code(row.role, 150)} for {code(row.grantee_name, 128)}"


def _line(row: Request) -> str:
    when = f"until {moment(row.ends_at)}" if row.ends_at else f"asked {moment(row.asked_at)}"
    more = f", extends #{row.extends}" if row.extends else ""
    return f"• #{row.id} {_what(row)}: {row.state}, {when}{more}"


def _fitting(lines: Iterable[str]) -> str:
    """As many whole lines as fit."""
    kept: list[str] = []
    lines = list(lines)
    for line in lines:
        if sum(map(len, kept)) + len(kept) + len(line) > ANSWER:
            kept.append(f"and {len(lines) - len(kept)} more")
            break
        kept.append(line)
    return cut("\n".join(kept), 2 * ANSWER)
