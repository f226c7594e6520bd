"""The catalog's text with what it lacks: out of what was read, and nothing else."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from workflows.catalog import tree
from workflows.catalog.inserting import Entry, inserted, written
from workflows.catalog.load import load
from workflows.catalog.mistakes import Mistake
from workflows.catalog.model import Account, Catalog, Mechanism
from workflows.catalog.schema import Defaults
from workflows.intake import choose, names
from workflows.intake.choose import Wish
from workflows.intake.found import FoundRole, Reading
from workflows.names import folded

GROUP: Final = "/xacct/{effect}-{account}-{role}"
"""What an entry says where it needs an allow group and `defaults` name none."""

_SHOWN: Final = 5  # roles that a sentence names
_NOBODY: Final = "nobody may ask yet: name people, or write everyone"


class Unfit(Exception):  # noqa: N818  it is what a person reads and mends
    """The catalog would have mistakes with what it lacks; `text` is the catalog as it would be."""

    def __init__(self, mistakes: Sequence[Mistake], text: str) -> None:
        super().__init__("; ".join(map(str, mistakes)))
        self.mistakes = tuple(mistakes)
        self.text = text


@dataclass(frozen=True)
class Taken:
    """`text` is the catalog's with all that it lacks, `entries` that alone, as a catalog's lists.

    `accounts` and `roles` count what is new. `remarks` say what is not in it; `reached` what its
    own patterns and `standing` say of what is new; `to_do` what is left to fill in.
    """

    text: str
    entries: str = ""
    accounts: int = 0
    roles: int = 0
    remarks: tuple[str, ...] = ()
    reached: tuple[str, ...] = ()
    to_do: tuple[str, ...] = ()


def taken(
    text: str, catalog: Catalog, found: Sequence[Reading], wish: Wish, *, entrance: str
) -> Taken:
    """What becomes of a catalog, whose text this is, with the accounts that were read and it lacks,
    and with the roles in any of them that are asked for and it lacks.

    Raises Unfit, and tree.Mark where the text takes no entries.
    """
    defaults = Defaults.model_validate(tree.read(text).value.get("defaults", {}))
    added = {"accounts": _accounts(catalog, found, defaults), "roles": list[Entry]()}
    wider = _loaded(inserted(text, added))
    lacking = choose.roles(wider, found, wish, entrance)
    added["roles"] = _roles(lacking.missing, defaults)
    made = inserted(text, added)
    whole = _loaded(made)
    many = sum(len(one) for one in lacking.missing.values())
    return Taken(
        text=made,
        entries=written(added),
        accounts=len(added["accounts"]),
        roles=many,
        remarks=lacking.remarks,
        reached=_reached(catalog, wider, whole),
        to_do=_to_do(defaults) if many else (),
    )


def _loaded(text: str) -> Catalog:
    found = load(text)
    if isinstance(found, Catalog):
        return found
    raise Unfit(found, text)


def _accounts(catalog: Catalog, found: Sequence[Reading], defaults: Defaults) -> list[Entry]:
    known = {one.id for one in catalog.accounts}
    new = [one for one in found if one.account.id not in known]
    used = {folded(name) for name in choose.taken_names(catalog)}
    used |= {folded(one.account.name) for one in new}
    entries = []
    for one in sorted(new, key=lambda reading: reading.account.name):
        fitting = (names.alias(told, used) for told in one.aliases)
        aliases = [alias for alias in fitting if alias is not None]
        used |= {folded(alias) for alias in aliases}
        entries.append(Entry(_account(one.account, aliases, defaults)))
    return entries


def _account(account: Account, aliases: list[str], defaults: Defaults) -> dict[str, Any]:
    said: dict[str, Any] = {"id": account.id, "name": account.name}
    if aliases:
        said["aliases"] = aliases
    if account.partition != defaults.partition:
        said["partition"] = account.partition
    return said


def _roles(missing: Mapping[str, Sequence[FoundRole]], defaults: Defaults) -> list[Entry]:
    """An entry for all roles of one path that the same accounts have."""
    holders: dict[tuple[str, str], list[str]] = defaultdict(list)
    for account, several in sorted(missing.items()):
        for role in several:
            holders[role.path, role.name].append(account)
    together: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (path, name), accounts in sorted(holders.items()):
        together[path, tuple(accounts)].append(name)
    return [
        Entry(_role(path, list(accounts), several, defaults), {"requesters": _NOBODY})
        for (path, accounts), several in sorted(together.items(), key=lambda one: one[0][::-1])
    ]


def _role(path: str, accounts: list[str], several: list[str], defaults: Defaults) -> dict[str, Any]:
    """What a role needs, and that nobody may ask for it. What `defaults` say and would let somebody
    in without asking, or is for roles that setup makes, is taken back.
    """
    said: dict[str, Any] = {"accounts": _one_or_many(accounts), "name": _one_or_many(several)}
    if path != defaults.path:
        said["path"] = path
    if defaults.group is None and defaults.mechanism is Mechanism.ALLOW_GROUP:
        said["group"] = GROUP
    said["requesters"] = list[str]()
    for name in ("break_glass", "permissions"):
        if getattr(defaults, name) is not None:
            said[name] = None
    return said


def _one_or_many(several: list[str]) -> str | list[str]:
    return several[0] if len(several) == 1 else several


def _reached(before: Catalog, wider: Catalog, after: Catalog) -> tuple[str, ...]:
    """What entries that were there before say of accounts and roles that are new."""
    had = {role.key for role in before.roles}
    lent: dict[str, list[str]] = defaultdict(list)  # by the place of the entry that tells
    for role in wider.roles:
        if role.key not in had:
            lent[role.told_by.partition(" ")[0]].append(role.key)
    asked = {role.key for role in wider.roles}
    ruled = sorted({key for one in after.auto_approve for key in one.roles} & asked - had)
    always = sorted({key for one in after.standing for key in one.roles} - had)
    said = [
        f"{place} lends new ones by its pattern: {_some(keys)}." for place, keys in lent.items()
    ]
    if ruled:
        said.append(f"`auto_approve` approves by a pattern beforehand: {_some(ruled)}.")
    if always:
        said.append(f"`standing` lets somebody always in by a pattern: {_some(always)}.")
    return tuple(said)


def _some(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    return f"{', '.join(keys[:_SHOWN])}{more}"


def _to_do(defaults: Defaults) -> tuple[str, ...]:
    approvers = ", ".join(defaults.approvers)
    deciding = (
        f"Approvers are those of `defaults` ({approvers}), unless an entry names others."
        if approvers
        else "Nobody can approve: name `approvers`, in the entries or under `defaults`."
    )
    return (
        "Nobody may ask for the new roles yet: name who may under `requesters`.",
        deciding,
        "`xacct setup` leaves them as they are until their entries say `adopt: true`.",
    )
