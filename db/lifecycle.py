"""The life of a request: its states, what can happen to it, and the one table of moves."""

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a request stands. The first four owe something; the last four are final."""

    PENDING = "pending"
    APPROVED = "approved"
    ACTIVE = "active"
    ENDING = "ending"
    ENDED = "ended"
    DENIED = "denied"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"


class Event(StrEnum):
    """What can happen to a request."""

    APPROVE = "approve"
    DENY = "deny"
    CANCEL = "cancel"
    LAPSE = "lapse"
    OPENED = "opened"
    FAILED = "failed"
    END = "end"
    CLOSED = "closed"


RECORDED: Final[dict[Event, str]] = {
    Event.APPROVE: "approved",
    Event.DENY: "denied",
    Event.CANCEL: "cancelled",
    Event.LAPSE: "lapsed",
    Event.OPENED: "opened",
    Event.FAILED: "failed",
    Event.END: "ending",
    Event.CLOSED: "ended",
}
"""What the audit log calls them, once they have happened."""


class Why(StrEnum):
    """Why a request ended: the column beside the state."""

    TIME = "time"
    REVOKED = "revoked"
    GIVEN_BACK = "given back"
    WITHDRAWN = "withdrawn"
    NOT_OPENED = "not opened in time"
    FAILED = "failed"
    CHANGED = "changed since approval"
    REMOVED = "removed in AWS"
    WIDENED = "trust widened in AWS"


OPEN: Final = (State.APPROVED, State.ACTIVE, State.ENDING)
"""States in which something of the request may stand in AWS."""

FINAL: Final = (State.ENDED, State.DENIED, State.CANCELLED, State.LAPSED)
"""States from which nothing leads on."""

UNDECIDED_OR_OPEN: Final = (State.PENDING, State.APPROVED, State.ACTIVE)
"""States that a revoke acts on."""

MOVES: Final[dict[tuple[State, Event], State]] = {
    (State.PENDING, Event.APPROVE): State.APPROVED,
    (State.PENDING, Event.DENY): State.DENIED,
    (State.PENDING, Event.CANCEL): State.CANCELLED,
    (State.PENDING, Event.LAPSE): State.LAPSED,
    (State.PENDING, Event.END): State.CANCELLED,
    (State.APPROVED, Event.CANCEL): State.ENDING,
    (State.APPROVED, Event.OPENED): State.ACTIVE,
    (State.APPROVED, Event.FAILED): State.ENDING,
    (State.APPROVED, Event.END): State.ENDING,
    (State.ACTIVE, Event.CANCEL): State.ENDING,
    (State.ACTIVE, Event.END): State.ENDING,
    (State.ENDING, Event.CLOSED): State.ENDED,
}


class IllegalMove(Exception):  # noqa: N818  an answer: the request is elsewhere by now
    """The event cannot happen to a request in its present state."""

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"a request that is {state} cannot {event}")
        self.state = state
        self.event = event


def after(state: State, event: Event) -> State:
    """The state that `event` leads to; raises IllegalMove where the table has no entry."""
    try:
        return MOVES[state, event]
    except KeyError:
        raise IllegalMove(state, event) from None
