"""Which entry says what a role is: patterns spread over the accounts, the exact ones first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from workflows.catalog.mistakes import Mistakes, Sheet
from workflows.catalog.model import Account
from workflows.catalog.schema import RoleEntry
from workflows.catalog.tree import Place, written
from workflows.names import did_you_mean, said


@dataclass(frozen=True)
class Claim:
    """An entry says what one role of one account is; `exact` if it names the account. `beaten` is
    where another one reaches it by a pattern.
    """

    place: Place
    entry: RoleEntry
    account: Account
    role: str
    exact: bool
    beaten: Place | None = None


def claims(sheet: Sheet, accounts: Sequence[Account], mistakes: Mistakes) -> list[Claim]:
    """One claim for each role of each account, in the order of the accounts.

    An entry that names an account beats, as a whole, one that reaches it by a pattern. Two of
    equal rank are a mistake.
    """
    won: dict[tuple[str, str], Claim] = {}
    for place, entry in sheet.placed("roles", sheet.file.roles):
        for claim in _claims(place, entry, accounts):
            key = (claim.account.name, claim.role.lower())
            won[key] = _stronger(won.get(key), claim, mistakes)
        for index, text in enumerate(entry.accounts):
            if not any(reaches(text, name) for name in sheet.account_names):
                mistakes.add((*place, "accounts", index), _unknown(text, sheet.account_names))
    order = {account.name: number for number, account in enumerate(accounts)}
    return sorted(won.values(), key=lambda claim: order[claim.account.name])


def _claims(place: Place, entry: RoleEntry, accounts: Sequence[Account]) -> Iterable[Claim]:
    for account in accounts:
        texts = [text for text in entry.accounts if reaches(text, account.name)]
        exact = any(not is_pattern(text) for text in texts)
        for role in entry.name if texts else ():
            yield Claim(place, entry, account, role, exact)


def _stronger(before: Claim | None, claim: Claim, mistakes: Mistakes) -> Claim:
    if before is None:
        return claim
    if claim.exact != before.exact:
        wins, loses = (claim, before) if claim.exact else (before, claim)
        return replace(wins, beaten=loses.place)
    mistakes.add(
        (*claim.place, "name"),
        f"{claim.account.name}/{claim.role} is described by {written(before.place)} already, "
        f"{'by name' if claim.exact else 'by a pattern'} as here. Describe it once, or name "
        "the account in the entry that is to win over a pattern.",
    )
    return before


def reaches(text: str, name: str) -> bool:
    """Whether a text, maybe a pattern with `*`, `?` and `[…]`, fits a name, whatever their case."""
    return fnmatchcase(name.lower(), text.lower())


def is_pattern(text: str) -> bool:
    """Whether a text may reach more than the one thing that it names."""
    return any(letter in text for letter in "*?[")


def _unknown(text: str, names: Sequence[str]) -> str:
    if is_pattern(text):
        return f"No account's name fits the pattern {said(text)}."
    return f"No account is called {said(text)}. {did_you_mean(text, names)}".strip()
