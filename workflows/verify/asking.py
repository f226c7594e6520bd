"""With what verify works, and how a call becomes an answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from workflows.aws.admin import Admin
from workflows.aws.errors import AwsGone, AwsRefused
from workflows.aws.fence import Managers
from workflows.aws.hands import Hands
from workflows.catalog.model import Account, Catalog
from workflows.clock import Clock
from workflows.errors import Trouble
from workflows.seen import Caller, Verdict
from workflows.verify.finding import Answer, Outcome
from workflows.verify.needs import Asked, answers

DENIED: Final = "AccessDenied"

Said = Callable[[], None]
"""Is told when one more account was proven."""


@dataclass(frozen=True)
class Somebody:
    """Keys, and who AWS says they are; `words` are what he is called here."""

    words: str
    hands: Hands
    caller: Caller


@dataclass(frozen=True)
class Bot:
    """xacct's own keys, and the sessions that it takes with them as it does at work."""

    hands: Hands
    managers: Managers


@dataclass(frozen=True)
class Ways:
    """`enter` is into an account with an administrator's rights, `hands` his keys there. `bot` may
    be a sentence: why xacct's own keys are not there. `persons` are whoever is asked for by name.
    """

    catalog: Catalog
    clock: Clock
    enter: Callable[[Account], Admin]
    hands: Callable[[Account], Hands]
    bot: Bot | str
    nobody: str  # a name that nobody has, in any account
    persons: Sequence[Somebody] = ()
    administrators: Mapping[str, Somebody] = field(default_factory=dict)  # by account id


def tried(what: str, call: Callable[[], object]) -> Answer:
    """Makes the call. What AWS looked for and did not find it would have done: it judges first
    whether somebody may.
    """
    try:
        call()
    except AwsGone:
        return Answer(what, Outcome.ALLOWED, "AWS let it through to what is not there")
    except AwsRefused as trouble:
        known = trouble.code == DENIED
        return Answer(what, Outcome.REFUSED if known else Outcome.UNKNOWN, str(trouble))
    except Trouble as trouble:
        return Answer(what, Outcome.UNKNOWN, str(trouble))
    return Answer(what, Outcome.ALLOWED)


def simulated(admin: Admin, principal_arn: str, several: Sequence[Asked]) -> list[Answer]:
    """What AWS's simulation says of each; what it could not be asked is not known."""
    found: list[Answer] = []
    for asked in several:
        verdicts: Mapping[tuple[str, str], Verdict]
        try:
            verdicts = admin.simulated(
                principal_arn, list(asked.words), asked.resources, asked.keys
            )
        except Trouble as trouble:
            words = ", ".join(asked.words.values())
            found.append(Answer(words, Outcome.UNKNOWN, str(trouble)))
        else:
            found += answers(asked, verdicts)
    return found
