"""Encrypt everything that is kept encrypted again, with the newest key."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import InstrumentedAttribute

from backoffice.extensions import db
from backoffice.models.base import Base
from backoffice.places import DeclarationError
from backoffice.secrets import encryption
from backoffice.settings import Settings
from backoffice.transactions import begin

AT_ONCE = 200  # rows in one transaction, so that nobody waits long for SQLite's write lock

Sealed = InstrumentedAttribute[str | None]  # a column that holds encrypted values
Context = Callable[[Any], str]  # returns what the encrypted value of a row is bound to
# Columns of keyed hashes are not included: hashes cannot be computed again without the text, and
# the rows that have one are soon deleted.
_columns: dict[Sealed, Context] = {}


def include(column: Sealed, context: Context) -> None:
    """Register a column that holds encrypted values; modules that write one call this."""
    _columns[column] = context


def verify_at_start() -> None:
    """Refuse to start if the included columns are not those with info={"encrypted": True}.

    The old keys of a column that was forgotten could never be retired. Raises DeclarationError.
    """
    included = {column.property.columns[0] for column in _columns}
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            is_declared = column.info.get("encrypted", False)
            if is_declared != (column in included):
                raise DeclarationError(
                    f"{column} must say info={{'encrypted': True}}, "
                    "and whoever writes it must call rotation.include."
                )


@dataclass
class Rotation:
    """The result of a rotation.

    `renewed` counts the secrets that had an older key and now have the newest one. `unreadable`
    counts, by key id, those that cannot be decrypted.
    """

    renewed: int = 0
    unreadable: Counter[str] = field(default_factory=Counter)


def rotate(settings: Settings) -> Rotation:
    """Encrypt every secret that has an older key with the newest one, in committed batches.

    Secrets that cannot be read stay as they are. A second run, or one after an interruption, does
    only what is left.
    """
    result = Rotation()
    for column, context in _columns.items():
        last_id: int | None = 0
        while last_id is not None:
            begin(writing=True)
            last_id = _rotate_batch(column, context, last_id, result, settings)
            db.session.commit()
    return result


def _rotate_batch(
    column: Sealed, context: Context, after: int, result: Rotation, settings: Settings
) -> int | None:
    """Encrypt one batch again; return the id of its last row, or None if there was no row."""
    rows = db.session.scalars(_batch(column, after, settings)).all()
    for row in rows:
        encrypted = getattr(row, column.key)
        about = context(row)
        try:
            text = encryption.decrypt(encrypted, about=about, settings=settings)
        except encryption.Unreadable:
            key_id = encrypted.partition(".")[0]
            result.unreadable[key_id] += 1
            continue
        result.renewed += 1
        _write(column, row.id, encryption.encrypt(text, about=about, settings=settings))
    return rows[-1].id if rows else None


def _batch(column: Sealed, after: int, settings: Settings) -> Select[Any]:
    """Select and lock the next rows whose value is encrypted with an older key."""
    model = column.class_
    has_newest_key = column.startswith(encryption.newest_prefix(settings), autoescape=True)
    statement = (
        select(model)
        .where(column.is_not(None), ~has_newest_key, model.id > after)
        .order_by(model.id)
        .limit(AT_ONCE)
        .with_for_update()
    )
    return statement.execution_options(populate_existing=True)


def _write(column: Sealed, row_id: int, encrypted: str) -> None:
    """Store the value without a new version or time, because its content has not changed."""
    model = column.class_
    values = {column.key: encrypted}
    if hasattr(model, "updated_at"):
        # Set to itself, or the column's onupdate would write the current time.
        values["updated_at"] = model.updated_at
    change = update(model).where(model.id == row_id).values(values)
    db.session.execute(change.execution_options(synchronize_session=False))
