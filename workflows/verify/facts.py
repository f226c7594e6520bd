"""What xacct assumes of AWS and only AWS can show: asked of a throw-away role, or by hand.

Pure: the promises, the documents of the throw-away role, and what is left of one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from workflows.catalog.model import Account
from workflows.documents import text, trust
from workflows.documents.text import Statement
from workflows.setup.objects import INSTALLATION, Found, FoundRole
from workflows.verify.finding import Finding, How, Question

PREFIX: Final = "xacct-verify-"
"""How the names of throw-away roles begin."""

SESSIONS: Final = "xacct-live-"
MAY: Final = "may"  # the inline policy of the throw-away role
NOBODY_ID: Final = "AIDAXACCTVERIFYNOBODY"

SEAL_ALONE: Final = "AWS takes a trust policy that denies and lets nobody in"
USER_ID: Final = "aws:userid in a trust policy lets in the one whom it names and nobody else"
SEAL: Final = (
    "the seal keeps a role from taking itself on anew, whatever else its trust policy says"
)
BOUNDARY: Final = "iam:PermissionsBoundary holds for iam:PutRolePolicy"
TRUST_BOUNDARY: Final = (
    "nothing rests on whether iam:PermissionsBoundary holds for iam:UpdateAssumeRolePolicy"
)
SESSION_END: Final = "a deny on aws:userid ends one live session within a minute, and no other"
READS: Final = "a read after a write may show the older document for a while"
SIMULATION: Final = "nothing rests on whether AWS's simulation takes the trust policy of a role"
QUOTAS: Final = "policies have the room that xacct reckons with"

_ROOM: Final = {
    "AssumeRolePolicySizeQuota": 2_048,
    "RolePolicySizeQuota": 10_240,
    "UserPolicySizeQuota": 2_048,
    "GroupPolicySizeQuota": 5_120,
}
"""Characters at least (IAM User Guide, "IAM and AWS STS quotas"); the first can be raised."""


@dataclass(frozen=True)
class ByHand:
    """What only a person can see, with what to do and what should be seen."""

    assumed: str
    do: str


BY_HAND: Final = (
    ByHand(
        "aws:userid of an IAM user is his id in the console and with a session of MFA, too",
        "During a grant, switch role in the console; then take a session with "
        "`aws sts get-session-token --serial-number … --token-code …` and assume the role with it. "
        "Both are let in.",
    ),
    ByHand(
        "a person of Identity Center comes from the console under his sign-in name",
        "During a grant to him, switch role in the console. He is let in; in CloudTrail the "
        "AssumeRole has his sign-in name as roleSessionName.",
    ),
    ByHand(
        "the session name of an IAM user's switch role keeps the letters of his name as IAM has it",
        "During a grant to a user with capitals in his name, switch role in the console: he is "
        "let in.",
    ),
    ByHand(
        "a session end ends sessions of the console, too",
        "Switch role in the console during a grant, give it back, and load a page: within a "
        "minute AWS denies everything.",
    ),
    ByHand(
        "with several sessions in one browser the switch-role link starts from the signed-in user",
        "Turn multi-session support on, be in another role, and open the link of a grant: he is "
        "let in.",
    ),
    ByHand(
        "a user's eleventh group is refused with LimitExceeded",
        "Put a throw-away user into ten groups, and `aws iam add-user-to-group` into one more.",
    ),
    ByHand(
        "credentials that were handed out make a sign-in token, which opens the console",
        "Take credentials during a grant, and call getSigninToken of the partition's federation "
        "endpoint with them, without SessionDuration: it answers with a token. (xacct makes no "
        "such link itself.)",
    ),
)


# --- the throw-away role


def leftovers(found: Found, installation: str) -> list[FoundRole]:
    """Throw-away roles of runs that died before they took them away."""
    return [
        role
        for role in found.roles.values()
        if role.name.startswith(PREFIX) and role.tags.get(INSTALLATION) == installation
    ]


def sealed(installation: str, account: Account) -> Statement:
    """The seal as setup writes it."""
    return trust.seal(installation, partition=account.partition, account_id=account.id)


def letting_in(root: str, user_id: str, until: datetime) -> Statement:
    """One caller by his id, under names of verify's, for some minutes: as xacct lets people in."""
    return {
        "Sid": "XacctLive",
        "Effect": "Allow",
        "Principal": {"AWS": root},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"aws:userid": user_id},
            "StringLike": {"sts:RoleSessionName": f"{SESSIONS}*"},
            "DateLessThan": {"aws:CurrentTime": text.moment(until)},
        },
    }


def letting_itself(account: Account, role_arn: str, until: datetime) -> Statement:
    """The role's own sessions: what the seal is to outweigh. Nobody else of its account comes in,
    who could keep a session and write himself rights once the role has a boundary.
    """
    return {
        "Sid": "Own",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{account.partition}:iam::{account.id}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "ArnEquals": {"aws:PrincipalArn": role_arn},
            "DateLessThan": {"aws:CurrentTime": text.moment(until)},
        },
    }


def may(role_arn: str, boundary: str) -> dict[str, Any]:
    """What the throw-away role may do: read and take on itself, and write itself within a boundary
    that it is not given at first.
    """
    reads = {"Effect": "Allow", "Action": ["iam:GetRole", "sts:AssumeRole"], "Resource": role_arn}
    writes = {
        "Effect": "Allow",
        "Action": ["iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"],
        "Resource": role_arn,
        "Condition": {"ArnLike": {"iam:PermissionsBoundary": boundary}},
    }
    return text.document([reads, writes])


def nothing() -> dict[str, Any]:
    """An inline policy that gives nothing."""
    return text.document([{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}])


# --- what AWS showed


def question(account: Account, promise: str) -> Question:
    """A fact, put to the throw-away role."""
    mend = (
        "xacct counts on this. Do not lend roles in this account before it is clear why AWS does "
        "otherwise; show it to who maintains xacct."
    )
    return Question(account.name, "throw-away role", promise, How.CALL, mend)


def quotas(account: Account, summary: Mapping[str, int]) -> Finding:
    """What AWS says against what xacct reckons with: it reads these at work, too."""
    asked = question(account, QUOTAS)
    told = ", ".join(_quotas(summary))
    if any(name not in summary for name in _ROOM):
        return asked.untold(f"AWS tells {told}")
    if any(summary[name] < least for name, least in _ROOM.items()):
        return asked.failed(f"AWS tells {told}")
    return asked.proven(f"AWS tells {told}")


def _quotas(summary: Mapping[str, int]) -> Iterator[str]:
    for name, least in _ROOM.items():
        yield f"{name} {summary.get(name, 'not at all')} (at least {least})"
