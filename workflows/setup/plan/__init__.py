"""What is wanted against what is there: the changes, and the calls that make them. Pure."""

from collections.abc import Collection, Iterable

from workflows.setup.objects import Found, Wanted
from workflows.setup.plan import groups, policies, roles
from workflows.setup.plan.change import Call, Change, Plan, Stage, Step, TrustEdit, Verb
from workflows.setup.plan.roles import Left

__all__ = ["Call", "Change", "Plan", "Stage", "Step", "TrustEdit", "Verb", "plan"]


def plan(wanted: Wanted, found: Found, *, let_in: Collection[str] | None) -> Plan:
    """All that has to be done in one account. A plan of what it leads to is empty.

    `let_in` are unique ids of users whom a lent role lets in now, None where that is not known.
    """
    parts: Iterable[Change | str | Left] = (
        *policies.changes(wanted, found),
        *groups.changes(wanted, found, let_in),
        *roles.changes(wanted, found),
        *policies.attachments(wanted, found),
    )
    held = list(parts)
    return Plan(
        account=wanted.account,
        changes=tuple(one for one in held if isinstance(one, Change)),
        problems=tuple(dict.fromkeys(one for one in held if isinstance(one, str))),
        left=tuple(one.sentence for one in held if isinstance(one, Left)),
    )
