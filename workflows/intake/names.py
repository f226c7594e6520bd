"""What the accounts of an organization are called in a catalog."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from workflows.catalog import fields
from workflows.names import folded
from workflows.seen import Listed

_LONGEST: Final = 64  # characters; `fields.account_name`


def fit(name: str, account_id: str) -> str:
    """The name in small letters of ASCII: what else is not a digit or `. _ -` becomes one `-`. With
    no letter in it, `account-` and the id.
    """
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    joined = re.sub(r"-{2,}", "-", re.sub(r"[^a-z0-9._-]+", "-", plain))
    fitted = joined.strip("-._")[:_LONGEST].rstrip("-._")
    return fitted if re.search("[a-z]", fitted) else f"account-{account_id}"


def names(listed: Iterable[Listed], taken: Collection[str]) -> Mapping[str, str]:
    """A name for each account, by its id; no two alike, nor like one that is `taken`.

    Of several that would be called alike, or like what is taken, each gets the last four digits of
    its id, so that the name is the same in whatever order AWS lists them; if need be all of them.
    """
    wanted = {one.id: fit(one.name, one.id) for one in listed}
    many = Counter(wanted.values())
    used = {folded(one) for one in taken}
    found = {}
    for account_id, base in sorted(wanted.items()):
        usual = [base] if many[base] == 1 else []
        endings = (account_id[-4:], account_id)
        longer = [f"{base[: _LONGEST - len(end) - 1]}-{end}" for end in endings]
        choices = [*usual, *longer]
        name = next((one for one in choices if folded(one) not in used), choices[-1])
        used.add(folded(name))
        found[account_id] = name
    return found


def alias(told: str, used: Collection[str]) -> str | None:
    """IAM's alias of an account as one of the catalog's; None where it cannot be, since somebody
    else is called so (`used` names are folded) or it has no letter.
    """
    try:
        fitting = fields.alias(told)
    except ValueError:
        return None
    return None if folded(fitting) in used else fitting
