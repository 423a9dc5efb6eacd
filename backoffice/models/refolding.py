"""Remakes the keys of existing rows.

This is needed after the rule that makes them has changed, or after plain SQL has written rows.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, FromClause, bindparam, select, update

from backoffice.models.keys import Key

BATCH = 2000  # rows
SEARCH = "search_key"
Row = Mapping[Any, Any]
Change = tuple[Row, Row]  # a row, and the new values of its columns


def refold(
    connection: Connection,
    table: FromClause,
    keys: Sequence[Key],
    search: Callable[[Row], str] | None = None,
) -> list[str]:
    """Remake the keys of every row of `table`, and its search key by `search`.

    Versions and times stay. A key that another row already has stays unchanged, because this must
    not fail. Returns a line for each of these, with the ids of both rows.
    """
    alike: list[str] = []
    plain_keys = [key for key in keys if not key.unique]
    unique_keys = [key for key in keys if key.unique]
    for rows in _batches(connection, table, keys, search):
        changes = ((row, _new_keys(row, plain_keys, search)) for row in rows)
        _write(connection, table, [(row, new) for row, new in changes if _differ(row, new)])
        for key in unique_keys:
            alike += _refold_unique(connection, table, key, rows)
    return alike


def _batches(
    connection: Connection,
    table: FromClause,
    keys: Sequence[Key],
    search: Callable[[Row], str] | None,
) -> Iterator[Sequence[Row]]:
    """Yield all rows in the order of their ids; without `search` only the columns of the keys."""
    names = {"id"} | {name for key in keys for name in (key.name, key.key)}
    columns = [column for column in table.c if search or column.name in names]
    last = 0
    while True:
        query = select(*columns).where(table.c.id > last).order_by(table.c.id).limit(BATCH)
        rows = connection.execute(query).mappings().all()
        if not rows:
            return
        yield rows
        last = rows[-1]["id"]


def _new_keys(row: Row, keys: Sequence[Key], search: Callable[[Row], str] | None) -> Row:
    new = {key.key: key.of(row[key.name]) for key in keys}
    if search:
        new[SEARCH] = search(row)
    return new


def _differ(row: Row, new: Row) -> bool:
    return any(row[name] != value for name, value in new.items())


def _write(connection: Connection, table: FromClause, changes: Sequence[Change]) -> None:
    """Set the new values, which are of the same columns in all changes."""
    if not changes:
        return
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in changes[0][1]}
    statement = update(table).where(table.c.id == bindparam("row_id")).values(values)  # type: ignore[arg-type]  # a table, whether whole or named alone
    parameters = [
        {"row_id": row["id"]} | {f"new_{name}": value for name, value in new.items()}
        for row, new in changes
    ]
    connection.execute(statement, parameters)


def _refold_unique(
    connection: Connection, table: FromClause, key: Key, rows: Sequence[Row]
) -> list[str]:
    """Remake one unique key; return a line for each row whose new key another row has."""
    changed = _changed(key, rows)
    holders = _holders(connection, table, key, [new for _row, new in changed])
    changes: list[Change] = []
    alike = []
    for row, new in changed:
        # Many rows may have no key; of several rows with the same key, the first one gets it.
        holder = holders.setdefault(new, row["id"]) if new else row["id"]
        if holder == row["id"]:
            changes.append((row, {key.key: new}))
        else:
            alike.append(_alike(table, key, row, holder))
    _write(connection, table, changes)
    return alike


def _changed(key: Key, rows: Sequence[Row]) -> list[tuple[Row, str | None]]:
    """Return the rows whose key would be another one now, with that key."""
    pairs = [(row, key.of(row[key.name])) for row in rows]
    return [(row, new) for row, new in pairs if new != row[key.key]]


def _alike(table: FromClause, key: Key, row: Row, holder: int) -> str:
    return f"{table.description} {row['id']}: {key.name} is or looks like that of {holder}"


def _holders(
    connection: Connection, table: FromClause, key: Key, values: Sequence[str | None]
) -> dict[str, int]:
    """Return the ids of the rows that have these keys now, by key."""
    if not values:
        return {}
    column = table.c[key.key]
    query = select(column, table.c.id).where(column.in_([value for value in values if value]))
    return {row[0]: row[1] for row in connection.execute(query)}
