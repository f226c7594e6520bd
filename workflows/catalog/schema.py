"""The shape of the catalog file: every field, its type, and what it is when it is left out.

What one field may hold is judged here; what several say together, in `accounts`, `roles` and
`grantees`.
"""

from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    WithJsonSchema,
)

from workflows.catalog import fields, outside
from workflows.catalog.model import Delivery, GranteeKind, Mechanism
from workflows.catalog.rule import DAYS
from workflows.catalog.several import OneOrMany

Length = Annotated[
    timedelta,
    BeforeValidator(fields.length),
    WithJsonSchema({"type": "string", "examples": ["45m", "1h30m", "2d"]}),
]
AccountId = Annotated[str, AfterValidator(fields.account_id)]
Region = Annotated[str, AfterValidator(fields.region)]
AccountName = Annotated[str, AfterValidator(fields.account_name)]
Alias = Annotated[str, AfterValidator(fields.alias)]
RoleName = Annotated[str, AfterValidator(fields.governed_name)]
MachineName = Annotated[str, AfterValidator(fields.machine_name)]
UserName = Annotated[str, AfterValidator(fields.iam_user)]
Administrator = Annotated[str, AfterValidator(fields.administrator)]
PersonName = Annotated[str, AfterValidator(fields.person_name)]
Path = Annotated[str, AfterValidator(fields.path)]
PathAndName = Annotated[str, AfterValidator(fields.path_and_name)]
GroupTemplate = Annotated[str, AfterValidator(fields.group_template)]
RoleArn = Annotated[str, AfterValidator(fields.role_arn)]
ExternalId = Annotated[str, AfterValidator(fields.external_id)]
PrincipalArn = Annotated[str, AfterValidator(fields.principal_arn)]
PolicyArn = Annotated[str, AfterValidator(fields.policy_arn)]
Action = Annotated[str, AfterValidator(fields.action)]
Statement = Annotated[dict[str, Any], AfterValidator(fields.statement)]
Team = Annotated[str, AfterValidator(fields.team)]
Enterprise = Annotated[str, AfterValidator(fields.enterprise)]
Channel = Annotated[str, AfterValidator(fields.channel)]
S3Address = Annotated[str, AfterValidator(outside.address)]
Requester = Annotated[str, AfterValidator(fields.requester)]
SlackUser = Annotated[str, AfterValidator(fields.slack_user)]
SlackGroup = Annotated[str, AfterValidator(fields.slack_group)]
Schedule = Annotated[str, AfterValidator(fields.schedule)]
Domain = Annotated[str, AfterValidator(fields.domain)]
Email = Annotated[str, AfterValidator(fields.email)]
TagKey = Annotated[str, AfterValidator(fields.tag_key)]
RuleName = Annotated[str, AfterValidator(fields.rule_name)]
Minute = Annotated[
    int,
    BeforeValidator(fields.minute),
    WithJsonSchema({"type": "string", "examples": ["08:30", "24:00"]}),
]
Zone = Annotated[str, AfterValidator(fields.zone)]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Kind = Annotated[GranteeKind, BeforeValidator(fields.kind)]
Partition = Literal["aws", "aws-cn", "aws-us-gov"]

MANAGER: Final = "/xacct-ctl/xacct-owner-mgr"
GRANTEE_MANAGER: Final = "/xacct-ctl/xacct-grantee-mgr"


