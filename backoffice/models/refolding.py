"""Keys are made anew: after the rule that makes them has changed, or where rows were written by plain SQL."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, FromClause, bindparam, select, update

from backoffice.models.keys import Key

BATCH = 2000
SEARCH = "search_key"
Row = Mapping[Any, Any]


def refold(
    connection: Connection,
    table: FromClause,
    keys: Sequence[Key],
    search: Callable[[Row], str] | None = None,
) -> list[str]:
    """Make the keys of every row of `table` anew, and its search key by `search`; versions and times stay.

    A key that another row has already stays as it was: nothing of this may fail. Answers a line for each of those, by
    the numbers of both rows.
    """
    alike: list[str] = []
    plain = [key for key in keys if not key.unique]
    for rows in _batches(connection, table, keys, search):
        made = [{key.key: key.of(row[key.name]) for key in plain} for row in rows]
        if search:
            made = [new | {SEARCH: search(row)} for row, new in zip(rows, made, strict=True)]
        _write(
            connection,
            table,
            [(row, new) for row, new in zip(rows, made, strict=True) if _differ(row, new)],
        )
        for key in keys:
            if key.unique:
                alike += _refold_unique(connection, table, key, rows)
    return alike


def _batches(
    connection: Connection,
    table: FromClause,
    keys: Sequence[Key],
    search: Callable[[Row], str] | None,
) -> Iterator[Sequence[Row]]:
    """Every row in the order of the numbers; of columns those that have a part in it."""
    names = {"id"} | {name for key in keys for name in (key.name, key.key)}
    columns = [c for c in table.c if search or c.name in names]
    last = 0
    while True:
        some = select(*columns).where(table.c.id > last).order_by(table.c.id).limit(BATCH)
        if not (rows := connection.execute(some).mappings().all()):
            return
        yield rows
        last = rows[-1]["id"]


def _differ(row: Row, new: Row) -> bool:
    return any(row[name] != value for name, value in new.items())


def _write(connection: Connection, table: FromClause, changes: Sequence[tuple[Row, Row]]) -> None:
    if changes:
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in changes[0][1]}
        statement = update(table).where(table.c.id == bindparam("row_id")).values(values)  # type: ignore[arg-type]  # a table, whether whole or named alone
        named = [
            {"row_id": row["id"], **{f"new_{k}": v for k, v in new.items()}} for row, new in changes
        ]
        connection.execute(statement, named)


def _refold_unique(
    connection: Connection, table: FromClause, key: Key, rows: Sequence[Row]
) -> list[str]:
    wanted = {row["id"]: new for row in rows if (new := key.of(row[key.name])) != row[key.key]}
    column = table.c[key.key]
    holders = select(column, table.c.id).where(column.in_([new for new in wanted.values() if new]))
    taken: dict[str | None, int] = (
        {row[0]: row[1] for row in connection.execute(holders)} if wanted else {}
    )
    changes, alike = [], []
    for row in rows:
        if row["id"] not in wanted:
            continue
        new = wanted[row["id"]]
        first = taken.setdefault(new, row["id"]) if new else row["id"]
        if first == row["id"]:
            changes.append((row, {key.key: new}))
        else:
            alike.append(
                f"{table.description} {row['id']}: {key.name} is or looks like that of {first}"
            )
    _write(connection, table, changes)
    return alike
