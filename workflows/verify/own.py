"""Proves what xacct's own roles are: who comes in, what they can do, and that it is all."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from workflows.aws.admin import Admin
from workflows.aws.fence import Fenced
from workflows.aws.hands import Hands
from workflows.catalog.model import Catalog
from workflows.documents import session_end
from workflows.errors import Trouble
from workflows.setup.objects import Found, FoundRole
from workflows.setup.rights import entrance
from workflows.verify import needs
from workflows.verify.asking import Bot, Somebody, Ways, simulated, tried
from workflows.verify.finding import Answer, Finding, How, Outcome, Question
from workflows.verify.needs import Own

_APPLY: Final = "Run `xacct setup apply`"
_RIGHTS: Final = (
    f"{_APPLY}. If it has nothing to do, a service control policy of the organization, or a policy "
    "that is named here, is in the way."
)
_TOO_MUCH: Final = (
    f"{_APPLY}. If it has nothing to do, take out what is named here: nothing else may give this "
    "role rights."
)
_OURS: Final = "xacct-verify"  # a session name that the roles take


@dataclass(frozen=True)
class Place:
    """One account with an administrator in it, and what he read there."""

    admin: Admin
    found: Found


def prove(ways: Ways, own: Own, place: Place | None) -> list[Finding]:
    """All promises about one role of xacct's own. Without `place`, those that its keys prove."""
    found = [*_comes_in(ways, own)]
    if place is None:
        return found
    found.append(_trusts(ways, own, place.found))
    if _held(own, place.found) is not None:
        found += _others_stay_out(ways, own)
        found += _may(ways, own, place)
    return found


# --- who comes in


def _comes_in(ways: Ways, own: Own) -> Iterator[Finding]:
    """By the keys of xacct itself; with a session, what it reads and is refused, too."""
    ask = partial(Question, own.account.name, own.name)
    comes = ask(
        "lets xacct in as it comes at work",
        How.CALL,
        "Compare `external_id` and `bot` in the catalog with the role's trust policy; "
        "`xacct setup apply` writes it. xacct's own identity needs sts:AssumeRole on this role.",
    )
    if isinstance(ways.bot, str):
        yield comes.untold(ways.bot)
        return
    session, answer = _session(ways.bot, own)
    yield comes.must_allow([answer])
    refusals = ask(
        "refuses xacct under another name"
        if own.external_id is None
        else "refuses xacct without the external id, with another one, and under another name",
        How.CALL,
        f"{_APPLY}: it writes the trust policy anew.",
    )
    if session is None:
        yield refusals.untold("xacct does not come in at all, so a refusal tells nothing.")
        return
    yield refusals.must_refuse(_odd_ways(ways.bot, own, ways.nobody))
    if isinstance(session, Fenced):
        reads = ask("reads what it must", How.CALL, _RIGHTS)
        yield reads.must_allow([tried(*one) for one in _reads(ways.catalog, own, session)])
    refused = ask("is refused what it may not", How.CALL, _TOO_MUCH)
    yield _refused(ways, own, refused, session)


Session = Fenced | Hands


def _session(bot: Bot, own: Own) -> tuple[Session | None, Answer]:
    """As xacct takes it at work: of a manager role behind the fence."""
    taken: list[Session] = []

    def take() -> None:
        if own.is_vendor:
            name = f"{_OURS}-vend"
            taken.append(bot.hands.enter(own.arn, name, own.external_id, policy=None))
        else:
            taken.append(bot.managers.fenced(own.arn, own.external_id))

    answer = tried("sts:AssumeRole", take)
    return (taken[0] if taken else None), answer


def _odd_ways(bot: Bot, own: Own, nobody: str) -> list[Answer]:
    enter = partial(bot.hands.try_to_enter, own.arn)
    asked = [tried("under another name", lambda: enter("verify", own.external_id))]
    if own.external_id is not None:
        asked += [
            tried("without the external id", lambda: enter(_OURS)),
            tried("with another external id", lambda: enter(_OURS, nobody)),
        ]
    return asked


def _others_stay_out(ways: Ways, own: Own) -> Iterator[Finding]:
    """By the keys of administrators, who may call anything but are not xacct."""
    question = Question(
        own.account.name,
        own.name,
        "refuses administrators, who are not xacct",
        How.CALL,
        f"{_APPLY}: it writes the trust policy anew. Then look in CloudTrail who changed it.",
    )
    others = [one for one in administrators(ways, own.account.id) if not _is_bot(ways, one)]
    if not others:
        yield question.untold("There is nobody here whose refusal would tell anything.")
        return
    asked = [
        tried(one.caller.arn, partial(one.hands.try_to_enter, own.arn, _OURS, own.external_id))
        for one in others
    ]
    yield question.must_refuse(asked)


def administrators(ways: Ways, account_id: str) -> list[Somebody]:
    """Of this account and of the grantee account, each once. AWS lets no root assume any role, so
    a root's refusal would tell nothing.
    """
    ids = dict.fromkeys((account_id, ways.catalog.grantee.id))
    there = [ways.administrators[one] for one in ids if one in ways.administrators]
    return list({one.caller.arn: one for one in there if not one.caller.is_root}.values())


