"""The people and machines of a catalog file: who is whom in AWS, each under one name."""

import re
from typing import Final

from workflows.catalog.identity_rule import IdentityRule
from workflows.catalog.mistakes import Mistakes, Once, Sheet
from workflows.catalog.model import Engineer, GranteeAccount, Machine, Visitor
from workflows.catalog.tree import Place

_ONE_PERSON: Final = "a person has one entry under `people`"
_ONE_VISITOR: Final = "a person has one entry under `identity_center`"
_ONE_MACHINE: Final = "a role is one machine"
_ONE_RULE: Final = "a domain has one rule"
_ONE_SESSION_NAME: Final = (
    "sessions in AWS are told apart by this name, so no two grantees may share it, in whatever case"
)
_IDENTITY_CENTER: Final = re.compile(
    r"aws-reserved/sso\.amazonaws\.com/(?:[a-z0-9-]+/)?AWSReservedSSO_[\w+=,.@-]+_[0-9a-f]{16}"
)


def engineers(sheet: Sheet, once: Once) -> tuple[Engineer, ...]:
    """The people listed with their IAM users."""
    found = []
    for place, entry in sheet.placed("people", sheet.file.people):
        once.claim((*place, "slack"), entry.slack, _ONE_PERSON)
        if entry.iam_user is not None:
            name = entry.iam_user.rpartition("/")[2]
            once.claim((*place, "iam_user"), name, _ONE_SESSION_NAME)
        found.append(Engineer(slack=entry.slack, iam_user=entry.iam_user, email=entry.email))
    return tuple(found)


def identity_rules(sheet: Sheet, once: Once) -> tuple[IdentityRule, ...]:
    """The rules that find people who are not listed."""
    found = []
    for place, entry in sheet.placed("people_rules", sheet.file.people_rules):
        once.claim((*place, "domain"), entry.domain, _ONE_RULE)
        local = entry.compare == "local-part"
        found.append(IdentityRule(entry.domain, tag=entry.tag, compares_local_part=local))
    return tuple(found)


def machines(
    sheet: Sheet, grantee: GranteeAccount, once: Once, mistakes: Mistakes
) -> tuple[Machine, ...]:
    """The machines, each an IAM role of the grantee account under one name."""
    found = []
    for place, entry in sheet.placed("machines", sheet.file.machines):
        machine = Machine(
            name=entry.name, role_arn=entry.role, owners=tuple(dict.fromkeys(entry.owners))
        )
        once.claim((*place, "role"), entry.role, _ONE_MACHINE)
        once.claim((*place, "name"), machine.session_name, _ONE_SESSION_NAME)
        _in_grantee_account((*place, "role"), entry.role, grantee, mistakes)
        if entry.role in {grantee.manager_arn, grantee.vendor_arn}:
            mistakes.add((*place, "role"), "This role is xacct's own, and no machine may have it.")
        _no_role_of_aws((*place, "role"), entry.role, mistakes)
        found.append(machine)
    return tuple(found)


def _no_role_of_aws(place: Place, arn: str, mistakes: Mistakes) -> None:
    if ":role/aws-reserved/" in arn:
        mistakes.add(
            place, "This role is one that people share. List them under `identity_center`."
        )
    if ":role/aws-service-role/" in arn:
        mistakes.add(place, "This role is a service's own; AWS lets nothing else come with it.")


def visitors(
    sheet: Sheet, grantee: GranteeAccount, once: Once, mistakes: Mistakes
) -> tuple[Visitor, ...]:
    """The people of Identity Center, each with the role that their permission set made."""
    found = []
    for place, entry in sheet.placed("identity_center", sheet.file.identity_center):
        once.claim((*place, "slack"), entry.slack, _ONE_VISITOR)
        once.claim((*place, "user_name"), entry.user_name, _ONE_SESSION_NAME)
        _in_grantee_account((*place, "role"), entry.role, grantee, mistakes)
        if not _IDENTITY_CENTER.fullmatch(entry.role.partition(":role/")[2]):
            mistakes.add(
                (*place, "role"),
                "Write the ARN of the role that Identity Center made for the permission set, like "
                f"arn:{grantee.partition}:iam::{grantee.id}:role/aws-reserved/sso.amazonaws.com/"
                "AWSReservedSSO_Developer_0123456789abcdef.",
            )
        found.append(Visitor(entry.slack, role_arn=entry.role, user_name=entry.user_name))
    return tuple(found)


def _in_grantee_account(
    place: Place, arn: str, grantee: GranteeAccount, mistakes: Mistakes
) -> None:
    if not arn.startswith(f"arn:{grantee.partition}:iam::{grantee.id}:"):
        mistakes.add(
            place,
            f"This role is not in the grantee account: its ARN has to begin with "
            f"arn:{grantee.partition}:iam::{grantee.id}:role/.",
        )
