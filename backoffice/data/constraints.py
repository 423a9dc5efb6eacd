"""Say in words, at the right field, which constraint of the database refused a row."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    CheckConstraint,
    Column,
    CursorResult,
    Executable,
    Select,
    Update,
    func,
    inspect,
    select,
)
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError
from sqlalchemy.orm.exc import StaleDataError

from backoffice.errors import RuleBroken, Taken
from backoffice.extensions import db
from backoffice.models import fields, keys
from backoffice.models.base import Entity
from backoffice.text import without_invisible

# What each engine says: the classes of errors of PostgreSQL (appendix A of its manual), and the
# beginning of SQLite's sentence.
MISSING = ("23502", "NOT NULL")
RELATED = ("23503", "FOREIGN KEY")
TAKEN = ("23505", "UNIQUE")


# Of tables that existed before: a trigger that says why, and rights that the product was not given.
BY_TRIGGER = "SQLITE_CONSTRAINT_TRIGGER"  # what RAISE does in one
OF_PROCEDURES = "P0"  # errors of PL/pgSQL begin with it (appendix A of PostgreSQL's manual)
RAISED_BY = "exec_stmt_raise"  # the function of PL/pgSQL that carries out RAISE, with any code
TO_BE_RETRIED = "40"  # what is tried again, whoever says so
OF_DATA = "22"  # values that do not fit, perhaps those that a trigger writes
NOT_ALLOWED = "42501"
WORDS_OF_A_TRIGGER = 300  # characters
LEFT_AS_IT_WAS = _l(
    "The database was told to change this and did not do it as it was told, perhaps by a trigger. "
    "Nothing was changed."
)


def carry_out(model: type[Entity], rows: Select[Any], statement: Executable) -> None:
    """Carry out an UPDATE or DELETE of `rows`, all of them or none.

    A trigger of an existing table may leave rows as they are without an error, or give them another
    key: raises RuleBroken then, because events would tell of what never happened. So it does if
    several rows have the same key.
    """
    done = db.session.execute(statement, execution_options={"synchronize_session": False})
    if model.__key_columns__:
        if cast("CursorResult[Any]", done).rowcount != _number_of(rows):
            raise RuleBroken(str(LEFT_AS_IT_WAS))
        if isinstance(statement, Update):
            require_kept(model, rows)


def require_kept(model: type[Entity], rows: Select[Any]) -> None:
    """Raise RuleBroken unless all changed `rows` of an existing table are there under their key."""
    if not model.__key_columns__:
        return
    there = select(func.count()).select_from(model).where(model.id.in_(rows))
    if db.session.scalar(there) != _number_of(rows):
        raise RuleBroken(str(LEFT_AS_IT_WAS))


def _number_of(rows: Select[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(rows.distinct().subquery())) or 0


def flush(row: Entity) -> None:
    """Write a row. Raises RuleBroken with the field if a constraint refuses.

    A row of an existing table is read again: it has what defaults and triggers made of it.
    """
    model = type(row)
    with refusing(model), db.session.begin_nested():
        db.session.flush()
        if model.__key_columns__:
            db.session.refresh(row)


@contextmanager
def refusing(model: type[Entity]) -> Iterator[None]:
    """Raise RuleBroken for what the database refuses to write within the block."""
    try:
        yield
    except (StaleDataError, InvalidRequestError) as error:
        if not model.__key_columns__:
            raise
        raise RuleBroken(str(LEFT_AS_IT_WAS)) from error
    except DBAPIError as error:
        refused = _refused_by_others(model, error)
        if refused is None and isinstance(error, IntegrityError):
            refused = refusal(model, error)
        if refused is None:
            raise
        raise refused from error


def _refused_by_others(model: type[Entity], error: DBAPIError) -> RuleBroken | None:
    """Return what those who run an existing table want to be said; None for anything else."""
    if not model.__key_columns__:
        return None
    written = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", "")
    state = str(written)
    if _is_raised(error, state):
        words = without_invisible(str(error.orig).partition("\n")[0])
        return RuleBroken(
            _("The database refuses this: %(words)s", words=words[:WORDS_OF_A_TRIGGER])
        )
    if state == NOT_ALLOWED:
        sentence = _("The product may not write this table. Your administrator can allow it.")
        return RuleBroken(sentence)
    if state.startswith(OF_DATA):
        return RuleBroken(_("The database does not take these values together."))
    return None


def _is_raised(error: DBAPIError, state: str) -> bool:
    """Return whether a trigger refuses, in words of its own."""
    if state == BY_TRIGGER or state.startswith(OF_PROCEDURES):
        return True
    raised_by = getattr(getattr(error.orig, "diag", None), "source_function", None)
    return raised_by == RAISED_BY and not state.startswith(TO_BE_RETRIED)


def refusal(model: type[Entity], error: IntegrityError) -> RuleBroken:
    """Return the refusal of a row that breaks a constraint, with its field if that can be told."""
    name = _constraint(error)
    field = _field(model, name)
    if _is(error, TAKEN):
        text = _("Another %(noun)s has this already.", noun=model.noun())
        return Taken(text, field=field)
    if _is(error, MISSING):
        return RuleBroken(_("Fill this in."), field=field)
    if _is(error, RELATED):
        return RuleBroken(_("This refers to a row that is gone."), field=field)
    return _checked(model, name)


def check_lengths(row: Entity) -> None:
    """Raise RuleBroken if a stored form of a text is too long for its column.

    It may be longer than the text itself: folding turns one ligature into eighteen letters.
    """
    state = inspect(row)
    for attribute in state.mapper.column_attrs:
        history = state.attrs[attribute.key].history
        (value,) = history.added or (None,)
        limit = getattr(attribute.columns[0].type, "length", None)
        if isinstance(value, str) and limit and len(value) > limit:
            text = _("Use fewer or simpler characters.")
            raise RuleBroken(text, field=text_of(attribute.key))


def _checked(model: type[Entity], name: str) -> RuleBroken:
    """Return the refusal of a CHECK constraint.

    A constraint may bring its own words: `CheckConstraint(..., info={"sentence": ..., "field":
    ...})`. That of a column says what the column takes.
    """
    for constraint in model.__table__.constraints:  # type: ignore[attr-defined]  # it is a Table
        if isinstance(constraint, CheckConstraint) and constraint.name == name:
            info = constraint.info
            if "sentence" in info:
                return RuleBroken(str(info["sentence"]), field=info.get("field"))
    column_name = name.removeprefix(f"ck_{_table(model)}_")
    field = column_name.removesuffix("_least").removesuffix("_most")
    kind = fields.kind(model, field)
    sentence = kind.refusal(fields.column(model, field)) if kind else ""
    return RuleBroken(
        sentence or _("The database does not take these values together."),
        field=field if sentence else None,
    )


def _is(error: IntegrityError, signs: tuple[str, str]) -> bool:
    state, words = signs
    return getattr(error.orig, "sqlstate", None) == state or str(error.orig).startswith(words)


def _constraint(error: IntegrityError) -> str:
    """Return the name of the constraint, or what SQLite says of it: `table.column`."""
    diagnostics = getattr(error.orig, "diag", None)
    named = getattr(diagnostics, "constraint_name", None)
    if named:
        return str(named)
    column = getattr(diagnostics, "column_name", None)
    if column:
        return f"{getattr(diagnostics, 'table_name', '')}.{column}"
    return str(error.orig).partition(": ")[2] or str(error.orig)


def _field(model: type[Entity], name: str) -> str | None:
    """Return the field that the violated constraint guards, if it can be told."""
    table = _table(model)
    if guarded := _guarded(model, name):
        return guarded
    for key, column in _columns(model):
        if f"{table}_{column}" in name or f"{table}.{column}" in name:
            return text_of(key)
    return None


def _table(model: type[Entity]) -> str:
    """Return the name of the table, which is not the model's own where it existed before."""
    return str(getattr(model.__table__, "name", model.__tablename__))


def _guarded(model: type[Entity], name: str) -> str | None:
    """Return the first field of a constraint of an existing table, which has any name."""
    table: Any = model.__table__
    for constraint in (*table.constraints, *table.indexes) if model.__key_columns__ else ():
        columns = list(getattr(constraint, "columns", ()))
        if constraint.name == name and columns:
            by_column = {column: key for key, column in _columns(model)}
            return by_column.get(str(columns[0].name))
    return None


def _columns(model: type[Entity]) -> list[tuple[str, str]]:
    """Return the columns by attribute; of two with the same beginning the longer one first."""
    attributes = inspect(model).column_attrs
    mapped = [(attribute.key, attribute.columns[0]) for attribute in attributes]
    pairs = [(key, str(column.name)) for key, column in mapped if isinstance(column, Column)]
    return sorted(pairs, key=lambda pair: -len(pair[0]))


def text_of(key: str) -> str:
    """Return the name of the attribute whose form for comparison is stored in `key`."""
    return key.removesuffix(keys.SUFFIX).removesuffix(keys.LOOKS)
