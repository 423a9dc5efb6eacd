"""Describe one thing of a database that models cannot express (backoffice/schema.py)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

SQLITE, POSTGRESQL = "sqlite", "postgresql"
Columns = tuple[str, ...]


@dataclass(frozen=True)
class SchemaObject:
    """One thing that belongs to a table on one engine.

    Attributes:
        engine: SQLITE or POSTGRESQL.
        kind: what it is.
        name: its name in the database.
        table: the table that it belongs to.
        definition: returns the statement that creates it, or the body of a function, from the
            columns that the table has at that moment.
        needs: the columns without which it cannot be created.
        head: of a function, what stands between its name and its body.
        fill: of a table that triggers keep, the statement that fills it. It is run when the table
            or one of the triggers was missing.
        triggers: the names of those triggers.
    """

    engine: str
    kind: Literal["function", "table", "index", "trigger"]
    name: str
    table: str
    definition: Callable[[Columns], str]
    needs: frozenset[str] = frozenset()
    head: str = "() RETURNS trigger LANGUAGE plpgsql"
    fill: str = ""
    triggers: tuple[str, ...] = ()


def fixed(statement: str) -> Callable[[Columns], str]:
    """Return a definition that does not depend on the columns."""
    return lambda _columns: statement
