"""Say in words, at the right field, which constraint of the database refused a row."""

from flask_babel import gettext as _
from sqlalchemy import CheckConstraint, inspect
from sqlalchemy.exc import IntegrityError

from backoffice.errors import RuleBroken
from backoffice.models import fields, keys
from backoffice.models.base import Entity

# What each engine says: the classes of errors of PostgreSQL (appendix A of its manual), and the
# beginning of SQLite's sentence.
MISSING = ("23502", "NOT NULL")
RELATED = ("23503", "FOREIGN KEY")
TAKEN = ("23505", "UNIQUE")


def refusal(model: type[Entity], error: IntegrityError) -> RuleBroken:
    """Return the refusal of a row that breaks a constraint, with its field if that can be told."""
    name = _constraint(error)
    field = _field(model, name)
    if _is(error, TAKEN):
        text = _("Another %(noun)s has this already.", noun=model.noun())
        return RuleBroken(text, field=field)
    if _is(error, MISSING):
        return RuleBroken(_("Fill this in."), field=field)
    if _is(error, RELATED):
        return RuleBroken(_("This refers to a row that is gone."), field=field)
    return _checked(model, name)


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
    column_name = name.removeprefix(f"ck_{model.__tablename__}_")
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
    table = model.__tablename__
    for key, column in _columns(model):
        if f"{table}_{column}" in name or f"{table}.{column}" in name:
            return text_of(key)
    return None


def _columns(model: type[Entity]) -> list[tuple[str, str]]:
    """Return the columns by attribute; of two with the same beginning the longer one first."""
    attributes = inspect(model).column_attrs
    pairs = [(attribute.key, str(attribute.columns[0].name)) for attribute in attributes]
    return sorted(pairs, key=lambda pair: -len(pair[0]))


def text_of(key: str) -> str:
    """Return the name of the attribute whose form for comparison is stored in `key`."""
    return key.removesuffix(keys.SUFFIX).removesuffix(keys.LOOKS)
