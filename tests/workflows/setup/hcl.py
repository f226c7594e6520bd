"""Terraform, as far as a rendering needs it: what a configuration says, done by calls of IAM."""

import json
import re
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

import hcl2

Attributes = dict[str, Any]
ORDER = (
    *("policy", "group", "role", "group_policy", "group_policy_attachment"),
    *("role_policy_attachment", "user_policy_attachment", "user_group_membership"),
)
_CALL = re.compile(r"\$\{(?P<function>jsonencode|toset)\((?P<value>.*)\)\}", re.DOTALL)
_REFERENCE = re.compile(r"\$\{aws_iam_(?P<kind>\w+)\.(?P<label>\w+)\.(?P<attribute>\w+)\}")
_ESCAPE = re.compile(
    r'\\(?:(?P<letter>[nrt"\\])|u(?P<four>[0-9a-f]{4})|U(?P<eight>[0-9a-f]{8}))'
    r"|\$(?P<dollar>\$\{)|%(?P<percent>%\{)|(?P<template>[$%]\{)"
)
_LETTERS = {"n": "\n", "r": "\r", "t": "\t"}


def found(text: str) -> list[tuple[str, str, Attributes]]:
    """Kind, label and attributes of each resource, in their order; none is there twice."""
    blocks = [
        (bare(kind).removeprefix("aws_iam_"), bare(label), body)
        for block in hcl2.loads(text)["resource"]
        for kind, labels in block.items()
        for label, body in labels.items()
    ]
    addresses = [(kind, label) for kind, label, _ in blocks]
    assert len(set(addresses)) == len(addresses)
    return blocks


def bare(said: str) -> str:
    return string(said) if said.startswith('"') else said


def string(said: str) -> str:
    """What a quoted string means; a template in it would be somebody's code."""

    def meant(escape: re.Match[str]) -> str:
        assert not escape["template"], said
        if code := escape["four"] or escape["eight"]:
            return chr(int(code, 16))
        letter = escape["letter"]
        return _LETTERS.get(letter, letter) if letter else (escape["dollar"] or escape["percent"])

    assert said[0] == said[-1] == '"'
    return _ESCAPE.sub(meant, said[1:-1])


class Configuration:
    """The resources of one account."""

    def __init__(self, text: str) -> None:
        self._found = found(text)
        self._by_address = {(kind, label): body for kind, label, body in self._found}

    def apply(self, iam: Any, account: str) -> None:
        """Makes everything in an account that has nothing of it."""
        for kind, _, body in sorted(self._found, key=lambda one: ORDER.index(one[0])):
            for said in self._instances(body, account):
                _MADE[kind](iam, said)

    def said(self, kind: str, label: str, account: str = "") -> Attributes:
        """The attributes of one resource, evaluated."""
        return next(self._instances(self._by_address[kind, label], account))

    def ignored(self, kind: str) -> dict[str, list[str]]:
        """Which attributes each resource of a kind leaves alone once it is made."""
        return {
            label: body.get("lifecycle", [{"ignore_changes": []}])[0]["ignore_changes"]
            for one, label, body in self._found
            if one == kind
        }

    def _instances(self, body: Attributes, account: str) -> Iterator[Attributes]:
        keys = self._value(body["for_each"], account, "") if "for_each" in body else [""]
        for key in keys:
            yield {
                name: self._value(one, account, key)
                for name, one in body.items()
                if name not in ("for_each", "lifecycle") and not name.startswith("__")
            }

    def _value(self, said: Any, account: str, key: str) -> Any:
        if isinstance(said, dict):
            return {bare(name): self._value(one, account, key) for name, one in said.items()}
        if isinstance(said, list):
            return [self._value(one, account, key) for one in said]
        if not isinstance(said, str) or said.startswith('"'):
            return string(said) if isinstance(said, str) else said
        if said == "${each.key}":
            return key
        if call := _CALL.fullmatch(said):
            inner = self._value(hcl2.loads(f"x = {call['value']}\n")["x"], account, key)
            return json.dumps(inner) if call["function"] == "jsonencode" else inner
        reference = _REFERENCE.fullmatch(said)
        assert reference, said
        return self._referred(reference, account)

    def _referred(self, to: re.Match[str], account: str) -> str:
        body = self.said(to["kind"], to["label"], account)
        if to["attribute"] == "arn":
            return f"arn:aws:iam::{account}:{to['kind']}{body['path']}{body['name']}"
        return str(body[to["attribute"]])


