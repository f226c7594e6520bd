"""The verbs of people: request, extend, approve, deny, cancel, revoke, freeze, thaw, break glass.

Each is part of one transaction. A verb checks the rules on what is true now, moves the state, and
so owes what follows. It raises Refused, having changed nothing, with the sentence that the person
reads.
"""

from workflows.access.asking import Ask, request
from workflows.access.auditing import actor, asked, sight
from workflows.access.deciding import Click, Denial, approve, decidable, deny
from workflows.access.ending import cancel, revoke
from workflows.access.extending import More, extend, not_by_break_glass
from workflows.access.glass import (
    Signature,
    approve_glass,
    break_glass,
    channel_of,
    glass_holds,
    glass_of,
    may_break,
    sign,
    signable,
)
from workflows.access.incidents import Scope, end_all, freeze, not_frozen, thaw, would_end
from workflows.access.rows import (
    asked_of,
    describe,
    enders_of,
    grantee_of,
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
    "Signature",
    "actor",
    "administers",
    "approve",
    "approve_by_rule",
    "approve_glass",
    "asked",
    "asked_of",
    "break_glass",
    "cancel",
    "channel_of",
    "decidable",
    "deny",
    "describe",
    "end_all",
    "enders_of",
    "extend",
    "freeze",
    "glass_holds",
    "glass_of",
    "grantee_of",
    "is_escalated",
    "may_break",
    "may_decide",
    "may_still_ask",
    "not_by_break_glass",
    "not_frozen",
    "owners_of",
    "request",
    "revoke",
    "rule_for",
    "rule_holds",
    "sight",
    "sign",
    "signable",
    "terms_of",
    "thaw",
    "would_end",
]
