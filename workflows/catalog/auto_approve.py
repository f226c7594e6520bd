"""The rules of a catalog file that approve beforehand: each with the roles that it reaches."""

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Final

from workflows.catalog.expand import is_pattern
from workflows.catalog.mistakes import Mistakes, Once, Sheet
from workflows.catalog.model import EVERYONE, Role
from workflows.catalog.rule import DAYS, Hours, Rule
from workflows.catalog.schema import AutoApproveEntry, WhenEntry
from workflows.catalog.tree import Place
from workflows.durations import duration_text
from workflows.names import did_you_mean, said

_ONE_NAME: Final = "decisions are recorded under a rule's name"


def rules(sheet: Sheet, roles: Sequence[Role], mistakes: Mistakes) -> tuple[Rule, ...]:
    """The rules in the order of the file; what none of them could do is a mistake."""
    found, once = [], Once(mistakes)
    for place, entry in sheet.placed("auto_approve", sheet.file.auto_approve):
        once.claim((*place, "name"), entry.name, _ONE_NAME)
        reached = _reached(place, entry, roles, mistakes)
        for role in reached:
            _judge(place, entry, role, mistakes)
        _judge_hours(place, entry, mistakes)
        everybody = EVERYONE in entry.requesters
        found.append(
            Rule(
                name=entry.name,
                roles=frozenset(role.key for role in reached),
                requesters=None if everybody else frozenset(entry.requesters),
                longest=entry.longest,
                hours=_hours(entry.when) if entry.when is not None else None,
                kinds=None if entry.kinds is None else frozenset(entry.kinds),
            )
        )
    return tuple(found)


def _reached(
    place: Place, entry: AutoApproveEntry, roles: Sequence[Role], mistakes: Mistakes
) -> list[Role]:
    """The roles that the patterns reach. One that more than one person has to approve is reached by
    its whole name only: nobody means it with a star.
    """

    def wrong(role: Role) -> str | None:
        if role.approvals == 1:
            return None
        return (
            f"reaches {role.key}, which {role.approvals} people have to approve. Name it in full "
            "if a rule is to do without them, or write a pattern that leaves it out."
        )

    return reached((*place, "roles"), entry.roles, roles, mistakes, not_by_pattern=wrong)


def reached(
    place: Place,
    texts: Sequence[str],
    roles: Sequence[Role],
    mistakes: Mistakes,
    *,
    not_by_pattern: Callable[[Role], str | None],
) -> list[Role]:
    """The roles that names or patterns (`account/role`) reach; one that reaches none is a mistake.

    `not_by_pattern` says, as the end of a sentence, why a pattern must not reach a role, or None.
    """
    found: dict[str, Role] = {}
    for index, text in enumerate(texts):
        there = [role for role in roles if fnmatchcase(role.key.lower(), text.lower())]
        if not there:
            mistakes.add((*place, index), _unknown(text, roles))
        for role in there:
            if is_pattern(text) and (wrong := not_by_pattern(role)) is not None:
                mistakes.add((*place, index), f"The pattern {said(text)} {wrong}")
            found[role.key] = role
    return list(found.values())


def _unknown(text: str, roles: Sequence[Role]) -> str:
    if is_pattern(text):
        return f"No role of the catalog fits the pattern {said(text)}; it is `account/role`."
    meant = did_you_mean(text, [role.key for role in roles])
    return f"No role of the catalog is called {said(text)}. {meant}".strip()


def _judge(place: Place, entry: AutoApproveEntry, role: Role, mistakes: Mistakes) -> None:
    if entry.longest < role.delivery.shortest:
        mistakes.add(
            (*place, "longest"),
            f"{role.key} is lent for {duration_text(role.delivery.shortest)} at least, so the "
            "rule would never approve it.",
        )
    if entry.kinds is not None and not role.kinds & set(entry.kinds):
        mistakes.add(
            (*place, "kinds"),
            f"{role.key} is lent to none of these: write `kinds: "
            f"[{', '.join(sorted(role.kinds))}]`, or leave it out.",
        )
    if not any(map(role.is_asked_for_by, entry.requesters)) and EVERYONE not in entry.requesters:
        mistakes.add(
            (*place, "requesters"),
            f"None of them may ask for {role.key}: name them under its `requesters`, too.",
        )


def _judge_hours(place: Place, entry: AutoApproveEntry, mistakes: Mistakes) -> None:
    if entry.when is not None and entry.when.begins == entry.when.ends:
        mistakes.add(
            (*place, "when", "to"),
            'From and to are the same. The whole day is `from: "00:00"`, `to: "24:00"`.',
        )


def _hours(told: WhenEntry) -> Hours:
    days = frozenset(map(DAYS.index, told.days))
    return Hours(days, told.begins, told.ends, told.zone)
