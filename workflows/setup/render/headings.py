"""The first lines of each file: what it is, where it comes from, how it is deployed."""

from collections.abc import Sequence
from typing import Final

from workflows.setup.objects import Wanted

_IN_ONE_CALL: Final = 51_200 - 1_000
"""Bytes of a template that is handed over with the call (CloudFormation quotas), but for a heading.
"""

_FROM: Final = "Rendered by `xacct setup render`: change the catalog and render again."


def configuration(one: Wanted, side: str) -> Sequence[str]:
    """Of a configuration of Terraform."""
    return [
        *_what(one, side),
        "It takes the provider of whoever applies it, by itself or as a module of his.",
    ]


def template(one: Wanted, side: str, file: str, size: int) -> Sequence[str]:
    """Of a template of one account, which makes nothing in another one. `size` in bytes."""
    return [
        *_what(one, side),
        f"  aws cloudformation deploy --stack-name xacct-{one.installation} \\",
        "    --capabilities CAPABILITY_NAMED_IAM \\",
        f"    --template-file {file}{_bucket(size, ' --s3-bucket BUCKET')}",
    ]


def stackset(installation: str, title: str, name: str, size: int) -> Sequence[str]:
    """Of a template of many accounts, which are named beside it."""
    given = f"--template-body file://{name}.yaml"
    return [
        f"xacct {installation}: owner accounts that differ by nothing but their ids.",
        _FROM,
        "Deploy it when the grantee account's is there, in one region: IAM has none.",
        f"  aws cloudformation create-stack-set --stack-set-name {title} \\",
        "    --capabilities CAPABILITY_NAMED_IAM \\",
        f"    {_bucket(size, '--template-url URL') or given}",
        f"  jq -c '.[]' {name}.instances.json | while read -r one; do",
        '    aws cloudformation create-stack-instances --cli-input-json "$one"; done',
    ]


def _what(one: Wanted, side: str) -> Sequence[str]:
    order = "before those of the owner accounts" if side == "grantee" else "after the grantee's"
    return [
        f"xacct {one.installation}: {side} account {one.account.name} ({one.account.id}).",
        _FROM,
        f"Deploy it {order}.",
    ]


def _bucket(size: int, said: str) -> str:
    return said if size > _IN_ONE_CALL else ""
