"""What one field of the catalog file may hold. Each raises ValueError: how to get it right."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from workflows.catalog.model import EVERYONE, MACHINE_PREFIX
from workflows.catalog.rule import minute_of
from workflows.durations import parse_duration
from workflows.errors import Refused

NO_GROUP: Final = (
    "AWS refuses a trust policy that names a group, the whole document with it. To lend a role to "
    "the people of a group, use `mechanism: allow-group` and list them under `people`."
)
PLACEHOLDERS: Final = ("{account}", "{role}", "{effect}")

_IAM: Final = r"[A-Za-z0-9_+=,.@-]"  # names of users, groups, roles, and session names (IAM, STS)
_RESERVED_PATHS: Final = ("/aws-reserved/", "/aws-service-role/", "/xacct-ctl/")
_PRINCIPAL_ARN: Final = re.compile(
    rf"arn:aws[a-z-]*:iam::[0-9]{{12}}:(?:role|user)/([!-~]*/)?{_IAM}{{1,64}}"
)
_ROLE_ARN: Final = re.compile(rf"arn:aws[a-z-]*:iam::[0-9]{{12}}:role/([!-~]*/)?{_IAM}{{1,64}}")
_POLICY_ARN: Final = re.compile(
    rf"arn:aws[a-z-]*:iam::(?:aws|[0-9]{{12}}|\{{account\}}):policy/([!-z|~]*/)?{_IAM}{{1,128}}"
)
_ACTION: Final = re.compile(r"\*|[a-z0-9-]+:[A-Za-z0-9*?]+")
_STATEMENT: Final = {
    *("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"),
}
_KEPT_NAMES: Final = ("awsreservedsso_", "awsservicerolefor")


def _shaped(pattern: str, sentence: str) -> Callable[[str], str]:
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(sentence)
        return text

    return check


account_id = _shaped(r"[0-9]{12}", "An account id is 12 digits, in quotes.")
account_name = _shaped(
    r"(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
    "An account's name has at most 64 characters: letters (at least one), digits and . _ -.",
)
alias = _shaped(
    r"(?=.*[^\W\d])(?! )[^/\"'`<>&\x00-\x1f\x7f]{1,64}(?<! )",
    "An alias has at most 64 characters, a letter among them, and no slash, quote or < > &.",
)
role_name = _shaped(
    rf"{_IAM}{{1,64}}",
    "A role's name in IAM has at most 64 characters: letters, digits and _ + = , . @ -. Its path "
    "goes into `path`.",
)
machine_name = _shaped(
    r"[A-Za-z0-9][A-Za-z0-9._-]{0,57}",
    "A machine's name has at most 58 characters: letters, digits and . _ - (its sessions are "
    "called `xacct-` and the name, and AWS allows 64).",
)
administrator = _shaped(
    rf"{_IAM}{{1,64}}",
    "An administrator is the name of an IAM user, without path or ARN, like alice-root.",
)
external_id = _shaped(
    r"[A-Za-z0-9_+=,.@:/-]{2,1224}",
    "An external id has 2 to 1224 characters: letters, digits and _ + = , . @ : / -.",
)
team = _shaped(r"T[A-Z0-9]{2,}", "A workspace is written as its id, like T012ABCDE.")
enterprise = _shaped(r"E[A-Z0-9]{2,}", "An organisation is written as its id, like E012ABCDE.")
channel = _shaped(r"[CG][A-Z0-9]{2,}", "A channel is written as its id, like C012ABCDE.")
region = _shaped(r"[a-z]{2}(-[a-z]+)+-[0-9]", "A region is written like eu-west-1.")
slack_group = _shaped(
    r"S[A-Z0-9]{2,}",
    "A user group is written as its id in Slack, like S012ONCALL (in the group's menu: Copy group "
    "ID).",
)
schedule = _shaped(
    r"[A-Z0-9]{2,32}", "A schedule is written as its id, like PABC123 (the end of its address)."
)
email = _shaped(r"[^@\s]+@[^@\s]+", "An e-mail address looks like alice@example.com.")
domain = _shaped(
    r"(?:[a-z0-9-]+\.)+[a-z0-9-]{2,}",
    "A domain is written in small letters and without @, like example.com.",
)
tag_key = _shaped(
    r"(?!(?i:aws:))[\w .:/=+@-]{1,128}",
    "A tag's key has at most 128 characters: letters, digits, spaces and _ . : / = + - @; it "
    "cannot begin with aws:.",
)
installation = _shaped(
    r"[a-z0-9]{1,16}", "An installation's name is 1 to 16 small letters and digits."
)
rule_name = _shaped(
    r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?",
    "A rule's name has at most 32 characters: small letters, digits and -. Cards show it.",
)
_slack_user = _shaped(
    r"[UW][A-Z0-9]{2,}",
    "A person is written as the member id in Slack, like U012ABCDE (on the profile: Copy member "
    "ID).",
)
_path = _shaped(
    r"/(?:[!-z|~]+/)?", "A path begins and ends with a slash, like /xacct/, and has no spaces."
)


def slack_user(text: str) -> str:
    """A member's id in Slack."""
    if re.fullmatch(r"S[A-Z0-9]{2,}", text):
        raise ValueError(f"{text} is a user group of Slack. List its people one by one.")
    return _slack_user(text)


