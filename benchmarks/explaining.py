"""Find out how many rows a block of statements reads.

PostgreSQL runs each statement and tells what its plan really read; SQLite tells what it would do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event

EXPLAINED = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")
Node = dict[str, Any]


@dataclass
class Reading:
    """What some statements read.

    `rows` were read to be shown, and `shown` came out of it. `to_count` were read only to count
    them, and `counted` is the number that was counted. `steps` are those in which SQLite reads a
    table from end to end, or sorts.
    """

    statements: int = 0
    rows: int = 0
    shown: int = 0
    to_count: int = 0
    counted: int = 0
    steps: list[str] = field(default_factory=list)

    @property
    def scans(self) -> str:
        """The different steps, in one line."""
        return "; ".join(dict.fromkeys(self.steps))

    def add(self, plan: Node) -> None:
        """Add what the plan of one statement read."""
        self.shown += _rows(plan)
        self._walk(plan, counting=False)

    def _walk(self, node: Node, *, counting: bool) -> None:
        children = node.get("Plans", ())
        if _counts_up_to_a_limit(node):
            counting = True
            self.counted += _rows(children[0])
        # An update names its table once more, although only its children read.
        if "Relation Name" in node and node["Node Type"] != "ModifyTable":
            if counting:
                self.to_count += _read(node)
            else:
                self.rows += _read(node)
        for child in children:
            self._walk(child, counting=counting)


def _counts_up_to_a_limit(node: Node) -> bool:
    """Return whether the node is a list's count, which stops at a limit."""
    if node["Node Type"] != "Aggregate":
        return False
    return any(child["Node Type"] == "Limit" for child in node.get("Plans", ()))


def _rows(node: Node) -> int:
    return round(node["Actual Rows"] * node["Actual Loops"])


def _read(node: Node) -> int:
    """Return how many rows a scan looked at: those it passed on and those it threw away."""
    filtered = node.get("Rows Removed by Filter", 0)
    rechecked = node.get("Rows Removed by Index Recheck", 0)
    return round((node["Actual Rows"] + filtered + rechecked) * node["Actual Loops"])


@contextmanager
def explained(engine: Engine) -> Iterator[Reading]:
    """Collect what the statements read that `engine` sends inside the block.

    Each statement runs once more for that.
    """
    reading = Reading()

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        _context, many = rest
        if many or not statement.lstrip().startswith(EXPLAINED):
            return
        reading.statements += 1
        beside = cursor.connection.cursor()
        if connection.dialect.name == "sqlite":
            _explain_on_sqlite(reading, beside, statement, parameters)
        else:
            _explain_on_postgresql(reading, beside, statement, parameters)

    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield reading
    finally:
        event.remove(engine, "before_cursor_execute", explain)


def _explain_on_sqlite(reading: Reading, cursor: Any, statement: str, parameters: Any) -> None:
    cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
    steps = [row[3] for row in cursor]
    reading.steps += [step for step in steps if step.startswith(("SCAN", "USE TEMP"))]


def _explain_on_postgresql(reading: Reading, cursor: Any, statement: str, parameters: Any) -> None:
    # EXPLAIN ANALYZE runs the statement, so what it changes has to be undone.
    cursor.execute("SAVEPOINT explained")
    cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) {statement}", parameters)
    reading.add(cursor.fetchone()[0][0]["Plan"])
    cursor.execute("ROLLBACK TO SAVEPOINT explained")