def _is_bot(ways: Ways, somebody: Somebody) -> bool:
    return ways.catalog.bot_arn is not None and somebody.caller.has(ways.catalog.bot_arn)


def _trusts(ways: Ways, own: Own, found: Found) -> Finding:
    question = Question(
        own.account.name,
        own.name,
        "trusts xacct and nobody else",
        How.READING,
        f"{_APPLY}: it writes the trust policy anew.",
    )
    held, bot = _held(own, found), ways.catalog.bot_arn
    if held is None or bot is None:
        return question.failed("it is not there", f"{_APPLY}.")
    wrong = needs.entrance_fault(held.trust, entrance(bot, own.external_id))
    return question.failed(wrong) if wrong is not None else question.proven()


def _held(own: Own, found: Found) -> FoundRole | None:
    """The role as it was read; one of its name at another path is not it."""
    held = found.roles.get(own.name.casefold())
    return held if held is not None and held.arn == own.arn else None


# --- what it can do


def _may(ways: Ways, own: Own, place: Place) -> Iterator[Finding]:
    ask = partial(Question, own.account.name, own.name)
    can = ask("can do what lending takes", How.SIMULATION, _RIGHTS)
    nothing = ask("can do nothing else", How.SIMULATION, _TOO_MUCH)
    wanted = list(needs.needed(ways.catalog, own, place.found))
    yield can.must_allow(simulated(place.admin, own.arn, wanted))
    banned = list(needs.forbidden(ways.catalog, own, place.found, nobody=ways.nobody))
    yield nothing.must_refuse(simulated(place.admin, own.arn, banned))


Reads = Iterator[tuple[str, Callable[[], object]]]


def _reads(catalog: Catalog, own: Own, session: Fenced) -> Reads:
    """Real reads, one of each that a look or a settle begins with."""
    iam = session.iam
    yield "iam:GetAccountSummary", iam.quotas
    for role in own.roles:
        yield f"iam:GetRole on {role.name}", partial(iam.role, role.name)
        yield f"iam:ListRolePolicies on {role.name}", partial(iam.other_inline_names, role.name)
        yield (
            f"iam:GetRolePolicy on {role.name}",
            partial(iam.inline_policy, role.name, session_end.NAME),
        )
    for arn in own.groups:
        name = arn.rpartition("/")[2]
        yield f"iam:GetGroup on {name}", partial(iam.members_of, name)
        yield f"iam:ListGroupPolicies on {name}", partial(iam.inline_group_names, name)
        yield f"iam:ListAttachedGroupPolicies on {name}", partial(iam.attached_group_arns, name)
    if own.account.id == catalog.grantee.id:
        for name in sorted(catalog.roster):
            yield f"iam:ListGroupsForUser on {name}", partial(iam.groups_of, name)


def _refused(ways: Ways, own: Own, question: Question, session: Session) -> Finding:
    """Real calls that change nothing even if AWS should allow them."""
    several = needs.calls(own, nobody=ways.nobody)
    return question.must_refuse([_call(ways, own, session, one) for one in several])


def _call(ways: Ways, own: Own, session: Session, one: needs.Harmless) -> Answer:
    """With a session whose fence was ahead when AWS answered: else it refuses everything."""
    if isinstance(session, Hands):
        return tried(one.what, partial(session.call, "iam", one.action, one.parameters))
    assert isinstance(ways.bot, Bot)
    try:
        held = ways.bot.managers.fenced(own.arn, own.external_id)
    except Trouble as trouble:
        return Answer(one.what, Outcome.UNKNOWN, str(trouble))
    answer = tried(one.what, partial(held.iam.call, one.action, one.parameters))
    if answer.outcome is Outcome.REFUSED and held.left(ways.clock.now()) <= timedelta(0):
        return Answer(one.what, Outcome.UNKNOWN, "the session was over by then")
    return answer


def itself(ways: Ways) -> list[Finding]:
    """What xacct's own identity may beside entering its roles: nothing, by real calls. Nothing is
    told of it without its keys, as of all that only these prove.
    """
    if isinstance(ways.bot, str) or ways.catalog.bot_arn is None:
        return []
    home = ways.catalog.grantee
    question = Question(
        home.name,
        "xacct itself",
        "is refused what it may not in its own account",
        How.CALL,
        "Take every right out of xacct's own identity but sts:AssumeRole on its manager roles and "
        "vendor role, and those that keep anchors in S3.",
    )
    me = Own(home, ways.catalog.bot_arn, None, is_vendor=True)  # as the vendor role, it writes none
    return [_refused(ways, me, question, ways.bot.hands)]


def unread(ways: Ways, several: Sequence[Own], why: str) -> list[Finding]:
    """What can be told of an account that its administrator could not read."""
    found = [one for own in several for one in prove(ways, own, None)]
    account = several[0].account.name
    question = Question(account, "", "can be read by its administrator", How.CALL)
    return [question.untold(f"{why} What is read with his rights is not told."), *found]
