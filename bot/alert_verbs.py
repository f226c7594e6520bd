"""What administrators click on alerts → the workflow's verbs."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from bot.blocks import code
from workflows.catalog.model import Catalog
from workflows.drift import verbs
from workflows.person import Person

KINDS: Final = frozenset({"remove", "leave"})
"""Kinds of inbox rows that are paid here."""


def prepare(
    catalog: Catalog, kind: str, asked: dict[str, Any], *, by: Person, now: datetime
) -> Callable[[Session], str]:
    """The deed that pays such a row: it runs in a transaction, and returns the answer."""
    alert_id = int(asked["alert"])
    if kind == "leave":

        def leave(session: Session) -> str:
            verbs.leave(session, catalog, alert_id, by=by, now=now)
            return "The alert is over: it is left as it is."

        return leave
    spot = verbs.Spot(alert_id, str(asked["group"]), str(asked["user"]))

    def remove(session: Session) -> str:
        name = verbs.remove(session, catalog, spot, by=by, now=now)
        return f"{code(name, 64)} is being taken out of {code(spot.group, 128)}."

    return remove
