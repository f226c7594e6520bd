"""Terraform's configuration of one account: a module, and a root module just as well.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from workflows.documents import text
from workflows.documents.text import Document
from workflows.setup.objects import (
    INSTALLATION,
    MADE_BY,
    Group,
    MadeBy,
    Policy,
    Role,
    Wanted,
    path_of,
)
from workflows.setup.render import notes
from workflows.setup.render.hcl import Block, Call, Expression
from workflows.setup.render.names import label

MIND: Final = notes.Mind(
    roles=(
        "So Terraform makes both and ignores them from then on; what the catalog changes in a seal",
        "or in standing access is written by `xacct setup apply`. Never put these roles under",
        "aws_iam_role_policies_exclusive.",
    ),
    groups=(
        "So Terraform puts everybody in once, and ignores it from then on. Never put these groups",
        "under aws_iam_group_membership, which takes out and puts back.",
    ),
)


def blocks(wanted: Wanted) -> Iterator[Block]:
    """All that is wanted in the account."""
    yield from _account(wanted)
    policies = {policy.arn: _reference("policy", policy.name, "arn") for policy in wanted.policies}
    for policy in wanted.policies:
        yield _policy(policy)
    for group in wanted.groups:
        yield from _group(group, policies)
    for role in wanted.roles:
        if role.made_by is MadeBy.SETUP:
            yield from _role(wanted, role, policies)
    yield from _attachments(wanted, policies)


def _account(wanted: Wanted) -> Iterator[Block]:
    """What it takes, and that it is made in no other account."""
    source = {"aws": {"source": "hashicorp/aws", "version": ">= 5.0"}}
    provider = Block(("required_providers",), source)
    yield Block(("terraform",), {"required_version": ">= 1.2"}, (provider,))
    account = wanted.account.id
    condition = {
        "condition": Expression(f'self.account_id == "{account}"'),
        "error_message": f"These are the objects of account {account}, and of no other.",
    }
    inside = Block(("lifecycle",), {}, (Block(("postcondition",), condition),))
    yield Block(("data", "aws_caller_identity", "here"), {}, (inside,))


def _policy(policy: Policy) -> Block:
    return _resource(
        "policy",
        label(policy.name),
        {
            "name": policy.name,
            "path": path_of(policy.arn),
            "description": policy.purpose,
            "policy": _encoded(policy.document),
        },
    )


def _role(wanted: Wanted, role: Role, policies: Mapping[str, Expression]) -> Iterator[Block]:
    boundary = {"permissions_boundary": policies.get(role.boundary or "", role.boundary)}
    attributes = {
        "name": role.name,
        "path": role.path,
        "description": role.purpose,
        "max_session_duration": role.longest_session,
        **(boundary if role.boundary is not None else {}),
        **({"force_detach_policies": True} if role.governed else {}),
        "assume_role_policy": _encoded(text.document([*role.trust, *role.standing])),
        "tags": {INSTALLATION: wanted.installation, MADE_BY: str(role.made_by)},
    }
    others = [_ignoring("assume_role_policy", "inline_policy")] if role.governed else []
    yield _resource("role", label(role.name), attributes, others)
    for arn in role.managed:
        held = {"role": _reference("role", role.name, "name"), "policy_arn": policies.get(arn, arn)}
        yield _resource("role_policy_attachment", _both(role.name, arn), held)


def _group(group: Group, policies: Mapping[str, Expression]) -> Iterator[Block]:
    name = _reference("group", group.name, "name")
    yield _resource("group", label(group.name), {"name": group.name, "path": group.path})
    for inline, document in group.documents.items():
        held = {"name": inline, "group": name, "policy": _encoded(document)}
        yield _resource("group_policy", label(group.name), held)
    for arn in group.managed:
        attached = {"group": name, "policy_arn": policies.get(arn, arn)}
        yield _resource("group_policy_attachment", _both(group.name, arn), attached)
    if group.members:
        member = {
            "for_each": Call("toset", sorted(group.members)),
            "user": Expression("each.key"),
            "groups": [name],
        }
        kind = "user_group_membership"
        yield _resource(kind, label(group.name), member, [_ignoring("groups")])


def _attachments(wanted: Wanted, policies: Mapping[str, Expression]) -> Iterator[Block]:
    """Each policy on all its users and on all its roles, who are called by their names."""
    held: dict[tuple[str, str], list[str]] = {}
    for one in wanted.attachments:
        held.setdefault((one.kind, one.policy_arn), []).append(one.holder)
    for (kind, arn), holders in held.items():
        attributes = {
            "for_each": Call("toset", sorted(holders)),
            kind: Expression("each.key"),
            "policy_arn": policies.get(arn, arn),
        }
        yield _resource(f"{kind}_policy_attachment", label(_name(arn)), attributes)


# --- what they share


def _resource(
    kind: str, name: str, attributes: Mapping[str, Any], blocks: Iterable[Block] = ()
) -> Block:
    return Block(("resource", f"aws_iam_{kind}", name), attributes, tuple(blocks))


def _ignoring(*attributes: str) -> Block:
    """A lifecycle in which these attributes are made once, and left to others then."""
    return Block(("lifecycle",), {"ignore_changes": [Expression(one) for one in attributes]})


def _reference(kind: str, name: str, attribute: str) -> Expression:
    return Expression(f"aws_iam_{kind}.{label(name)}.{attribute}")


def _encoded(document: Document) -> Call:
    return Call("jsonencode", document)


def _both(name: str, policy_arn: str) -> str:
    """A label for a policy on a holder; of AWS's own ones and the account's, too."""
    kind = "aws__" if policy_arn.split(":")[4] == "aws" else ""
    return f"{label(name)}__{kind}{label(_name(policy_arn))}"


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]
