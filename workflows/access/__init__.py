"""The verbs of people: request, extend, approve, deny, cancel, revoke.

Each is part of one transaction. A verb checks the rules on what is true now, moves the state, and
so owes what follows. It raises Refused, having changed nothing, with the sentence that the person
reads.
"""

from workflows.access.asking import Ask, request
from workflows.access.deciding import Click, approve, deny, may_still_decide
from workflows.access.ending import cancel, revoke
from workflows.access.extending import extend
from workflows.access.rows import describe, may_still_ask, owners_of, terms_of

__all__ = [
    "Ask",
    "Click",
    "approve",
    "cancel",
    "deny",
    "describe",
    "extend",
    "may_still_ask",
    "may_still_decide",
    "owners_of",
    "request",
    "revoke",
    "terms_of",
]
