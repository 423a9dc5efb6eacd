"""External and SqlView: models of tables that exist already, and of queries.

An External says which table it is; its columns, their types and its key are read from the database
at the start, see models/reflection.py. The product never creates, changes or drops such a table.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, String, cast
from sqlalchemy.orm import DeclarativeBase

from backoffice.models import row_keys
from backoffice.models.base import Entity, Record
from backoffice.models.types import TableColumn
from backoffice.places import place_of


@dataclass(frozen=True)
class Waiting:
    """A model whose class is written, and whose columns are not read yet."""

    model: type["External"] | type["SqlView"]

    @property
    def is_copied(self) -> bool:
        """Whether another class describes the table, so that no database has to."""
        return issubclass(self.model, External) and self.model.__like__ is not None

    @property
    def place(self) -> str:
        """Where it is written, for whoever has to correct it."""
        return f"{place_of(self.model)}{self.model.__name__}"


waiting: list[Waiting] = []


class MappedLater:
    """A mixin of models whose columns are known only once the database was asked."""

    __folds__ = False

    def __init_subclass__(cls, **kwargs: object) -> None:
        if vars(cls).get("__abstract__"):
            super().__init_subclass__(**kwargs)
        else:
            waiting.append(Waiting(cls))  # type: ignore[arg-type]  # it is one of the two below

    @property
    def label(self) -> str:
        return _label_of(self)  # type: ignore[arg-type]  # the same

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        return _label_column_of(cls)  # type: ignore[arg-type]  # the same


class External(MappedLater, Entity):
    """A table that exists already, and belongs to somebody else.

    Its columns become attributes with their names in lower case; one that is called like something
    that every entity has gets an underscore behind it. What the database cannot say of a column is
    said by `column` of its name: `status = column(choices=("open", "paid"))`, or
    `email = column("MAIL_1", kind="email")`, which also gives it another name.

    Attributes:
        __table_name__: the name of the table, as the database writes it.
        __like__: instead of a name, a class of SQLAlchemy that maps the table for other code.
        __database__: the name of its database in BACKOFFICE_DATABASES, if it is not ours.
        __schema__: its schema, if it is not the first one of the search path.
        __key__: the columns that tell its rows apart, if the database has no primary key for it.
        __area__: the name in permissions, events and addresses; the table's by default.
    """

    __abstract__ = True
    __table_name__: ClassVar[str]
    __like__: ClassVar[Any] = None
    __schema__: ClassVar[str] = ""
    __key__: ClassVar[tuple[str, ...]] = ()
    __area__: ClassVar[str] = ""
    __counts_versions__ = False

    @classmethod
    def raised_with(cls, _names: Iterable[str]) -> dict[str, SQLColumnExpression[object]]:
        return {}


class SqlView(MappedLater, Record):
    """The rows of a query, to be read alone.

    Attributes:
        __query__: the query, or a function that returns it; it is called when all tables are known.
        __key__: the columns that tell its rows apart. Without them rows are numbered.
        __area__: the name in permissions and addresses; the class's by default.
    """

    __abstract__ = True
    __query__: ClassVar[Select[Any] | Callable[[], Select[Any]]]
    __key__: ClassVar[tuple[str, ...]] = ()
    __area__: ClassVar[str] = ""
    __verbs__ = ("view", "export")


def map_onto(
    model: type[External] | type[SqlView],
    *,
    area: str,
    key_columns: tuple[TableColumn, ...],
    attributes: dict[str, Any],
) -> None:
    """Map a waiting model with these attributes, as SQLAlchemy maps a class that is complete."""
    model.__tablename__ = area
    words = area.replace("_", " ")
    model.__plural__ = vars(model).get("__plural__") or words
    model.__singular__ = vars(model).get("__singular__") or words.removesuffix("s")
    model.__key_columns__ = key_columns
    if model.__database__ and "__verbs__" not in vars(model):
        # Rows are deleted by an action, and no action works on another database.
        model.__verbs__ = tuple(verb for verb in model.__verbs__ if verb != "delete")
    for name, value in attributes.items():
        setattr(model, name, value)
    # Not `Record.__init_subclass__`, which is about tables that the product creates.
    super(Record, model).__init_subclass__()  # type: ignore[misc]  # it is one of the two


def is_existing(model: type[DeclarativeBase]) -> bool:
    """Return whether the rows of the model are in a table that the product does not manage."""
    return issubclass(model, External | SqlView)


def _label_of(row: External | SqlView) -> str:
    return str(getattr(row, row.__label__) or row_keys.shown(row.id))


def _label_column_of(model: type[Record]) -> ColumnElement[str]:
    label: ColumnElement[Any] = getattr(model, model.__label__)
    return label if isinstance(label.type, String) else cast(label, String)
