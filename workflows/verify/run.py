"""Reads the accounts, and proves what they promise: several accounts at a time, each by itself."""

import logging
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, TypeVar

from workflows.aws.admin import Admin
from workflows.aws.hands import Hands
from workflows.catalog.arns import user_arn
from workflows.catalog.governed import governed
from workflows.catalog.model import Account, Catalog
from workflows.errors import Trouble
from workflows.reach.judge import Principal
from workflows.reach.read import asked
from workflows.seen import Verdict
from workflows.setup import run as setup
from workflows.setup import wanted
from workflows.setup.objects import Found, Wanted
from workflows.setup.plan import Change, Plan
from workflows.verify import facts, lent, live, own, roles
from workflows.verify.asking import Said, Somebody, Ways
from workflows.verify.finding import Answer, Finding, How, Outcome, Question
from workflows.verify.lent import Entering
from workflows.verify.needs import owns
from workflows.verify.stage import Stage

log = logging.getLogger(__name__)

AT_ONCE: Final = 8
"""Accounts, or grantees, that are worked on at the same time."""

_CHANGES: Final = 12  # of a plan that a finding names
_DIFF: Final = 4  # lines of a change that a finding shows
_IN_A_WORD: Final = re.compile(r"[+-] [a-z]")  # `+ member alice`; not a line of a document
_HOME_UNREAD: Final = "The grantee account could not be read."

Thing = TypeVar("Thing")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Scene:
    """What was read before anything is proven. `verdicts` are by the ARNs of grantee and role."""

    wanted: Mapping[str, Wanted]  # by account id, as all below
    readings: Mapping[str, setup.Reading]
    plans: Mapping[str, Plan]
    admins: Mapping[str, Admin]
    principals: Sequence[Principal] = ()
    verdicts: Mapping[tuple[str, str], Verdict] = field(default_factory=dict)
    inside: frozenset[str] | None = None
    entering: Mapping[str, Entering] | None = None


def steps(catalog: Catalog) -> int:
    """How often `said` is told."""
    return 2 * (len(catalog.accounts) + 1)


def verify(ways: Ways, said: Said, throw_away: Account | None = None) -> list[Finding]:
    """Everything that can be told, account by account, the grantee account first; one that cannot
    be read keeps none of the others from being proven. With `throw_away`, an owner account, what
    only AWS can show comes last: it is asked of a role that is made there and taken away.
    """
    accounts = (ways.catalog.grantee, *ways.catalog.accounts)
    administrators = dict(_at_once(partial(_administrator, ways), accounts))
    ways = replace(
        ways, administrators={id_: one for id_, one in administrators.items() if one is not None}
    )
    scene, cleared = _read(ways, said, clearing=throw_away is not None)

    def prove(account: Account) -> list[Finding]:
        try:
            return _account(ways, scene, account)
        except Exception as error:  # the last line of defence: the others are proven all the same
            reference = uuid.uuid4().hex[:8]
            log.exception("verifying %s broke [%s]", account.name, reference)
            asked = Question(account.name, "", "can be proven", How.CALL)
            return [asked.untold(f"xacct broke: {type(error).__name__} [{reference}]")]
        finally:
            said()

    found = [one for several in _at_once(prove, accounts) for one in several]
    return [*found, *cleared, *(_thrown_away(ways, throw_away) if throw_away else ())]


def _thrown_away(ways: Ways, account: Account) -> list[Finding]:
    inside = ways.administrators.get(account.id)
    if inside is None:
        asked = facts.question(account, "AWS does what xacct assumes")
        return [asked.untold("There is no way into the account.")]
    visitor = ways.administrators.get(ways.catalog.grantee.id)
    comes = visitor is not None and not visitor.caller.is_root
    return live.prove(
        Stage(
            account=account,
            installation=ways.catalog.installation,
            hands=inside.hands,
            visitor=visitor if comes else None,
            name=ways.nobody,
        )
    )


