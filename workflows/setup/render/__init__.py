"""What a catalog wants in its accounts, as text that a platform team reviews and deploys. Pure.

The same values that a plan compares with an account are written down here, so what is deployed is
what `xacct setup apply` would have made, but for what somebody else's roles need.
"""

from collections.abc import Sequence
from enum import StrEnum

from workflows.catalog.model import Catalog
from workflows.setup import wanted
from workflows.setup.objects import Found, Wanted
from workflows.setup.render import cloudformation, hcl, headings, names, notes, shapes, terraform
from workflows.setup.render.existing import without_strangers
from workflows.setup.render.refusal import CannotRender

__all__ = ["CannotRender", "Format", "files"]


class Format(StrEnum):
    """What can be rendered."""

    CLOUDFORMATION = "cloudformation"
    TERRAFORM = "terraform"


def files(
    catalog: Catalog, form: Format, *, stackset: bool = False, grantee: Found | None = None
) -> dict[str, str]:
    """Text by the relative name of its file, the grantee account's first; always the same.

    `stackset`: one template of CloudFormation for all owner accounts that differ by nothing but
    their ids. `grantee` is what is in the grantee account, if it was read: then users and roles
    that are not there are left out, where a deployment would fail. Raises NoBot and CannotRender.
    """
    home, missing = without_strangers(wanted.grantee(catalog), grantee)
    owners = [wanted.owner(catalog, account) for account in catalog.accounts]
    if form is Format.CLOUDFORMATION and stackset:
        return _template(home, "grantee", missing) | _stacksets(catalog.installation, owners)
    if stackset:
        raise CannotRender(
            "Only CloudFormation has StackSets. With Terraform each account has a directory of its "
            "own: leave out `--stackset`."
        )
    one = _template if form is Format.CLOUDFORMATION else _configuration
    told = one(home, "grantee", missing)
    for owner in owners:
        told |= one(owner, "owner", [])
    return told


def _configuration(one: Wanted, side: str, missing: Sequence[str]) -> dict[str, str]:
    heading = headings.configuration(one, side)
    comment = notes.comment(
        [heading, *terraform.MIND.of(one), notes.of_others(one), notes.not_there(missing)]
    )
    file = f"{side}-{one.account.name}/main.tf"
    return {file: f"{comment}\n{hcl.text(terraform.blocks(one))}"}


def _template(one: Wanted, side: str, missing: Sequence[str]) -> dict[str, str]:
    description = f"xacct {one.installation}: {side} account {one.account.name}"
    template = cloudformation.template(one, description)
    body = cloudformation.text(cloudformation.only_here(template, one.account.id), one.account)
    file = f"{side}-{one.account.name}.yaml"
    said = [*cloudformation.MIND.of(one), notes.of_others(one), notes.not_there(missing)]
    heading = headings.template(one, side, file, _size(said, body))
    return {file: f"{notes.comment([heading, *said])}\n{body}"}


def _stacksets(installation: str, owners: Sequence[Wanted]) -> dict[str, str]:
    description = f"xacct {installation}: an owner account"
    mind = cloudformation.MIND
    parts = [
        (
            one.account,
            cloudformation.template(one, description),
            [*mind.of(one), notes.of_others(one)],
        )
        for one in owners
    ]
    told = {}
    for shape in shapes.of(parts):
        name = f"owners-like-{shape.first.name}"
        title = f"xacct-{installation}-owners-like-{names.stack_name(shape.first.name)}"
        body = cloudformation.text(shape.template, shape.first)
        heading = headings.stackset(installation, title, name, _size(shape.notes, body))
        told[f"{name}.yaml"] = f"{notes.comment([heading, *shape.notes])}\n{body}"
        told[f"{name}.instances.json"] = shapes.instances(shape, title)
    return told


def _size(said: Sequence[Sequence[str]], body: str) -> int:
    return len(f"{notes.comment(said)}{body}".encode())
