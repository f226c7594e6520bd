"""The verbs of people: request, extend, approve, deny, cancel, revoke, freeze, thaw.

Each is part of one transaction. A verb checks the rules on what is true now, moves the state, and
so owes what follows. It raises Refused, having changed nothing, with the sentence that the person
reads.
"""

from workflows.access.asking import Ask, request
from workflows.access.deciding import Click, Denial, approve, decidable, deny
from workflows.access.ending import cancel, revoke
from workflows.access.extending import More, extend
from workflows.access.incidents import Scope, end_all, freeze, not_frozen, thaw, would_end
from workflows.access.rows import (
    asked_of,
    describe,
    is_escalated,
    may_decide,
    may_still_ask,
    owners_of,
    terms_of,
)
from workflows.access.ruling import approve_by_rule, rule_for, rule_holds
from workflows.rules import administers

__all__ = [
    "Ask",
    "Click",
    "Denial",
    "More",
    "Scope",
    "administers",
    "approve",
    "approve_by_rule",
    "asked_of",
    "cancel",
    "decidable",
    "deny",
    "describe",
    "end_all",
    "extend",
    "freeze",
    "is_escalated",
    "may_decide",
    "may_still_ask",
    "not_frozen",
    "owners_of",
    "request",
    "revoke",
    "rule_for",
    "rule_holds",
    "terms_of",
    "thaw",
    "would_end",
]
