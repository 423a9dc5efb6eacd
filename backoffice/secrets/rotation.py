"""New keys for old secrets: everything that is kept encrypted, encrypted again with the newest key."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update

from backoffice.extensions import begin, db
from backoffice.models.base import Base
from backoffice.secrets import encryption
from backoffice.settings import Settings

AT_ONCE = 200  # rows in one transaction, so that nobody waits long for SQLite's write lock


Context = Callable[[Any], str]  # of a row: what its encrypted value is bound to
# Keyed hashes are not among them: they cannot be made anew, and what has one is soon forgotten.
_columns: dict[Any, Context] = {}


def include(column: Any, context: Context) -> None:
    """Say that `column` holds encrypted values; called where they are written."""
    _columns[column] = context


def check() -> None:
    """Refuse to start where a column with info={"encrypted": True} is not included: its keys could never be retired."""
    included = {column.property.columns[0] for column in _columns}
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if column.info.get("encrypted", False) != (column in included):
                raise TypeError(
                    f"{column} must say info={{'encrypted': True}}, and whoever writes it must call rotation.include."
                )


@dataclass
class Rotation:
    """How many secrets have the newest key now that had an older one; and the key ids of those nobody can read."""

    renewed: int = 0
    unreadable: Counter[str] = field(default_factory=Counter)


def rotate(settings: Settings) -> Rotation:
    """Encrypt what has an older key with the newest one, some rows at a time; each time is committed by itself.

    What cannot be read stays as it is. Done twice, or broken off and begun again, it does only what is left.
    """
    done = Rotation()
    for column, context in _columns.items():
        last: int | None = 0
        while last is not None:
            begin(writing=True)
            last = _next(column, context, last, done, settings)
            db.session.commit()
    return done


def _next(
    column: Any, context: Context, after: int, done: Rotation, settings: Settings
) -> int | None:
    """One batch; the last row's id, or None if there was no row."""
    model = column.class_
    older = column.is_not(None) & ~column.startswith(encryption.mark(settings), autoescape=True)
    batch = (
        select(model)
        .where(older, model.id > after)
        .order_by(model.id)
        .limit(AT_ONCE)
        .with_for_update()
    )
    rows = db.session.scalars(batch.execution_options(populate_existing=True)).all()
    for row in rows:
        sealed = getattr(row, column.key)
        try:
            text = encryption.decrypt(sealed, about=context(row), settings=settings)
        except encryption.Unreadable:
            done.unreadable[sealed.partition(".")[0]] += 1
            continue
        done.renewed += 1
        _write(column, row.id, encryption.encrypt(text, about=context(row), settings=settings))
    return rows[-1].id if rows else None


def _write(column: Any, row_id: int, sealed: str) -> None:
    """Nothing but the wrapping is new: neither version nor times say that the row was changed."""
    model = column.class_
    same = {"updated_at": model.updated_at} if hasattr(model, "updated_at") else {}
    change = update(model).where(model.id == row_id).values({column.key: sealed, **same})
    db.session.execute(change.execution_options(synchronize_session=False))