class Part(BaseModel):
    """A mapping of the file: its fields, and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Slack(Part):
    """The workspace, and where xacct speaks when nobody in particular is meant."""

    team: Team
    enterprise: Enterprise | None = None
    approvals_channel: Channel
    alerts_channel: Channel | None = None
    audit_channel: Channel | None = None


class AuditEntry(Part):
    """Where the head of the audit log goes, beside Slack."""

    s3: S3Address | None = None


class Limits(Part):
    """What holds for everybody."""

    pending_per_person: Annotated[StrictInt, Field(ge=1, le=100)] = 5
    pending_lapses: Length = timedelta(hours=4)
    remind_after: Length = timedelta(minutes=15)
    longest_duration: Length = timedelta(hours=12)


class VendorEntry(Part):
    """The role of the grantee account that vends credentials."""

    role: PathAndName
    external_id: ExternalId | None = None


class GranteeAccountEntry(Part):
    """The account that grantees come from."""

    id: AccountId
    name: AccountName
    aliases: list[Alias] = []
    partition: Partition = "aws"
    manager: PathAndName = GRANTEE_MANAGER
    external_id: ExternalId | None = None
    vendor: VendorEntry | None = None
    administrators: list[Administrator] = []


class AccountEntry(Part):
    """An owner account. What it leaves out comes from `defaults`."""

    id: AccountId
    name: AccountName
    aliases: list[Alias] = []
    partition: Partition | None = None
    manager: PathAndName | None = None
    external_id: ExternalId | None = None
    regions: list[Region] | None = None


class DutyEntry(Part):
    """Who of the approvers decides now: exactly one roster says."""

    slack_group: SlackGroup | None = None
    pagerduty: Schedule | None = None
    trusted: StrictBool = False
    fallback: list[SlackUser] = []


class EscalationEntry(Part):
    """Who may decide, too, when nobody has decided for so long."""

    after: Length
    to: list[SlackUser] = []
    slack_group: SlackGroup | None = None
    trusted: StrictBool = False


class BreakGlassEntry(Part):
    """Who opens the role without an approver in an emergency."""

    people: Annotated[list[SlackUser], Field(min_length=1)]
    longest: Length = timedelta(minutes=30)
    channel: Channel | None = None


class PermissionsEntry(Part):
    """What setup lets a role do in its account."""

    managed: Annotated[list[PolicyArn], Field(max_length=9)] = []
    statements: list[Statement] = []
    at_most: list[Action] = []


class RoleFields(Part):
    """What `defaults` says for every role, and a role's entry may say otherwise."""

    path: Path = "/xacct/"
    mechanism: Mechanism = Mechanism.ALLOW_GROUP
    group: GroupTemplate | None = None
    kinds: Annotated[list[Kind], Field(min_length=1)] = [GranteeKind.USER]
    requesters: OneOrMany[Requester] = []
    approvers: list[SlackUser] = []
    approvals: Annotated[StrictInt, Field(ge=1, le=20)] = 1
    on_duty: DutyEntry | None = None
    escalation: EscalationEntry | None = None
    default_duration: Length = timedelta(hours=1)
    max_duration: Length = timedelta(hours=4)
    delivery: Delivery = Delivery.LINK
    channel: Channel | None = None
    session_end: StrictBool = True
    mfa: StrictBool = False
    break_glass: BreakGlassEntry | None = None
    permissions: PermissionsEntry | None = None
    adopt: StrictBool = False


class Defaults(RoleFields):
    """What accounts and roles are unless their entries say otherwise."""

    partition: Partition = "aws"
    manager: PathAndName = MANAGER
    external_id: ExternalId | None = None
    regions: list[Region] = []


class RoleEntry(RoleFields):
    """One or many roles, in one or many accounts."""

    accounts: Annotated[OneOrMany[str], Field(min_length=1)]
    name: Annotated[OneOrMany[RoleName], Field(min_length=1)]


class PersonEntry(Part):
    """A person and his IAM user; without `iam_user` he has none, whatever the rules say."""

    slack: SlackUser
    iam_user: UserName | None = None
    email: Email | None = None


class PeopleRule(Part):
    """How people who are not listed are found by their confirmed e-mail address."""

    domain: Domain
    tag: TagKey | None = None
    compare: Literal["whole", "local-part"] = "local-part"


class MachineEntry(Part):
    """An IAM role of the grantee account and its owners."""

    name: MachineName
    role: RoleArn
    owners: list[SlackUser]


class VisitorEntry(Part):
    """A person who comes by Identity Center."""

    slack: SlackUser
    role: RoleArn
    user_name: PersonName


class WhenEntry(Part):
    """The hours at which a rule holds, by the clocks of one zone."""

    days: Annotated[list[Day], Field(min_length=1)] = list(DAYS)
    begins: Minute = Field(alias="from")
    ends: Minute = Field(alias="to")
    zone: Zone


class AutoApproveEntry(Part):
    """A rule that approves beforehand what it fits."""

    name: RuleName
    roles: Annotated[OneOrMany[str], Field(min_length=1)]
    requesters: Annotated[OneOrMany[Requester], Field(min_length=1)]
    longest: Length
    when: WhenEntry | None = None
    kinds: Annotated[list[Kind], Field(min_length=1)] | None = None


class StandingEntry(Part):
    """Access that lasts: nobody asks for it, and nothing ends it but this file."""

    roles: Annotated[OneOrMany[str], Field(min_length=1)]
    whole_account: StrictBool = False
    users: list[UserName] = []
    machines: list[MachineName] = []


class File(Part):
    """The whole file."""

    version: Literal[1]
    installation: Annotated[str, AfterValidator(fields.installation)]
    slack: Slack
    grantee_account: GranteeAccountEntry
    audit: AuditEntry = AuditEntry()
    limits: Limits = Limits()
    defaults: Defaults = Defaults()
    accounts: list[AccountEntry] = []
    roles: list[RoleEntry] = []
    auto_approve: list[AutoApproveEntry] = []
    people: list[PersonEntry] = []
    people_rules: list[PeopleRule] = []
    machines: list[MachineEntry] = []
    identity_center: list[VisitorEntry] = []
    admins: list[SlackUser] = []
    auditors: list[SlackUser] = []
    bot: PrincipalArn | None = None
    standing: list[StandingEntry] = []
