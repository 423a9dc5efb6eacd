"""Declare the columns of a model, with what only the product asks for."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from inspect import signature
from typing import Any

from sqlalchemy import CheckConstraint, Column, Table, event
from sqlalchemy.orm import MappedColumn, mapped_column

from backoffice.models.types import TableColumn
from backoffice.places import NEAR, DeclarationError, place_of_call

BOUNDS = ("least", "most")
UNSAID = (None, "", ())
EXISTING = "existing"  # a key in the `info` of a table, and its columns, that is not ours
MODELS = "models"  # a key in the `info` of the metadata that the models declare
ByValue = Mapping[str, str] | None  # of a choice's values


def column(
    *arguments: Any,
    kind: str = "",
    choices: Iterable[str] = (),
    words: ByValue = None,
    colours: ByValue = None,
    least: Any = None,
    most: Any = None,
    currency: str = "",
    accepts: Iterable[str] = (),
    largest: int | None = None,
    holds: int | None = None,
    hidden: bool = False,
    mask: str = "",
    personal: bool | None = None,
    info: Mapping[str, Any] | None = None,
    **options: Any,
) -> MappedColumn[Any]:
    """Return what SQLAlchemy's `mapped_column` returns, with a description of the values.

    Args:
        arguments: those of `mapped_column`, such as the type.
        kind: the name of the kind, where it does not follow from the type (models/kinds).
        choices: the values that a choice may have.
        words, colours: by value, a choice's label and the colour of its badge.
        least, most: the bounds of a number or date. A form's message and a CHECK constraint follow.
            Alembic does not notice a changed bound: write that migration yourself.
        currency: of an amount of money, as ISO 4217 has it.
        accepts, largest, holds: of files, their types, such as "pdf" (file_types.py), the most
            bytes of one, and how many a list holds.
        hidden: whether the column never reaches a screen, a filter, an export or an event.
        mask: how whoever sees personal data masked sees the values, such as "name" (masks.py).
        personal: see models/personal.py.
        info, options: more for the column's `info`; those of `mapped_column`, such as `default`.
    """
    described = _described(
        kind=kind,
        choices=tuple(choices),
        words=words,
        colours=colours,
        currency=currency,
        accepts=tuple(accepts),
        largest=largest,
        holds=holds,
        least=least,
        most=most,
        hidden=hidden or None,
        mask=mask,
        personal=personal,
    )
    return mapped_column(*arguments, info=described | dict(info or {}), **_known(options))


def _described(**said: Any) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value not in UNSAID}


def _known(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the options of SQLAlchemy, of which none is a misspelt one of `column`."""
    for name in options:
        if near := get_close_matches(name, OPTIONS, n=1, cutoff=NEAR):
            sentence = f"there is no option {name!r}: did you mean {near[0]!r}?"
            raise DeclarationError(f"{place_of_call(2)}{sentence}")
    return options


OPTIONS = [name for name in signature(column).parameters if name != "options"]


@event.listens_for(Column, "after_parent_attach")
def _constrain(attached: TableColumn, parent: object) -> None:
    """Add the CHECK constraints that follow from the bounds of a column.

    They bear the names `<column>_least` and `<column>_most`, after the table's.
    """
    # Alembic copies tables with their constraints, into metadata of its own.
    if not isinstance(parent, Table) or MODELS not in parent.metadata.info:
        return
    least, most = (attached.info.get(bound) for bound in BOUNDS)
    if least is not None:
        condition = CheckConstraint(attached >= least, name=f"{attached.name}_least")
        parent.append_constraint(condition)
    if most is not None:
        condition = CheckConstraint(attached <= most, name=f"{attached.name}_most")
        parent.append_constraint(condition)