def requester(text: str) -> str:
    """Who may ask: a member's id in Slack, or the word for all of them."""
    return text if text == EVERYONE else slack_user(text)


def governed_name(text: str) -> str:
    """The name of a role that may be lent. AWS lets nobody change the roles that it made itself
    (IAM User Guide, "Service-linked roles"; Identity Center, "Referencing permission sets").
    """
    if text.lower().startswith(_KEPT_NAMES):
        raise ValueError(
            f"{text} is a role that AWS itself keeps, of Identity Center or of a service: nobody "
            "else can change it, so xacct cannot lend it. Lend a role of your own."
        )
    return role_name(text)


def path(text: str) -> str:
    """The path of governed roles."""
    for reserved in _RESERVED_PATHS:
        if text.lower().startswith(reserved):
            raise ValueError(f"Roles under {reserved} cannot be lent: they are AWS's or xacct's.")
    return _path(text)


def path_and_name(text: str) -> str:
    """A role's path and name in one; a missing first slash is added."""
    if text.startswith("arn:"):
        raise ValueError("Write path and name only, like /xacct-ctl/xacct-owner-mgr.")
    before, _, name = text.removeprefix("/").rpartition("/")
    _path(f"/{before}/" if before else "/")
    role_name(name)
    return f"/{text.removeprefix('/')}"


def group_template(text: str) -> str:
    """A group's path and name, with placeholders; a missing first slash is added."""
    if text.startswith("arn:"):
        raise ValueError(
            "Write the group's path and name only, like /xacct/allow-{account}-{role}."
        )
    bare = text.removeprefix("/")
    for placeholder in PLACEHOLDERS:
        bare = bare.replace(placeholder, "x")
    before, _, name = bare.rpartition("/")
    if not re.fullmatch(rf"{_IAM}{{1,128}}", name) or not re.fullmatch(r"(?:[!-z|~]+)?", before):
        raise ValueError(
            "A group is a path and a name, like /xacct/allow-{account}-{role}. The name has "
            "letters, digits and _ + = , . @ -; the only placeholders are "
            f"{', '.join(PLACEHOLDERS)}."
        )
    return f"/{text.removeprefix('/')}"


def role_arn(text: str) -> str:
    """The ARN of an IAM role, of any account."""
    if re.fullmatch(r"arn:[^:]*:iam::[^:]*:group/.*", text):
        raise ValueError(NO_GROUP)
    if not _ROLE_ARN.fullmatch(text):
        raise ValueError("Write the ARN of an IAM role, like arn:aws:iam::111122223333:role/ci.")
    return text


def principal_arn(text: str) -> str:
    """The ARN of an IAM role or user, of any account."""
    if not _PRINCIPAL_ARN.fullmatch(text):
        raise ValueError(
            "Write the ARN of the IAM role (or user) that xacct runs as, like "
            "arn:aws:iam::111122223333:role/xacct-ctl/xacct-bot."
        )
    return text


