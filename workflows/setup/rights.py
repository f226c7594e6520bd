"""The least that xacct's own roles need, and what nobody may do with the roles that it lends.

Each Allow is a call that xacct makes; the Denies hold whatever else somebody attaches later. Shapes
and reasons: IAM User Guide, "Permissions boundaries"; Service Authorization Reference for IAM.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from workflows.catalog.outside import Bucket
from workflows.documents import text
from workflows.documents.text import Document, Statement
from workflows.setup.objects import CONTROL, INSTALLATION, path_of

LONGEST: Final = 6_144
"""Characters of a managed policy (IAM User Guide, "IAM and AWS STS quotas")."""

_NEVER: Final = [
    *("iam:Attach*", "iam:Create*", "iam:Delete*", "iam:Detach*", "iam:PassRole", "iam:Set*"),
    *("iam:Tag*", "iam:Untag*", "iam:Upload*", "sts:AssumeRole"),
]
_NEVER_BY_GRANTEE: Final = [*_NEVER, "iam:Put*", "iam:Update*"]
_NEVER_BY_OWNER: Final = [
    *(*_NEVER, "iam:Add*", "iam:PutGroup*", "iam:PutRolePermissionsBoundary", "iam:PutUser*"),
    "iam:UpdateRole*",
]
_READS: Final = ["iam:Get*", "iam:List*", "iam:Simulate*"]


def owner_manager(
    own_arn: str, made: Sequence[str], adopted: Sequence[str], *, boundaries: str, installation: str
) -> Document:
    """What the manager role of an owner account may do, to the roles that are lent.

    `made` are ARNs of roles that setup made, each within a boundary that fits the pattern
    `boundaries`; without one no policy is written there, so a stolen manager role gives a role no
    more than its boundary lets. `adopted` are those that somebody else made: what counts is the
    tag, which the manager role cannot set.
    """
    roles = [*made, *adopted]
    writes = ["iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy"]
    statements: list[Statement] = []
    if roles:
        reads = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListRolePolicies"]
        statements.append(_allow("Read", reads, roles))
    if made:
        within = {"ArnLike": {"iam:PermissionsBoundary": boundaries}}
        statements.append(_allow("Trust", ["iam:UpdateAssumeRolePolicy"], made))
        session_end = _allow("SessionEnd", ["iam:PutRolePolicy"], made)
        statements.append(session_end | {"Condition": within})
    if adopted:
        tagged = {"StringEquals": {f"aws:ResourceTag/{INSTALLATION}": installation}}
        statements.append(_allow("OfOthers", writes, adopted) | {"Condition": tagged})
    account_wide = ["iam:GetAccountSummary", "cloudtrail:LookupEvents"]
    return text.document(
        [
            *statements,
            _allow("Simulate", ["iam:SimulatePrincipalPolicy"], [own_arn, *roles]),
            _allow("Account", account_wide, ["*"]),
            _deny("Guard", _NEVER_BY_OWNER, ["*"]),
            _never_control(own_arn),
        ]
    )


def grantee_manager(own_arn: str, groups: Iterable[str]) -> Document:
    """What the manager role of the grantee account may do: change who is in the governed groups."""
    home = own_arn.partition(":role/")[0]
    held = sorted(groups)
    moves = ["iam:AddUserToGroup", "iam:RemoveUserFromGroup"]
    reads = ["iam:GetGroup", "iam:GetGroupPolicy", "iam:ListGroupPolicies"]
    account_wide = ["iam:GetAccountSummary", "iam:GetAccountAuthorizationDetails"]
    return text.document(
        [
            *([_allow("Membership", moves, held)] if held else []),
            _allow("Groups", [*reads, "iam:ListAttachedGroupPolicies"], [f"{home}:group/*"]),
            _allow("Policies", ["iam:GetPolicy", "iam:GetPolicyVersion"], ["*"]),
            _allow("Users", ["iam:GetUser", "iam:ListGroupsForUser"], [f"{home}:user/*"]),
            _allow("RoleIds", ["iam:GetRole"], [f"{home}:role/*"]),
            _allow(
                "Simulate", ["iam:SimulatePrincipalPolicy"], [f"{home}:user/*", f"{home}:role/*"]
            ),
            _allow("Account", account_wide, ["*"]),
            _deny("Guard", _NEVER_BY_GRANTEE, ["*"]),
            _never_control(own_arn),
        ]
    )


def vendor(roles: Sequence[str]) -> Document:
    """What the vendor role may do: enter the roles whose credentials are delivered."""
    return text.document([_allow("Mint", ["sts:AssumeRole"], list(roles))])


def anchoring(bucket: Bucket, partition: str) -> Document:
    """What xacct's own identity needs to keep anchors in a bucket, and nothing else there: to put
    objects where none are, and to read them back. Setup does not make that identity, so this is
    given to it by hand (`docs/operations.md`).
    """
    arn = f"arn:{partition}:s3:::{bucket.name}"
    objects = f"{arn}/{bucket.prefix}*"
    listed = {"StringLike": {"s3:prefix": f"{bucket.prefix}*"}}
    return text.document(
        [
            _allow("Anchors", ["s3:PutObject", "s3:GetObject"], [objects]),
            _allow("AnchorsListed", ["s3:ListBucket"], [arn]) | {"Condition": listed},
        ]
    )


def entrance(bot_arn: str, external_id: str | None) -> Statement:
    """Lets xacct's own identity, and nobody else, into a manager or vendor role.

    AWS binds the name to the identity's id: one that is deleted and made anew does not come in.
    """
    condition = {"StringLike": {"sts:RoleSessionName": "xacct-*"}}
    if external_id is not None:
        condition["StringEquals"] = {"sts:ExternalId": external_id}
    return {
        "Sid": "XacctItself",
        "Effect": "Allow",
        "Principal": {"AWS": bot_arn},
        "Action": "sts:AssumeRole",
        "Condition": condition,
    }


def boundary(own_arn: str, at_most: Sequence[str], lent: Sequence[str]) -> Document:
    """The permissions boundary of a lent role: at most these actions, and no way to stay.

    Whoever borrowed it can neither renew his session, nor change what lends it, nor make somebody
    who is outside this boundary (IAM User Guide, "Permissions boundaries for IAM entities").
    """
    home = own_arn.partition(":policy/")[0]
    paths = sorted({f"{home}:role{path_of(arn)}*" for arn in lent if path_of(arn) != "/"})
    bare = sorted(arn for arn in lent if path_of(arn) == "/")
    roles = [*paths, *bare]
    beyond = {"ArnNotEquals": {"iam:PermissionsBoundary": own_arn}}
    control = [f"{home}:role{CONTROL}*", f"{home}:policy{CONTROL}*"]
    return text.document(
        [
            _allow("AtMost", list(at_most), ["*"]),
            _deny(
                "NoRenewal", ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"], roles
            ),
            _deny_all_but("NoTampering", _READS, [*roles, *control]),
            _deny(
                "NoWayOut",
                [
                    *("iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary"),
                    *("iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile"),
                ],
                ["*"],
            ),
            _deny(
                "NobodyBeyond",
                [
                    *("iam:CreateUser", "iam:CreateRole"),
                    *("iam:PutUserPermissionsBoundary", "iam:PutRolePermissionsBoundary"),
                ],
                ["*"],
            )
            | {"Condition": beyond},
        ]
    )


def may_enter(effect: str, sid: str, roles: Sequence[str]) -> Document:
    """One statement on `sts:AssumeRole`: what a governed group holds, or what lets one try."""
    made = _allow(sid, ["sts:AssumeRole"], list(roles))
    return text.document([made | {"Effect": effect, "Action": "sts:AssumeRole"}])


def _never_control(own_arn: str) -> Statement:
    home = own_arn.partition(":role/")[0]
    control = [f"{home}:role{CONTROL}*", f"{home}:policy{CONTROL}*"]
    return _deny_all_but("NeverItself", _READS, control)


def _allow(sid: str, actions: list[str], resources: Sequence[str]) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": list(resources)}


def _deny(sid: str, actions: list[str], resources: Sequence[str]) -> Statement:
    return {"Sid": sid, "Effect": "Deny", "Action": actions, "Resource": list(resources)}


def _deny_all_but(sid: str, actions: list[str], resources: Sequence[str]) -> Statement:
    return {"Sid": sid, "Effect": "Deny", "NotAction": list(actions), "Resource": list(resources)}
