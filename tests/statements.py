"""SQL is compiled once for all databases of a kind, not anew for each test's own.

SQLAlchemy keeps what it compiled by the engine's dialect, and every engine has its own; two of one
kind on one server differ in nothing that a statement is made of.
"""

from typing import Any

from sqlalchemy import Connection, Engine, event


class _Statements(dict[Any, Any]):
    """Compiled statements by their kind of database and what makes them."""

    def get(self, key: Any, default: Any = None) -> Any:
        dialect, *rest = key
        return super().get((type(dialect), *rest), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        dialect, *rest = key
        super().__setitem__((type(dialect), *rest), compiled)


_compiled = _Statements()


def share() -> None:
    """From now on every connection of this process takes part."""
    event.listen(Engine, "engine_connect", _take_part)


def _take_part(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_compiled)
