"""`xacct setup verify`: whose keys ask, what is shown of the answers, and the exit code."""

import argparse
import json
import secrets
from collections.abc import Sequence
from typing import Final

from bot.setup.screen import Screen
from workflows.aws.doors import Doors
from workflows.aws.fence import Managers
from workflows.aws.hands import Hands
from workflows.catalog.model import Account, Catalog
from workflows.clock import Clock
from workflows.errors import Refused, Trouble
from workflows.verify import needs, run
from workflows.verify.asking import Bot, Somebody, Ways
from workflows.verify.facts import BY_HAND, ByHand
from workflows.verify.finding import Finding, Mark, worst

PROVEN: Final = 0
FAILED: Final = 1
UNTOLD: Final = 2
"""Exit codes: everything was proven; something is not as it must be, or the catalog or the way in
is wrong; nothing is known to be wrong, but something could not be told.
"""

_CODES: Final = {Mark.PROVEN: PROVEN, Mark.FAILED: FAILED, Mark.UNTOLD: UNTOLD}
_SHOWN: Final = {
    Mark.PROVEN: ("✓", "green"),
    Mark.FAILED: ("✗", "red"),
    Mark.UNTOLD: ("–", "yellow"),  # noqa: RUF001  neither yes nor no
}
_RUN: Final = "verify"


class NoAccount(Refused):
    """There is no owner account for `--live`."""


class NoPerson(Refused):
    """The profile of `--as` has no keys that AWS takes."""


def verify(
    said: argparse.Namespace, catalog: Catalog, doors: Doors, screen: Screen, clock: Clock
) -> int:
    """Proves what can be proven, and shows it. Raises Refused."""
    nobody = f"xacct-verify-{secrets.token_hex(8)}"
    ways = Ways(
        catalog=catalog,
        clock=clock,
        enter=doors.enter,
        hands=doors.hands,
        bot=_bot(catalog, said.bot_profile, clock),
        nobody=nobody,
        persons=[_person(profile) for profile in dict.fromkeys(said.as_profile)],
    )
    throw_away = _throw_away(catalog, said.live)
    with screen.progress("Verifying", run.steps(catalog)) as one_more:
        found = run.verify(ways, one_more, throw_away)
    by_hand = BY_HAND if throw_away is not None else ()
    if said.json:
        screen.write(json.dumps(_plain(found, by_hand), indent=2))
    else:
        _show(found, by_hand, screen, with_persons=bool(ways.persons))
    return _CODES[worst(found)]


def _throw_away(catalog: Catalog, named: str | None) -> Account | None:
    """The owner account that `--live` means. Raises Refused."""
    if named is None:
        return None
    if named:
        return catalog.find_account(named, catalog.accounts)
    if not catalog.accounts:
        raise NoAccount("The catalog has no owner account in which a role could be thrown away.")
    return catalog.accounts[0]


def _bot(catalog: Catalog, profile: str | None, clock: Clock) -> Bot | str:
    """The keys of xacct itself, or why there are none."""
    whose = f"of the profile {profile}" if profile else "of the environment"
    otherwise = "Give xacct's own with `--bot-profile`, or run this where xacct runs."
    try:
        hands = Hands.of_profile(profile)
        caller = hands.who()
    except Trouble as trouble:
        return f"The keys {whose} do not work ({trouble}). {otherwise}"
    if catalog.bot_arn is not None and (wrong := needs.not_xacct(caller, catalog.bot_arn)):
        return f"{wrong}. {otherwise}"
    return Bot(hands, Managers(hands.session, clock=clock, run=_RUN))


def _person(profile: str) -> Somebody:
    try:
        hands = Hands.of_profile(profile)
        caller = hands.who()
    except Trouble as trouble:
        raise NoPerson(
            f"With the profile {profile} AWS cannot be asked: {trouble}. `--as` takes a profile of "
            "~/.aws that has somebody's own keys."
        ) from None
    if caller.is_root:
        raise NoPerson(
            f"The profile {profile} has the keys of an account's root, which AWS lets assume no "
            "role. `--as` takes somebody's own keys."
        )
    return Somebody(caller.words, hands, caller)


def _show(
    found: Sequence[Finding], by_hand: Sequence[ByHand], screen: Screen, *, with_persons: bool
) -> None:
    """A line for each promise, under its account; of what failed, how it is mended."""
    before, told = None, set[str]()
    for one in found:
        if one.account != before:
            screen.say(one.account, "bold")
            before = one.account
        mark, colour = _SHOWN[one.mark]
        about = f"{one.subject} " if one.subject else ""
        said = "as above" if one.mark is Mark.UNTOLD and one.said in told else one.said
        told.add(one.said)
        detail = f": {said}" if said else ""
        screen.say(f"  {mark} {about}{one.promise} [{one.how}]{detail}", colour)
        if one.mend:
            screen.say(f"      {one.mend}")
    if by_hand:
        screen.say("by hand", "bold")
    for other in by_hand:
        screen.say(f"  · {other.assumed}")
        screen.say(f"      {other.do}")
    screen.say(_summary(found))
    if not with_persons:
        screen.say(
            "That grantees without a grant are refused was told by AWS's simulation and the trust "
            "policies. With `--as <profile>` somebody's own keys prove it by real calls."
        )


def _summary(found: Sequence[Finding]) -> str:
    many = {mark: sum(one.mark is mark for one in found) for mark in Mark}
    accounts = len({one.account for one in found})
    return (
        f"{accounts} {'account' if accounts == 1 else 'accounts'}: {many[Mark.PROVEN]} proven, "
        f"{many[Mark.FAILED]} failed, {many[Mark.UNTOLD]} could not be told."
    )


def _plain(found: Sequence[Finding], by_hand: Sequence[ByHand]) -> dict[str, object]:
    return {
        "result": worst(found).value,
        "findings": [
            {
                "account": one.account,
                "subject": one.subject or None,
                "promise": one.promise,
                "how": one.how.value,
                "mark": one.mark.value,
                "said": one.said or None,
                "mend": one.mend or None,
            }
            for one in found
        ],
        "by_hand": [{"assumed": one.assumed, "do": one.do} for one in by_hand],
    }
