"""Count the SQL statements of a block; and statements that take for ever."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

TRANSACTION = (
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT",
    "RELEASE",
    "SELECT set_config(",
    "PRAGMA busy_timeout",
)

# By the engine; each takes many seconds unless it is stopped.
SLOW = {
    "postgresql": "SELECT pg_sleep(10)",
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000000) "
    "SELECT count(*) FROM n",
}


class Statements(list[str]):
    """The statements in order; a failing comparison of its length shows them."""

    def __str__(self) -> str:
        return "\n".join(
            f"{number}. {' '.join(text.split())}" for number, text in enumerate(self, 1)
        )


@contextmanager
def counted(engine: Engine) -> Iterator[Statements]:
    """Collect the statements that `engine` sends inside the block.

    BEGIN and its like are left out, and so are those that set limits.
    """
    seen = Statements()

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith(TRANSACTION):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
