"""Findings, and the sections in which they are told."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Colour(StrEnum):
    """How bad it is. RED: something does not work, may be open, or could not be checked; YELLOW: it
    works, and should be mended.
    """

    RED = "red"
    YELLOW = "yellow"


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it must be.

    `check` names its kind for programs and stays the same; `about` is what it is about: a role, a
    group, a channel, a setting. `wrong` says what is wrong, `fix` how to mend it: a sentence or two
    each, without a secret.
    """

    check: str
    colour: Colour
    about: str
    wrong: str
    fix: str


def red(check: str, about: str, wrong: str, fix: str) -> Finding:
    """A finding that something does not work, may be open, or could not be checked."""
    return Finding(check, Colour.RED, about, wrong, fix)


def yellow(check: str, about: str, wrong: str, fix: str) -> Finding:
    """A finding of what works, and should be mended."""
    return Finding(check, Colour.YELLOW, about, wrong, fix)


@dataclass(frozen=True)
class Section:
    """One part of what was looked at; without findings it is as it must be.

    `name` is for programs and people alike; `account` is the name of the account, of those of AWS.
    """

    name: str
    findings: tuple[Finding, ...]
    account: str | None = None

    @property
    def title(self) -> str:
        return self.name if self.account is None else f"{self.name} {self.account}"


def worst_first(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings, each once: what is red before what is yellow, else in their order."""
    once = dict.fromkeys(found)
    return tuple(sorted(once, key=lambda one: one.colour is not Colour.RED))
