"""Statements and documents, as short as a check needs them."""

import json
from datetime import datetime
from typing import Any

Statement = dict[str, Any]
Condition = dict[str, dict[str, Any]]

ASSUME = "sts:AssumeRole"
ASSUME_AS = ["sts:AssumeRole", "sts:SetSourceIdentity"]


def allow(action: str | list[str], on: str = "*", when: Condition | None = None) -> Statement:
    statement: Statement = {"Effect": "Allow", "Action": action, "Resource": on}
    return statement | {"Condition": when} if when else statement


def deny(action: str | list[str], on: str = "*", when: Condition | None = None) -> Statement:
    return allow(action, on, when) | {"Effect": "Deny"}


def trust(
    principal: str | list[str],
    when: Condition | None = None,
    action: str | list[str] = ASSUME,
    effect: str = "Allow",
) -> Statement:
    """A trust statement; `principal` is an ARN, a list of them, or `*`."""
    statement: Statement = {"Effect": effect, "Principal": {"AWS": principal}, "Action": action}
    return statement | {"Condition": when} if when else statement


def document(*statements: Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def stamp(moment: datetime) -> str:
    """A moment as AWS's own policies write it: UTC to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def before(end: datetime) -> Condition:
    return {"DateLessThan": {"aws:CurrentTime": stamp(end)}}


def since(start: datetime) -> Condition:
    return {"DateGreaterThanEquals": {"aws:CurrentTime": stamp(start)}}
