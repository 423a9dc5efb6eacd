"""What a block of statements read: the plans that PostgreSQL really took, and what SQLite says it would do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event

EXPLAINED = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")
Node = dict[str, Any]


@dataclass
class Reading:
    """Rows that were read and shown; those read only to count apart, with what was counted.

    `scans` are the tables that SQLite reads from end to end, or sorts.
    """

    statements: int = 0
    rows: int = 0
    shown: int = 0
    to_count: int = 0
    counted: int = 0
    steps: list[str] = field(default_factory=list)

    @property
    def scans(self) -> str:
        return "; ".join(dict.fromkeys(self.steps))

    def add(self, plan: Node) -> None:
        """Add what the plan of one statement read."""
        self.shown += _rows(plan)
        self._walk(plan, counting=False)

    def _walk(self, node: Node, *, counting: bool) -> None:
        children = node.get("Plans", ())
        if node["Node Type"] == "Aggregate" and any(
            child["Node Type"] == "Limit" for child in children
        ):
            counting = True
            self.counted += _rows(children[0])
        if "Relation Name" in node and node["Node Type"] != "ModifyTable":
            read = _read(node)
            self.to_count, self.rows = (
                self.to_count + read * counting,
                self.rows + read * (not counting),
            )
        for child in children:
            self._walk(child, counting=counting)


def _rows(node: Node) -> int:
    return round(node["Actual Rows"] * node["Actual Loops"])


def _read(node: Node) -> int:
    """What a scan looked at: what it gave on, and what it threw away."""
    thrown = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return round((node["Actual Rows"] + thrown) * node["Actual Loops"])


@contextmanager
def explained(engine: Engine) -> Iterator[Reading]:
    """Collects what the statements read that `engine` sends inside the block; each runs once more for that."""
    reading = Reading()

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        _context, many = rest
        if many or not statement.lstrip().startswith(EXPLAINED):
            return
        reading.statements += 1
        beside = cursor.connection.cursor()
        if connection.dialect.name == "sqlite":
            beside.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            reading.steps += [row[3] for row in beside if row[3].startswith(("SCAN", "USE TEMP"))]
            return
        beside.execute("SAVEPOINT explained")
        beside.execute(f"EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) {statement}", parameters)
        reading.add(beside.fetchone()[0][0]["Plan"])
        beside.execute("ROLLBACK TO SAVEPOINT explained")

    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield reading
    finally:
        event.remove(engine, "before_cursor_execute", explain)
