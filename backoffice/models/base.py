"""The base classes of all entities: id, version, times, words for people, and search keys."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import ColumnElement, MetaData, SQLColumnExpression, bindparam, case, event
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, mapped_column, relationship

from backoffice import clock
from backoffice.models import keys
from backoffice.models.columns import MODELS
from backoffice.models.files import File, FileType, Picture, PictureType
from backoffice.models.types import BigInt, Json, TableColumn, Texts, UTCDateTime
from backoffice.places import DeclarationError, placed
from backoffice.text.numbers import formatted


def moment(later: timedelta = timedelta()) -> ColumnElement[datetime]:
    """Return an SQL expression for the current time plus `later`.

    The time is taken when the statement runs, not when it is built, because lists reuse theirs.
    """
    return bindparam(None, callable_=lambda: clock.now() + later, type_=UTCDateTime())


class Base(DeclarativeBase):
    """The base of all tables, with constraint names that migrations and error messages rely on."""

    metadata = MetaData(
        info={MODELS: True},
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        },
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UTCDateTime,
        dict[str, Any]: Json,
        list[str]: Texts,
        list[int]: Json,
        File: FileType(),
        list[File]: FileType(several=True),
        Picture: PictureType(),
        list[Picture]: PictureType(several=True),
    }


class Record(Base):
    """A table that people see as a screen.

    Subclasses may set these class attributes:

    Attributes:
        __singular__: what people call one row.
        __plural__: what people call several rows.
        __label__: the attribute that names a row.
        __about__: the relation to the row that a row is about. What that is called stands behind
            the label in previews, results and events, for those who see it.
        __search__: the attributes that are searched.
        __derived__: the values of each derived choice, which is a hybrid. `derived` returns the
            condition of a value.
        __derived_colours__: the colours of a derived choice's values, shown as badges.
        __grants__: whether the rows decide who may do what.
        __verbs__: what people may do with the rows, each by a permission (policy/permissions.py).
        __trigrams__: the columns of the search index, see models/search.py.
        __timeline__: of a log, which grows without end, the column of time that orders it.
        __recent_days__: of a log, how many days a list shows unless asked otherwise.
        __key_columns__: the columns that tell rows apart, if not `id` (models/row_keys.py).
        __described__: columns by attribute, where what is mapped is no table's column.
        __database__: the name of another database that has the rows (docs/company.md).
        __masks__: the masks of computed attributes that tell of masked columns, by name
            (models/masks.py); '' for one that tells nothing of them.
        __node_of__: the relations to rows whose node is also that of a row (models/node.py).
        __folds__: whether `name_key` is the key of the text `name` (models/keys.py).

    `column` declares a column with what only the product asks for (models/columns.py). Its `info`
    may also say `tells_of`: the name of the table whose rows the column tells something about.
    """

    __abstract__ = True
    __singular__: ClassVar[str] = ""
    __plural__: ClassVar[str] = ""
    __label__: ClassVar[str] = "name"
    __about__: ClassVar[str] = ""
    __search__: ClassVar[tuple[str, ...]] = ()
    __derived__: ClassVar[dict[str, tuple[str, ...]]] = {}
    __derived_colours__: ClassVar[dict[str, dict[str, str]]] = {}
    __grants__: ClassVar[bool] = False
    __verbs__: ClassVar[tuple[str, ...]] = ("view", "create", "edit", "delete", "export")
    __trigrams__: ClassVar[tuple[str, ...]] = ()
    __timeline__: ClassVar[str] = ""
    __recent_days__: ClassVar[int] = 0
    __key_columns__: ClassVar[tuple[TableColumn, ...]] = ()
    __described__: ClassVar[Mapping[str, TableColumn]] = {}
    __database__: ClassVar[str] = ""
    __masks__: ClassVar[Mapping[str, str]] = {}
    __node_of__: ClassVar[tuple[str, ...]] = ()
    __folds__: ClassVar[bool] = True

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, sort_order=-10)

    def __init_subclass__(cls, **kwargs: object) -> None:
        if not cls.__dict__.get("__abstract__"):
            with placed(cls):
                _require_table(cls)
            words = str(cls.__tablename__).replace("_", " ")
            cls.__plural__ = cls.__dict__.get("__plural__") or words
            cls.__singular__ = cls.__dict__.get("__singular__") or words.removesuffix("s")
            # With AUTOINCREMENT, SQLite never gives an id twice.
            _relate_to_node(cls)
            own_arguments = tuple(cls.__dict__.get("__table_args__", ()))
            cls.__table_args__ = (*own_arguments, {"sqlite_autoincrement": True})
        super().__init_subclass__(**kwargs)

    @classmethod
    def noun(cls, number: int = 1) -> str:
        """Return what people call so many rows, in the reader's language."""
        return ngettext(cls.__singular__, cls.__plural__, number)

    @classmethod
    def nouns(cls) -> str:
        """Return what people call the rows in general."""
        return _(cls.__plural__)

    @classmethod
    def counted(cls, number: int) -> str:
        """Return the number with its noun, such as `1 person` or `1,234 people`."""
        return _("%(number)s %(noun)s", number=formatted(number), noun=cls.noun(number))

    @classmethod
    def derived(cls, name: str, value: str) -> ColumnElement[bool]:
        """SQL: whether the derived choice `name` is `value`; an index can serve it."""
        raise NotImplementedError

    @classmethod
    def derived_case(cls, name: str) -> ColumnElement[str]:
        """Return the derived choice `name` as a column; its last value is for all other rows."""
        *values, last = cls.__derived__[name]
        conditions = [(cls.derived(name, value), value) for value in values]
        return case(*conditions, else_=last)

    @property
    def label(self) -> str:
        """The name of this row for people."""
        return str(getattr(self, self.__label__))

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Return the same as `label`, in SQL."""
        column: ColumnElement[str] = getattr(cls, cls.__label__)
        return column


class Entity(Record):
    """A record that people change, with a version and its times.

    A form that was made for an older version is refused.

    Attributes:
        __counts_versions__: whether the version is a column that each change raises.
    """

    __abstract__ = True
    __counts_versions__: ClassVar[bool] = True

    version: Mapped[int] = mapped_column(
        default=1, server_default="1", info={"hidden": True, "personal": False}, sort_order=90
    )
    created_at: Mapped[datetime] = mapped_column(
        default=clock.now, info={"personal": False}, sort_order=91
    )
    updated_at: Mapped[datetime] = mapped_column(
        default=clock.now, onupdate=clock.now, info={"personal": False}, sort_order=92
    )

    @classmethod
    def raised_with(cls, _names: Iterable[str]) -> dict[str, SQLColumnExpression[object]]:
        """Return what an UPDATE of the named columns has to set too, as SQL by attribute."""
        return {}


class Searchable:
    """A mixin that keeps the keys of an entity's texts, see models/keys.py.

    `search_key` joins the keys of `__search__`. An index on it serves the search and the order by
    name; other texts have an index on their own key.
    """

    search_key: Mapped[str] = mapped_column(
        keys.key_type(keys.SEARCH_LENGTH),
        default="",
        info={"hidden": True, "personal": True},
        sort_order=93,
    )

    def __init_subclass__(cls, **kwargs: object) -> None:
        with placed(cls):
            keys.declare(cls)
        super().__init_subclass__(**kwargs)


@event.listens_for(Searchable, "before_insert", propagate=True)
@event.listens_for(Searchable, "before_update", propagate=True)
def _refold(_mapper: object, _connection: object, row: Searchable) -> None:
    keys.update(row)


def _relate_to_node(model: type[Record]) -> None:
    """Add the relationship `node` beside a column of models/node.py, unless there is one."""
    of_node = model.__dict__.get("node_id")
    if "node" in model.__dict__ or not isinstance(of_node, MappedColumn):
        return
    if of_node.column.foreign_keys:
        model.node = relationship("Node", foreign_keys=[of_node])


def _require_table(model: type[Record]) -> None:
    if not hasattr(model, "__tablename__"):
        raise DeclarationError(f"{model.__name__} says no table: add __tablename__ = ...")


def records() -> list[type[Record]]:
    """Return every record type that the process knows, ordered by table name."""
    classes = (mapper.class_ for mapper in Base.registry.mappers)
    models = [model for model in classes if issubclass(model, Record)]
    return sorted(models, key=lambda model: model.__tablename__)
