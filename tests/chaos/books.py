"""What a house's database says, asked often: so in few words to it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from db.lifecycle import State
from db.models import Inbox, Request, Target, Utc
from db.session import Database

_NOW: Final = bindparam("now", type_=Utc)
_TARGETS: Final = or_(Target.settle_at <= _NOW, Target.lease.is_not(None))
_REQUESTS: Final = or_(Request.draw_at.is_not(None), Request.look_at <= _NOW)
_UNPAID: Final = Inbox.try_at.is_not(None)
_OWES: Final = select(
    or_(exists().where(_TARGETS), exists().where(_REQUESTS), exists().where(_UNPAID))
)
_SAID: Final = select(exists().where(_UNPAID))
_LEASED: Final = select(exists().where(Target.lease.is_not(None)))


class Books:
    """Reads only."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._engine = database.engine
        if not database.is_sqlite:  # one question, and no transaction around it
            self._engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")

    def state(self, request_id: int) -> State:
        query = select(Request.state).where(Request.id == request_id)
        with self._engine.connect() as connection:
            return connection.execute(query).scalar_one()

    def row(self, request_id: int) -> Request:
        with self._database.read() as session:
            return session.get_one(Request, request_id)

    def newest(self) -> int:
        """The number of the newest request, 0 when there is none."""
        with self._engine.connect() as connection:
            return connection.execute(select(func.max(Request.id))).scalar_one() or 0

    def is_calm(self, now: datetime) -> bool:
        """Whether nothing must be done at this moment."""
        with self._engine.connect() as connection:
            return not connection.execute(_OWES, {"now": now}).scalar_one()

    def is_leased(self) -> bool:
        """Whether some target is, by the living or the dead."""
        with self._engine.connect() as connection:
            return bool(connection.execute(_LEASED).scalar_one())

    def inbox_is_paid(self) -> bool:
        """Whether all that people said has been done, or refused."""
        with self._engine.connect() as connection:
            return not connection.execute(_SAID).scalar_one()

    def owed(self, now: datetime) -> list[str]:
        """What must be done at this moment, in words."""
        with self._database.read() as session:
            return list(_owed(session, now))


def _owed(session: Session, now: datetime) -> Iterator[str]:
    for target in session.scalars(select(Target).where(_TARGETS), {"now": now}):
        yield f"{target.arn} must be settled ({target.trouble})"
    for row in session.scalars(select(Request).where(_REQUESTS), {"now": now}):
        yield f"#{row.id} must be drawn or looked at"
    for said in session.scalars(select(Inbox).where(_UNPAID)):
        yield f"{said.kind} was said and must be done"