def policy_arn(text: str) -> str:
    """The ARN of a managed policy, AWS's or an account's; `{account}` stands for the role's."""
    if not _POLICY_ARN.fullmatch(text):
        raise ValueError(
            "Write the ARN of a managed policy, like arn:aws:iam::aws:policy/ReadOnlyAccess, or "
            "arn:aws:iam::{account}:policy/support for one of the role's own account."
        )
    return text


def action(text: str) -> str:
    """An action of a policy, or a pattern of actions."""
    if not _ACTION.fullmatch(text):
        raise ValueError('Write an action like s3:GetObject, a pattern like s3:Get*, or "*".')
    return text


def statement(said: dict[str, Any]) -> dict[str, Any]:
    """One statement of an identity policy (IAM User Guide, "IAM JSON policy elements")."""
    if said.get("Effect") not in {"Allow", "Deny"}:
        raise ValueError("A statement has an `Effect`: Allow or Deny.")
    for one, other in (("Action", "NotAction"), ("Resource", "NotResource")):
        if (one in said) == (other in said):
            raise ValueError(f"A statement has either `{one}` or `{other}`.")
    if unknown := sorted(said.keys() - _STATEMENT):
        raise ValueError(f"A statement of an identity policy has no `{unknown[0]}`.")
    if not re.fullmatch(r"[A-Za-z0-9]*", str(said.get("Sid", ""))):
        raise ValueError("A `Sid` has letters and digits only.")
    return said


def iam_user(text: str) -> str:
    """An IAM user's name, with its path if it has one."""
    if re.fullmatch(r"arn:[^:]*:iam::[^:]*:group/.*", text):
        raise ValueError(NO_GROUP)
    before, _, name = text.rpartition("/")
    if text.startswith("arn:") or not re.fullmatch(rf"{_IAM}{{1,64}}", name):
        raise ValueError(
            "Write the IAM user's name, like alice, with its path if it has one, like /team/alice. "
            "It has at most 64 characters: letters, digits and _ + = , . @ -."
        )
    if before and not text.startswith("/"):
        raise ValueError(f"A path begins with a slash: write /{text}.")
    return f"{_path(f'{before}/') if before else ''}{_session_name(name)}"


def person_name(text: str) -> str:
    """A user name of Identity Center that AWS can put into a session name."""
    if not re.fullmatch(rf"{_IAM}{{1,64}}", text):
        raise ValueError(
            "A user name of Identity Center has at most 64 characters here, as session names do: "
            "letters, digits and _ + = , . @ -."
        )
    return _session_name(text)


def _session_name(name: str) -> str:
    """The name as the session name it becomes; sources: STS AssumeRole, RoleSessionName."""
    if len(name) < len("xx"):
        raise ValueError(
            f"{name} has one letter, and a session name in AWS needs two: nobody called so can be "
            "let in. Give the user a longer name."
        )
    if name.lower().startswith(MACHINE_PREFIX):
        raise ValueError(f"Names that begin with {MACHINE_PREFIX} are kept for machines.")
    return name


def kind(value: Any) -> Any:
    """A kind of grantee, left as it is unless it is a group."""
    if isinstance(value, str) and value.lower() in {"group", "groups"}:
        raise ValueError(NO_GROUP)
    return value


def length(value: Any) -> timedelta:
    """A length of time such as 1h30m."""
    try:
        found = parse_duration(str(value))
    except Refused as refused:
        raise ValueError(str(refused)) from refused
    if found is None:
        raise ValueError("Write a length of time like 45m, 1h30m or 2d.")
    return found


def minute(value: Any) -> int:
    """A time of day such as 08:30, as the minute of the day."""
    found = minute_of(str(value))
    if found is None:
        raise ValueError('Write a time of day like "08:30", from "00:00" to "24:00".')
    return found


def zone(text: str) -> str:
    """A zone of the IANA database, as this machine has it."""
    try:
        return ZoneInfo(text).key
    except (KeyError, OSError, ValueError):
        raise ValueError(
            "Write a time zone like Europe/Berlin or UTC; this machine knows none of this name."
        ) from None
