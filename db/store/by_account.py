"""What is due of requests, a few of each account: one that has much waiting keeps no other back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.models import Request


def asked(column: InstrumentedAttribute[Any]) -> Select[Any]:
    """The question for requests of which this column is due. It is asked many times a second: make
    it once.
    """
    place = func.row_number().over(partition_by=Request.account_id, order_by=column)
    found = (
        select(Request.id, Request.account_id, place.label("place"))
        .where(column <= bindparam("now"))
        .subquery()
    )
    return select(found.c.id, found.c.account_id).where(found.c.place <= bindparam("per_account"))


def due(
    session: Session, query: Select[Any], now: datetime, per_account: int
) -> Sequence[tuple[int, str]]:
    """(id, account id) of those that are due, of each account that many of the oldest."""
    rows = session.execute(query, {"now": now, "per_account": per_account})
    return [(row[0], row[1]) for row in rows]
