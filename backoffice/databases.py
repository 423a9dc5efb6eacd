"""Route statements to the database that has their tables, and commit others before ours.

Events are in our database. What they tell is committed before them: a crash between the two commits
loses an event, and never tells of a change that was not made (docs/decisions/0039).
"""

from typing import Any

from flask_sqlalchemy.session import Session
from sqlalchemy import CompoundSelect, Connection, Engine, Table
from sqlalchemy.sql import ClauseElement, visitors

BIND = "bind_key"  # Flask-SQLAlchemy's word for the name of a database, in the `info` of metadata
OTHERS = "other_connections"


class RoutedSession(Session):
    """A session that finds the database of a statement by any of its tables."""

    def execute(self, statement: Any, *arguments: Any, **options: Any) -> Any:
        """Execute a statement; of a UNION, SQLAlchemy itself does not say what it is about."""
        if isinstance(statement, CompoundSelect) and len(self._db.engines) > 1:
            options["bind_arguments"] = {"clause": statement} | (
                options.get("bind_arguments") or {}
            )
        return super().execute(statement, *arguments, **options)

    def get_bind(
        self,
        mapper: Any = None,
        clause: Any = None,
        bind: Engine | Connection | None = None,
        **options: Any,
    ) -> Engine | Connection:
        """Return what a statement is sent to; our own database where it has no table of another."""
        engines = self._db.engines
        if bind is None and len(engines) > 1 and isinstance(clause, ClauseElement):
            name = _database_of(clause)
            if name:
                return engines[name]
        return super().get_bind(mapper=mapper, clause=clause, bind=bind, **options)


def _database_of(clause: ClauseElement) -> str:
    for part in visitors.iterate(clause):
        if isinstance(part, Table) and part.metadata.info.get(BIND):
            return str(part.metadata.info[BIND])
    return ""
