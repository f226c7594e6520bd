"""Proves of each lent role that nobody comes in but by a grant or the catalog."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Final

from workflows.catalog.model import Role
from workflows.documents.text import Document
from workflows.errors import Trouble
from workflows.seen import Caller
from workflows.setup import objects
from workflows.verify import lent
from workflows.verify.asking import Bot, Somebody, Ways, tried
from workflows.verify.finding import Answer, Finding, How, Mark, Outcome, Question
from workflows.verify.lent import Entering, Expectation, Expected
from workflows.verify.own import Place, administrators

_NOT_MEANT: Final = (
    "Take the statement out of the role's trust policy in the owner account; whoever is to enter "
    "always is written down under `standing` in the catalog."
)
_WHO: Final = "`xacct audit-access` shows through what; then take it out."
_NO_GRANTEE: Final = (
    "AWS has nobody whom the catalog lists. Whom an identity rule finds `xacct audit-access` shows."
)
_NEAR: Final = timedelta(minutes=1)
_MFA: Final = "The grant asks for MFA: take a session with a code (sts:GetSessionToken) for this."


def prove(
    ways: Ways, role: Role, wanted: objects.Role, place: Place, entering: Entering | str
) -> Iterator[Finding]:
    """All promises about one lent role. `entering` may be a sentence: why it is not known."""
    ask = partial(Question, role.account.name, role.name)
    now = ways.clock.now()
    lets_in = ask("lets nobody in but by a grant or the catalog", How.READING, _NOT_MEANT)
    held = place.found.roles.get(role.name.casefold())
    if held is None or held.arn != role.arn:
        yield lets_in.failed("it is not there", "Run `xacct setup plan`: it says why.")
        return
    home = ways.catalog.grantee.id
    wrong = lent.outsiders(role, wanted, held.trust, home=home, now=now)
    yield lets_in.failed("; ".join(wrong)) if wrong else lets_in.proven()
    yield _outsiders(ways, ask("refuses outsiders", How.CALL, _WHO), role, held.trust)
    yield from _grantees(ask, entering)
    for one in ways.persons:
        person = partial(_person, ways, ask, role, one)
        yield from _twice(person, held.trust, partial(place.admin.trust, role.name))


def _outsiders(ways: Ways, question: Question, role: Role, document: Document) -> Finding:
    """By the keys of administrators, who may ask for anything, and of xacct itself."""
    expect = partial(lent.expected, ways.catalog, role, document, now=ways.clock.now())
    asked = [
        tried(
            f"{one.caller.arn}, {one.words}",
            partial(one.hands.try_to_enter, role.arn, one.caller.name),
        )
        for one in administrators(ways, role.account.id)
        if expect(one.caller).what is Expected.OUT
    ]
    if isinstance(ways.bot, Bot):
        enter = partial(ways.bot.hands.try_to_enter, role.arn, "xacct-verify")
        asked.append(tried("xacct itself", enter))
    if not asked:
        return question.untold("There is nobody here whose refusal would tell anything.")
    return question.must_refuse(asked)


def _grantees(ask: Callable[..., Question], entering: Entering | str) -> Iterator[Finding]:
    refuses = ask("refuses every grantee who has no grant", How.SIMULATION, _WHO)
    if isinstance(entering, str):
        yield refuses.untold(entering)
        return
    if entering.uncalled:
        yield refuses.failed("; ".join(entering.uncalled))
    elif entering.unknown:
        yield refuses.untold(f"Not known of {', '.join(entering.unknown)}.")
    elif not entering.judged:
        yield refuses.untold(_NO_GRANTEE)
    else:
        open_now = f"open now: {'; '.join(entering.lent)}" if entering.lent else ""
        yield refuses.proven(open_now)
    always = ask(
        "lets in who may always enter, by the catalog",
        How.SIMULATION,
        "Run `xacct setup apply`. If it has nothing to do, a policy or a deny group keeps him out.",
    )
    if entering.kept_out:
        yield always.failed("; ".join(entering.kept_out))
    elif entering.always:
        yield always.proven(f"{len(entering.always)} asked about")


# --- with a person's own keys


def _twice(
    person: Callable[[Document], list[Finding]], document: Document, again: Callable[[], Document]
) -> list[Finding]:
    """Once more with the trust policy of now, where a grant may have begun or ended since it was
    read.
    """
    found = person(document)
    if all(one.mark is not Mark.FAILED for one in found):
        return found
    try:
        now = again()
    except Trouble:
        return found
    return found if now == document else person(now)


def _person(
    ways: Ways, ask: Callable[..., Question], role: Role, one: Somebody, document: Document
) -> list[Finding]:
    return list(_asked(ways, ask, role, one, document))


def _asked(
    ways: Ways, ask: Callable[..., Question], role: Role, one: Somebody, document: Document
) -> Iterator[Finding]:
    expect = lent.expected(ways.catalog, role, document, one.caller, now=ways.clock.now())
    is_in, answer = _enters(ways, role, one)
    if expect.what is Expected.PERHAPS:
        if is_in is not None:
            yield _in(ask, one, expect, role, is_in)
        return
    if expect.what is Expected.OUT:
        question = ask(f"refuses {one.words}, who {expect.words}", How.CALL, _WHO)
        yield question.must_refuse([answer])
        return
    question = ask(
        f"lets {one.words} in, who {expect.words}",
        How.CALL,
        "What was opened takes up to a minute to spread. If it lasts, look at the card of the "
        "request, and at `xacct drift`; of standing access, at `xacct setup plan`.",
    )
    if is_in is not None:
        yield _in(ask, one, expect, role, is_in)
    elif expect.until is not None and expect.until < ways.clock.now() + _NEAR:
        yield question.untold("The grant ends now.")
    elif expect.mfa and answer.outcome is Outcome.REFUSED:
        yield question.untold(_MFA)
    else:
        yield question.must_allow([answer])


def _in(
    ask: Callable[..., Question], one: Somebody, expect: Expectation, role: Role, who: Caller
) -> Finding:
    question = ask(f"lets {one.words} in, who {expect.words}", How.CALL)
    said = f"AWS calls the session {who.arn}"
    return question.proven(said) if who.has(role.arn) else question.failed(said, _WHO)


def _enters(ways: Ways, role: Role, one: Somebody) -> tuple[Caller | None, Answer]:
    """Under the name that xacct's statements bind; the session may say who it is, nothing more."""
    found: list[Caller] = []

    def enter() -> None:
        name = lent.session_name(ways.catalog, one.caller)
        found.append(one.hands.enter(role.arn, name).who())

    answer = tried(one.caller.arn, enter)
    return (found[0] if found else None), answer
