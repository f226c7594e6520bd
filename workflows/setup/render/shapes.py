"""One template for many owner accounts: for all that differ by nothing but their ids.

No template names an owner account: which accounts it is for is said beside it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from workflows.catalog.model import Account
from workflows.setup.render.cloudformation import Template

Notes = list[list[str]]
"""Paragraphs that hold for an account."""

_EXTERNAL_ID: Final = "sts:ExternalId"
_PARAMETER: Final = "ExternalId"
_REGIONS: Final = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
_TRUST: Final = "AssumeRolePolicyDocument"


@dataclass
class Shape:
    """A template, and the accounts that it is for, each with what it is told there."""

    template: Template
    notes: Notes
    accounts: list[tuple[Account, dict[str, str]]] = field(default_factory=list)

    @property
    def first(self) -> Account:
        return self.accounts[0][0]


def of(told: Sequence[tuple[Account, Template, Notes]]) -> list[Shape]:
    """The distinct templates, in the order of their first accounts.

    What accounts have in common stays in the template; an external id becomes a parameter where
    theirs differ. Notes that differ tell accounts apart, too.
    """
    found: dict[str, list[tuple[Account, Template, Notes]]] = {}
    for account, template, notes in told:
        general = _told_apart(_general(template, account.id), {"Ref": _PARAMETER})
        key = json.dumps([general, notes])
        found.setdefault(key, []).append((account, template, notes))
    return [_shape(several) for several in found.values()]


def _shape(several: list[tuple[Account, Template, Notes]]) -> Shape:
    account, template, notes = several[0]
    general = _general(template, account.id)
    accounts = [one for one, _, _ in several]
    if len({one.external_id for one in accounts}) == 1:
        alike = _told_apart(general, account.external_id)
        return Shape(alike, notes, [(one, {}) for one in accounts])
    apart = _told_apart(general, {"Ref": _PARAMETER})
    told = {"Type": "String", "MinLength": 2, "Description": "The external id of this account"}
    head = {key: value for key, value in apart.items() if key != "Resources"}
    whole = {**head, "Parameters": {_PARAMETER: told}, "Resources": apart["Resources"]}
    return Shape(whole, notes, [(one, {_PARAMETER: str(one.external_id)}) for one in accounts])


def instances(shape: Shape, name: str) -> str:
    """What to hand to `aws cloudformation create-stack-instances`, once for each of the list: IAM
    has no regions, so each account has one.
    """
    region = _REGIONS[shape.first.partition]
    calls: dict[str, dict[str, Any]] = {}
    for account, overrides in shape.accounts:
        call = calls.setdefault(
            json.dumps(overrides), {"StackSetName": name, "Accounts": [], "Regions": [region]}
        )
        call["Accounts"].append(account.id)
        if overrides:
            call["ParameterOverrides"] = [
                {"ParameterKey": key, "ParameterValue": value} for key, value in overrides.items()
            ]
    return json.dumps(list(calls.values()), indent=2) + "\n"


def _general(value: Any, account_id: str) -> Any:
    """The value with the account's own id as CloudFormation fills it in."""
    if isinstance(value, str) and account_id in value:
        literal = value.replace("${", "${!")
        return {"Fn::Sub": literal.replace(account_id, "${AWS::AccountId}")}
    if isinstance(value, dict):
        return {key: _general(one, account_id) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_general(one, account_id) for one in value]
    return value


def _told_apart(template: Template, external_id: Any) -> Template:
    """The template with another external id, where the trust policy of a role asks for one."""
    resources = {
        name: {**one, "Properties": _asking(one["Properties"], external_id)}
        for name, one in template["Resources"].items()
    }
    return {**template, "Resources": resources}


def _asking(properties: dict[str, Any], external_id: Any) -> dict[str, Any]:
    if _TRUST not in properties:
        return properties
    return {**properties, _TRUST: _replaced(properties[_TRUST], external_id)}


def _replaced(value: Any, external_id: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: external_id if key == _EXTERNAL_ID else _replaced(one, external_id)
            for key, one in value.items()
        }
    return [_replaced(one, external_id) for one in value] if isinstance(value, list) else value
