"""What must be so after a run, asked of AWS with each one's own keys, and of the database."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import select

from db import audit
from db.lifecycle import MOVES, RECORDED, State
from db.models import Audit, Request
from tests.chaos.house import House
from tests.chaos.humans import Theirs
from tests.chaos.people import Visitor

REFUSED = "AccessDenied"


class Wrong(AssertionError):  # noqa: N818  it says what happened
    """Something is not as it must be; the text says all that is not."""


def insist(found: Iterable[str]) -> None:
    """Raises Wrong with every complaint there is."""
    if complaints := list(found):
        raise Wrong("; ".join(complaints))


@dataclass(frozen=True)
class Before:
    """How a visitor and what is not his were, before anything of a run was done."""

    theirs: Theirs
    groups: set[str]
    trust: set[str]
    neighbour: set[str]

    @classmethod
    def of(cls, visitor: Visitor, neighbour: Visitor) -> "Before":
        house = visitor.house
        house.settled()
        humans = house.humans
        return cls(
            humans.theirs(),
            humans.groups_of(visitor.name),
            humans.ours_in_trust(),
            neighbour.dates(),
        )


def usable(visitor: Visitor) -> Iterator[str]:
    """He is in, as the row says."""
    visitor.house.settled()
    answer = visitor.knocks()
    if not answer.ok:
        yield f"{visitor.name}'s grant is active and AWS says {answer.said} to him"
    if visitor.session is not None and visitor.has_young_session and not visitor.is_inside():
        yield f"{visitor.name}'s grant is active and his session is dead"
    if visitor.earlier_session_lives():
        yield f"a session of {visitor.name}'s from before his grant lives"


def shut_out(visitor: Visitor, when: str) -> Iterator[str]:
    """Nothing of his lets him do anything."""
    answer = visitor.knocks()
    if answer.said != REFUSED:
        yield f"{when} AWS says {answer.said} when {visitor.name} knocks"
    if visitor.session is not None and visitor.is_inside():
        yield f"{when} {visitor.name}'s session lives"
    if visitor.earlier_session_lives():
        yield f"{when} an earlier session of {visitor.name}'s lives"


def untouched(before: Before, neighbour: Visitor) -> Iterator[str]:
    """The neighbour is in as he was, and what people put there is as it was."""
    neighbour.house.settled()
    if neighbour.dates() != before.neighbour:
        yield f"the neighbour's statement is {neighbour.dates()} and was {before.neighbour}"
    if neighbour.has_young_session and not neighbour.is_inside():
        yield "the neighbour's session is dead"
    if not neighbour.knocks().ok:
        yield "the neighbour is not let in any more"
    now = neighbour.house.humans.theirs()
    if now != before.theirs:
        yield f"what people put there is {now} and was {before.theirs}"


def as_before(before: Before, visitor: Visitor) -> Iterator[str]:
    """Nothing of the grant is left but its session end."""
    visitor.house.settled()
    humans = visitor.house.humans
    if (groups := humans.groups_of(visitor.name)) != before.groups:
        yield f"{visitor.name} is in {groups} and was in {before.groups}"
    if (trust := humans.ours_in_trust()) != before.trust:
        yield f"the trust policy has {trust} and had {before.trust}"


def told(visitor: Visitor) -> Iterator[str]:
    """The card in Slack says what the row says."""
    row, text = visitor.row, visitor.card().text
    if row.state is State.ENDED and "Ended" not in text:
        yield f"#{row.id} is {row.state} and its card says: {text}"


def audited(house: House) -> Iterator[str]:
    """The chain holds, and each request came to its state by moves that are all in it."""
    with house.database.read() as session:
        verdict = audit.verify(session, house.database.key)
        rows = session.scalars(select(Audit).order_by(Audit.number)).all()
        states: dict[int, State] = {}
        for row in rows:
            if row.request_id is not None:
                yield from _follow(states, row)
        for request in session.scalars(select(Request)):
            if states.get(request.id) is not request.state:
                yield f"#{request.id} is {request.state}, by the audit {states.get(request.id)}"
    if verdict.wrong is not None:
        yield f"row {verdict.wrong} of the audit {verdict.what}"


_HAPPENED = {name: event for event, name in RECORDED.items()}


def _follow(states: dict[int, State], row: Audit) -> Iterator[str]:
    assert row.request_id is not None
    if row.event == "requested":
        states[row.request_id] = State.PENDING
    elif (event := _HAPPENED.get(row.event)) is not None:
        was = states.get(row.request_id)
        to = MOVES.get((was, event)) if was is not None else None
        if to is None:
            yield f"the audit says {row.event} of #{row.request_id}, which was {was}"
        else:
            states[row.request_id] = to