def _administrator(ways: Ways, account: Account) -> tuple[str, Somebody | None]:
    try:
        hands: Hands = ways.hands(account)
        return account.id, Somebody(f"an administrator of {account.name}", hands, hands.who())
    except Trouble:
        return account.id, None  # that there is no way in is told when the account is read


# --- what is read first


def _read(ways: Ways, said: Said, *, clearing: bool) -> tuple[Scene, list[Finding]]:
    """What there is, and what came of throw-away roles of runs that died, with `clearing`."""
    catalog, now = ways.catalog, ways.clock.now()
    everything = wanted.everything(catalog)
    admins: dict[str, Admin] = {}

    def enter(account: Account) -> Admin:
        admins[account.id] = ways.enter(account)
        return admins[account.id]

    readings = setup.reading(catalog, everything, enter, said)
    cleared: list[Finding] = []
    if clearing:
        readings, cleared = _cleared(ways, readings)
    inside = setup.let_in(catalog, readings, now=now)
    scene = Scene(
        wanted={one.account.id: one for one in everything},
        readings={one.wanted.account.id: one for one in readings},
        plans={one.account.id: one for one in setup.plans(readings, inside=inside)},
        admins=admins,
        inside=inside,
    )
    home = scene.readings[catalog.grantee.id].found
    return (scene if home is None else _with_grantees(ways, scene, home)), cleared


def _cleared(
    ways: Ways, readings: Sequence[setup.Reading]
) -> tuple[list[setup.Reading], list[Finding]]:
    """The same without the throw-away roles that could be taken away."""
    kept, found = [], []
    for reading in readings:
        account, there = reading.wanted.account, reading.found
        somebody = ways.administrators.get(account.id)
        left = facts.leftovers(there, ways.catalog.installation) if there is not None else []
        if there is None or somebody is None or not left:
            kept.append(reading)
            continue
        found += live.clear(account, somebody.hands, left)
        names = {one.name.casefold() for one in left}
        others = {name: one for name, one in there.roles.items() if name not in names}
        kept.append(replace(reading, found=replace(there, roles=others)))
    return kept, found


def _with_grantees(ways: Ways, scene: Scene, home: Found) -> Scene:
    catalog, now = ways.catalog, ways.clock.now()
    principals = _principals(catalog, home)
    ask = partial(
        asked, scene.admins[catalog.grantee.id], [role.arn for role in catalog.roles], now
    )
    verdicts = {
        (principal.arn, arn): verdict
        for principal, (found, _) in zip(principals, _at_once(ask, principals), strict=True)
        for arn, verdict in found.items()
    }
    trusts = {}
    for role in catalog.roles:
        found = scene.readings[role.account.id].found
        held = found.roles.get(role.name.casefold()) if found is not None else None
        if found is None or held is not None:
            trusts[role.key] = held.trust if held is not None else None
    entering = lent.entering(catalog, principals, verdicts, trusts, now=now)
    return replace(scene, principals=principals, verdicts=verdicts, entering=entering)


def _principals(catalog: Catalog, home: Found) -> list[Principal]:
    """The users and roles that grantees of the catalog come with, as far as they are there."""
    users = [home.users.get(name.rpartition("/")[2].casefold()) for name in _users(catalog)]
    arns = [
        *(one.role_arn for one in catalog.machines),
        *(one.role_arn for one in catalog.visitors),
    ]
    held = [home.roles.get(arn.rpartition("/")[2].casefold()) for arn in dict.fromkeys(arns)]
    return [
        *(Principal(one.arn, one.unique_id, one.groups) for one in users if one is not None),
        *(Principal(one.arn, one.unique_id) for one in held if one is not None and one.arn in arns),
    ]


def _users(catalog: Catalog) -> list[str]:
    mine = [one.iam_user for one in catalog.engineers if one.iam_user]
    always = [name for one in catalog.standing for name in one.users]
    return list({user_arn(catalog, name): name for name in (*mine, *always)}.values())


# --- what is proven


