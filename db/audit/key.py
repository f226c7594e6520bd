"""The secret of the audit chain."""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Key:
    """The secret that new rows are signed with, and those that it replaced, the oldest first.

    Its repr shows only the id that rows carry.
    """

    secret: bytes
    older: tuple["Key", ...] = ()

    @property
    def id(self) -> str:
        """Names the key in a row without telling anything of it."""
        return hashlib.sha256(b"xacct audit key id\n" + self.secret).hexdigest()[:8]

    def __repr__(self) -> str:
        return f"Key({self.id})"

    def __iter__(self) -> Iterator["Key"]:
        """All keys that rows may be signed with, in the order in which they were used."""
        yield from self.older
        yield self

    def sign(self, before: str, text: str) -> str:
        """The hash of a row: HMAC-SHA-256 over the hash before it and its text, 64 hex digits."""
        return hmac.digest(self.secret, f"{before}\n{text}".encode(), "sha256").hex()