# --- what each resource is, in calls


def _policy(iam: Any, said: Attributes) -> None:
    iam.create_policy(
        PolicyName=said["name"],
        Path=said["path"],
        Description=said["description"],
        PolicyDocument=said["policy"],
    )


def _role(iam: Any, said: Attributes) -> None:
    iam.create_role(
        RoleName=said["name"],
        Path=said["path"],
        Description=said["description"],
        MaxSessionDuration=said["max_session_duration"],
        AssumeRolePolicyDocument=said["assume_role_policy"],
        PermissionsBoundary=said["permissions_boundary"],
        Tags=[{"Key": key, "Value": value} for key, value in said["tags"].items()],
    )


def _group_policy(iam: Any, said: Attributes) -> None:
    named = {"GroupName": said["group"], "PolicyName": said["name"]}
    iam.put_group_policy(**named, PolicyDocument=said["policy"])


def _memberships(iam: Any, said: Attributes) -> None:
    for group in said["groups"]:
        iam.add_user_to_group(GroupName=group, UserName=said["user"])


_MADE: dict[str, Callable[[Any, Attributes], object]] = {
    "policy": _policy,
    "group": lambda iam, said: iam.create_group(GroupName=said["name"], Path=said["path"]),
    "role": _role,
    "group_policy": _group_policy,
    "group_policy_attachment": lambda iam, said: iam.attach_group_policy(
        GroupName=said["group"], PolicyArn=said["policy_arn"]
    ),
    "role_policy_attachment": lambda iam, said: iam.attach_role_policy(
        RoleName=said["role"], PolicyArn=said["policy_arn"]
    ),
    "user_policy_attachment": lambda iam, said: iam.attach_user_policy(
        UserName=said["user"], PolicyArn=said["policy_arn"]
    ),
    "user_group_membership": _memberships,
}


# --- how `terraform fmt` lays text out


def formatted(text: str) -> str:
    """Each line indented by two for every bracket that is open, and `=` below `=` where lines that
    set something whole follow each other.

    Source: hclwrite/format.go of hashicorp/hcl.
    """
    depth, lines = 0, []
    for line in text.splitlines():
        said = line.strip()
        change, closing = brackets(said), len(said) - len(said.lstrip("}])"))
        indent = depth - min(closing, 1)
        lines.append(f"{'  ' * indent}{said}" if said else "")
        depth += change
    return "\n".join(_aligned(lines)) + "\n"


def brackets(line: str) -> int:
    """How many more brackets a line opens than it closes; what is quoted does not count."""
    said = re.sub(r'"(?:\\.|[^"\\])*"', "", line)
    if said.startswith("#"):
        return 0
    opened = sum(min(said.count(one), 1) for one in "{[(")
    closed = sum(min(said.count(one), 1) for one in "}])")
    return min(1, opened) - min(1, closed)


def _aligned(lines: list[str]) -> Iterator[str]:
    def halves(line: str) -> tuple[str, str] | None:
        set_ = re.fullmatch(r'(\s*(?:\w+|"(?:\\.|[^"\\])*"))\s*=\s*(.*)', line)
        return (set_[1], set_[2]) if set_ and brackets(line) == 0 else None

    for whole, several in groupby(lines, lambda line: halves(line) is not None):
        group = list(several)
        if not whole:
            yield from group
            continue
        pairs = [pair for pair in map(halves, group) if pair]
        width = max(len(name) for name, _ in pairs)
        yield from (f"{name.ljust(width)} = {value}" for name, value in pairs)
