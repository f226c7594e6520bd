"""Accounts like others: what some accounts hold is kept, and new accounts are filled with the same.

To furnish an account by calls of IAM takes dozens of them. In a copy, names and documents are as
they were, with the new accounts in them; unique ids and access keys are new, and created now.
"""

import pickle
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.aws.spread import Spread

_UNIQUE = ("UserId", "RoleId", "GroupId", "PolicyId", "AccessKeyId", "InstanceProfileId")
_PREFIX = 4  # characters of a unique id that say of what it is one

Row = tuple[str, str, Any, Any]  # name of the store, account, key, record


@dataclass(frozen=True)
class Kept:
    """Rows as bytes, in which ids are replaced by ids of the same length."""

    rows: bytes
    ids: frozenset[str]


class Copies:
    """Keeps, copies and empties accounts; IAM's and S3's records, and no sessions."""

    def __init__(self, stores: Mapping[str, Any], spread: Spread, now: Callable[[], str]) -> None:
        self._stores = stores
        self._spread = spread
        self._now = now
        self._kept: list[Kept] = []

    def keep(self, accounts: Sequence[str]) -> int:
        """Remembers what the accounts hold now; returns the number to copy it by."""
        rows = [row for row in self._rows() if row[1] in accounts]
        ids = {
            record[name]
            for *_, record in rows
            if isinstance(record, dict)
            for name in _UNIQUE
            if name in record
        }
        self._kept.append(Kept(pickle.dumps(rows), frozenset(ids)))
        return len(self._kept) - 1

    def copy(self, number: int, accounts: Mapping[str, str]) -> dict[str, tuple[str, str]]:
        """Fills new accounts, each named by the one it is to be like; `IndexError` for a number
        that was not given. Returns what the old access keys correspond to: id and secret.
        """
        kept = self._kept[number]
        anew = dict(accounts) | {one: _like(one) for one in kept.ids}
        rows = kept.rows
        for old, new in anew.items():
            rows = rows.replace(old.encode(), new.encode())
        keys = {}
        for name, account, key, record in pickle.loads(rows):  # noqa: S301  our own bytes
            if isinstance(record, dict) and "CreateDate" in record:
                record["CreateDate"] = self._now()
            if isinstance(record, dict) and "SecretAccessKey" in record:
                record["SecretAccessKey"] = secrets.token_hex(20)
                keys[key] = (key, record["SecretAccessKey"])
            self._stores[name].set_scoped(account, None, key, record)
        self._spread.written()
        return {old: keys[new] for old, new in anew.items() if new in keys}

    def empty(self, accounts: Sequence[str]) -> None:
        """Takes away all that the accounts hold."""
        for name, account, key, _ in list(self._rows()):
            if account in accounts:
                self._stores[name].pop_scoped(account, None, key)
        self._spread.written()

    def _rows(self) -> Iterator[Row]:
        for name, store in self._stores.items():
            for (account, key), record in store.to_dict().items():
                yield name, account, key, record


def _like(unique_id: str) -> str:
    """Another unique id of the same kind and length."""
    fresh = secrets.token_hex(len(unique_id)).upper()
    return (unique_id[:_PREFIX] + fresh)[: len(unique_id)]
