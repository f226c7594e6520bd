"""The events that are recorded, and what each tells."""

from typing import Final

from db.lifecycle import Why

EVENTS: Final[dict[str, str]] = {
    # a request, from asked to ended
    "requested": "somebody asked: for whom, how long, why, and who was to decide",
    "refused": "xacct did not do what somebody asked, and the sentence that said why",
    "looked": "AWS was read for a request, and what was found",
    "approved by one": "one approval of several",
    "approved by rule": "a rule of the catalog approved, and the rule as it stood",
    "approved": "approved: the opening is owed",
    "denied": "an approver denied, and why",
    "remarked": "an approver said something about a request",
    "escalated": "nobody decided in time, and others were asked",
    "cancelled": "taken back before anybody decided",
    "lapsed": "nobody decided in time",
    "noted": "fixed before the first write to AWS: the end, and the ids of role and grantee",
    "role open": "trust and session end were written and read back, with AWS's request ids",
    "membership open": "the grantee was put into, or taken out of, his group, and it was read back",
    "verified": "whether AWS's own simulation allows what was opened",
    "opened": "access is there",
    "extended": "a grant goes on: the request by which it does is open",
    "delivered": "credentials were shown: the id of their key, never the key",
    "failed": "an opening failed, with AWS's error",
    "ending": "access is to end, and why: time, revoked, given back, …",
    "said why": "who ended access said why",
    "role closed": "trust was closed and the session end is in force, read back",
    "membership closed": "the grantee is out of, or back in, his group, read back",
    "place given back": "a place in a group that was there before xacct was given back",
    "ended": "all of it was read back closed",
    "told activity": "what was done with access that ended, as CloudTrail has it, was told",
    "read activity": "somebody asked what was done with it",
    # break-glass
    "broke glass": "somebody opened a role without an approver",
    "signed review": "somebody else looked at what was done with it",
    # what differs, and what holds
    "alert": "something is wrong and administrators are told",
    "alert over": "it is over, or an administrator left it",
    "remove member": "an administrator had xacct take somebody out of a group",
    "hold": "nothing is opened any more: a freeze, or a restored database",
    "hold lifted": "it is over; of a restore: an administrator accepted the database",
    # xacct itself
    "started": "xacct started: its version, and the key that rows are signed with",
    "catalog changed": "the catalog is another than at the last start, and the difference",
    "settings changed": "the settings are others than at the last start, but for secrets",
    "key replaced": "rows are signed with another key from here on",
    # the log itself
    "read the audit log": "somebody asked the log, and what",
    "exported the audit log": "somebody got a file out of the log: what of it, and how many rows",
    "anchored": "the head of the log was told outside of the database: which row, which hash",
    "verified the audit log": "somebody had the chain checked, and what came of it",
}

ACTIONS: Final = (*EVENTS, *(why.value for why in Why))
"""What `action:` finds: events, and why something ended."""
