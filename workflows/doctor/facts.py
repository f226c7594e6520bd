"""What was read of AWS for the findings, as values. None stands for what AWS did not say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from workflows.catalog.model import Account, GranteeAccount
from workflows.documents.text import Document
from workflows.seen import RoleDetail, Verdict
from workflows.setup.objects import Found

Verdicts = Mapping[tuple[str, str], Verdict]
"""What AWS's simulation says of a manager role: by action and by the resource's ARN, or `*`."""


@dataclass(frozen=True)
class Written:
    """What a tool that keeps roles by a text of its own last wrote to a role.

    `what` is AWS's name of the write; `policy` the inline policy's, None of the trust policy.
    """

    at: datetime
    tool: str
    what: str
    role_name: str
    policy: str | None


@dataclass(frozen=True)
class OwnerFacts:
    """What was read of an owner account. `shut`: why xacct does not come into it at all.

    `roles` are by `account/name`, None where AWS has no such role; `unread` says by the name of the
    thing what AWS answered. `verdicts` are None where the simulation could not be asked, `written`
    where CloudTrail does not tell.
    """

    account: Account
    shut: str | None = None
    roles: Mapping[str, RoleDetail | None] = field(default_factory=dict)
    verdicts: Verdicts | None = None
    written: tuple[Written, ...] | None = None
    unread: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class HomeFacts:
    """What was read of the grantee account, as of an owner account. `vendor_shut`: why the vendor
    role does not let xacct in. `others` are managed policies that are not of the account.
    """

    account: GranteeAccount
    shut: str | None = None
    vendor_shut: str | None = None
    found: Found | None = None
    others: Mapping[str, Document] = field(default_factory=dict)
    groups_quota: int = 10
    verdicts: Verdicts | None = None
    unread: Mapping[str, str] = field(default_factory=dict)
