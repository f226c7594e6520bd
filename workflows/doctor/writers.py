"""Who else keeps a role by a text of his own, and would write over what xacct wrote. Pure.

AWS tells it by the tags that CloudFormation gives, and by CloudTrail. A role of Terraform that it
did not write lately looks like any other.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from workflows.catalog.model import Role
from workflows.doctor.facts import Written
from workflows.doctor.finding import Finding, red, yellow
from workflows.documents import session_end
from workflows.seen import RoleDetail
from workflows.setup.objects import MADE_BY, MadeBy

_STACK: Final = "aws:cloudformation:stack-name"
"""A tag that CloudFormation gives to what it makes, and nobody else can (CloudFormation User Guide,
"Resource tags").
"""


def findings(role: Role, seen: RoleDetail, written: Sequence[Written] | None) -> Iterator[Finding]:
    """The last write of each kind, by each such tool, in the time that was looked at."""
    stack = seen.role.tags.get(_STACK)
    rendered = seen.role.tags.get(MADE_BY) == MadeBy.SETUP
    if stack is not None and not rendered:
        yield yellow(
            "of-cloudformation",
            role.key,
            f"{role.key} belongs to the CloudFormation stack {stack}: an update of it may write "
            "the trust policy as its template has it, which ends what is lent.",
            "Update the stack when nothing is lent, or take the role out of it and keep it "
            "(DeletionPolicy: Retain).",
        )
    last: dict[tuple[str, str, str | None], Written] = {}
    for one in sorted(written or (), key=lambda one: one.at):
        if one.role_name == role.name and one.policy in (None, session_end.NAME):
            last[one.tool, one.what, one.policy] = one
    for one in last.values():
        yield _undone(role, one)


def _undone(role: Role, one: Written) -> Finding:
    when = f"on {one.at:%Y-%m-%d at %H:%M} UTC"
    if one.policy is None:
        return yellow(
            "trust-of-others",
            role.key,
            f"{one.tool} wrote the trust policy of {role.key} {when}: each time it does it takes "
            "xacct's statements out, which ends what is lent.",
            "Let it ignore the trust policy: in Terraform `lifecycle { ignore_changes = "
            "[assume_role_policy] }`.",
        )
    verb = "deleted" if one.what.startswith("Delete") else "wrote"
    return red(
        "session-end-of-others",
        role.key,
        f"{one.tool} {verb} the inline policy {session_end.NAME} of {role.key} {when}: without it "
        "sessions outlive their grants.",
        "Take `aws_iam_role_policies_exclusive` off this role, let `inline_policy` be ignored, or "
        "say `session_end: false` in the catalog.",
    )
