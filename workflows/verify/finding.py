"""What was asked, what AWS answered, and what comes of it, as values."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_SHOWN: Final = 6
"""Answers that one finding names; of more it says how many."""


class Mark(StrEnum):
    """What came of one question. UNTOLD: nothing that was asked says yes or no."""

    PROVEN = "proven"
    FAILED = "failed"
    UNTOLD = "untold"


class How(StrEnum):
    """By what it was told, the strongest first.

    READING is of documents that AWS shows, which xacct judges itself.
    """

    CALL = "call"
    SIMULATION = "simulation"
    READING = "reading"


@dataclass(frozen=True)
class Finding:
    """One line: a promise about a role or an account, and what came of it.

    `account` is the name in the catalog; `subject` the role's, or empty for the account itself.
    `said` is what AWS showed, or why it could not be told; `mend` how a FAILED one is mended.
    """

    account: str
    subject: str
    promise: str
    how: How
    mark: Mark
    said: str = ""
    mend: str = ""


class Outcome(StrEnum):
    """What AWS does with a call: UNKNOWN where its answer tells neither."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Answer:
    """AWS's answer to one call, or its simulation's; `what` names the call in words."""

    what: str
    outcome: Outcome
    said: str = ""


@dataclass(frozen=True)
class Question:
    """A promise that is put to AWS; its answers make the finding."""

    account: str
    subject: str
    promise: str
    how: How
    mend: str = ""

    def proven(self, said: str = "") -> Finding:
        return self._finding(Mark.PROVEN, said)

    def failed(self, said: str, mend: str = "") -> Finding:
        return self._finding(Mark.FAILED, said, mend or self.mend)

    def untold(self, why: str) -> Finding:
        return self._finding(Mark.UNTOLD, why)

    def must_refuse(self, answers: Sequence[Answer]) -> Finding:
        """Proven when AWS refuses every one; one that it allows weighs more than any unknown."""
        return self._judged(answers, wrong=Outcome.ALLOWED, word="refused")

    def must_allow(self, answers: Sequence[Answer]) -> Finding:
        """Proven when AWS allows every one; one that it refuses weighs more than any unknown."""
        return self._judged(answers, wrong=Outcome.REFUSED, word="allowed")

    def _judged(self, answers: Sequence[Answer], *, wrong: Outcome, word: str) -> Finding:
        against = [one for one in answers if one.outcome is wrong]
        unknown = [one for one in answers if one.outcome is Outcome.UNKNOWN]
        if against:
            return self.failed(f"{wrong}: {named(against)}")
        if unknown:
            return self.untold(named(unknown))
        if not answers:
            return self.untold("There was nothing to ask.")
        return self.proven(f"{len(answers)} {word}")

    def _finding(self, mark: Mark, said: str, mend: str = "") -> Finding:
        return Finding(self.account, self.subject, self.promise, self.how, mark, said, mend)


def named(answers: Sequence[Answer]) -> str:
    """The answers in words: some of them, and how many more."""
    shown = [f"{one.what} ({one.said})" if one.said else one.what for one in answers[:_SHOWN]]
    more = len(answers) - len(shown)
    return "; ".join([*shown, f"and {more} more"] if more else shown)


def worst(findings: Sequence[Finding]) -> Mark:
    """FAILED if anything failed, UNTOLD if anything else could not be told."""
    marks = {one.mark for one in findings}
    for mark in (Mark.FAILED, Mark.UNTOLD):
        if mark in marks:
            return mark
    return Mark.PROVEN