def _account(ways: Ways, scene: Scene, account: Account) -> list[Finding]:
    reading, mine = scene.readings[account.id], owns(ways.catalog, account)
    is_home = account.id == ways.catalog.grantee.id
    itself = own.itself(ways) if is_home else []
    if reading.found is None:
        return [*own.unread(ways, mine, f"{reading.trouble}."), *itself]
    place = own.Place(scene.admins[account.id], reading.found)
    found = [_as_wanted(scene.plans[account.id])]
    for one in mine:
        found += own.prove(ways, one, place)
    if is_home:
        return [*found, *itself, *_deny_groups(ways.catalog, scene, reading.found)]
    made = {one.arn: one for one in scene.wanted[account.id].roles}
    for role in ways.catalog.roles_of(account):
        entering = _HOME_UNREAD if scene.entering is None else scene.entering[role.key]
        found += roles.prove(ways, role, made[role.arn], place, entering)
    return found


def _as_wanted(planned: Plan) -> Finding:
    question = Question(
        planned.account.name,
        "",
        "is as the catalog says",
        How.READING,
        "Run `xacct setup plan` to see it whole, and `xacct setup apply` to mend it.",
    )
    wrong = [*map(_change, planned.changes), *planned.problems]
    more = [f"and {len(wrong) - _CHANGES} more"] if len(wrong) > _CHANGES else []
    return question.failed("; ".join([*wrong[:_CHANGES], *more])) if wrong else question.proven()


def _change(change: Change) -> str:
    """With what can be said in a word; of documents the plan itself shows the lines."""
    lines = [line for line in change.diff if _IN_A_WORD.match(line)]
    more = [f"and {len(lines) - _DIFF} more"] if len(lines) > _DIFF else []
    shown = ", ".join([*lines[:_DIFF], *more])
    return f"{change.verb} {change.thing} ({shown})" if shown else f"{change.verb} {change.thing}"


def _deny_groups(catalog: Catalog, scene: Scene, home: Found) -> list[Finding]:
    """Each deny group keeps everybody out who is listed, but for whom a grant lets in somewhere."""
    found = []
    folded = {name.casefold() for name in catalog.roster}
    listed = [one for one in scene.principals if one.is_user and one.name.casefold() in folded]
    for group in governed(catalog).values():
        if not group.denies:
            continue
        question = Question(
            catalog.grantee.name,
            group.name,
            "keeps everybody out who is listed and has no grant",
            How.SIMULATION,
            "Put him into the group: `xacct setup apply` does, when every owner account can be "
            "read. If he is in it, the group does not deny what it should.",
        )
        if group.name.casefold() not in home.groups:
            found.append(question.failed("it is not there", "Run `xacct setup apply`."))
            continue
        if scene.inside is None:
            why = "Not every owner account could be read, so it is not known who has a grant."
            found.append(question.untold(why))
            continue
        kept = [one for one in listed if one.unique_id not in scene.inside]
        found.append(
            question.must_refuse([_kept_out(scene, one, group.role_arns) for one in kept])
            if kept
            else question.proven("nobody is listed who has no grant")
        )
    return found


def _kept_out(scene: Scene, one: Principal, role_arns: Sequence[str]) -> Answer:
    """The worst of what the simulation says about him and the group's roles."""
    verdicts = [scene.verdicts.get((one.arn, arn)) for arn in role_arns]
    if any(verdict is not None and verdict.allowed for verdict in verdicts):
        return Answer(one.name, Outcome.ALLOWED, "may ask for a role that it covers")
    if all(verdict is not None and verdict.refused for verdict in verdicts):
        return Answer(one.name, Outcome.REFUSED)
    return Answer(one.name, Outcome.UNKNOWN, "AWS's simulation does not say")


def _at_once(work: Callable[[Thing], Made], several: Sequence[Thing]) -> list[Made]:
    if not several:
        return []
    with ThreadPoolExecutor(min(AT_ONCE, len(several)), thread_name_prefix="verify") as pool:
        return list(pool.map(work, several))
