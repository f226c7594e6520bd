"""The audit log: a chain of rows, written with what they tell of, searched, and verified."""

from db.audit.chain import GENESIS, forget, head, holds, know, newest_key, say, seal, sealed
from db.audit.entry import About, Actor, Entry
from db.audit.key import Key
from db.audit.verifying import Verdict, verify
from db.audit.walk import Anchor

__all__ = [
    "GENESIS",
    "About",
    "Actor",
    "Anchor",
    "Entry",
    "Key",
    "Verdict",
    "forget",
    "head",
    "holds",
    "know",
    "newest_key",
    "say",
    "seal",
    "sealed",
    "verify",
]
