"""What every entity shares: identity, version, times, the words for it, and how it is searched."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    TypeDecorator,
    bindparam,
    case,
    event,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from backoffice import clock
from backoffice.models import keys

BigInt = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows only in INTEGER columns
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class UTCDateTime(TypeDecorator[datetime]):
    """Aware UTC datetimes on both engines; SQLite stores them without the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def moment(later: timedelta = timedelta()) -> ColumnElement[datetime]:
    """Now or later, in SQL: reckoned when the statement runs, not when it was made, for lists keep theirs."""
    return bindparam(None, callable_=lambda: clock.now() + later, type_=UTCDateTime())


class Base(DeclarativeBase):
    """All tables, with constraint names that migrations and error messages can rely on."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UTCDateTime,
        dict[str, Any]: Json,
        list[str]: Json,
        list[int]: Json,
    }


class Record(Base):
    """A table that people see as a screen.

    Subclasses may set the words for one and for many rows, which attribute names a row, which are searched, and
    which hybrids are derived choices, each with the condition of every value. `__grams__` are the columns of its
    search index, see models/search.py. A log, which grows without end, has its `__timeline__`, the column of time
    that orders it, and may say how many days a list looks back unless asked otherwise. `__grants__` says that the
    rows decide who may do what.

    Columns whose `info` says `hidden` never reach a screen, a filter, an export or an event; `codes` are one of a
    few words, though nobody can say which; `ip` is an address of the internet, which is filtered by all of it or by
    how it begins; what `personal` means stands in models/personal.py; `tells_of` names the table of whose rows a
    column tells.
    """

    __abstract__ = True
    __singular__: ClassVar[str] = ""
    __plural__: ClassVar[str] = ""
    __label__: ClassVar[str] = "name"
    __search__: ClassVar[tuple[str, ...]] = ()
    __derived__: ClassVar[dict[str, tuple[str, ...]]] = {}
    __grants__: ClassVar[bool] = False
    __grams__: ClassVar[tuple[str, ...]] = ()
    __timeline__: ClassVar[str] = ""
    __recent_days__: ClassVar[int] = 0

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, sort_order=-10)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if not cls.__dict__.get("__abstract__"):
            words = str(cls.__tablename__).replace("_", " ")
            cls.__plural__ = cls.__dict__.get("__plural__") or words
            cls.__singular__ = cls.__dict__.get("__singular__") or words.removesuffix("s")
            given = tuple(cls.__dict__.get("__table_args__", ()))
            cls.__table_args__ = (
                *given,
                {"sqlite_autoincrement": True},
            )  # an id is never given twice
        super().__init_subclass__(**kwargs)

    @classmethod
    def derived(cls, name: str, value: str) -> ColumnElement[bool]:
        """In SQL: the derived choice `name` is `value`, by a condition of its own that an index can serve."""
        raise NotImplementedError

    @classmethod
    def derived_case(cls, name: str) -> ColumnElement[str]:
        """The derived choice `name` as a column; its last value is what is left."""
        *values, left = cls.__derived__[name]
        return case(*((cls.derived(name, value), value) for value in values), else_=left)

    @property
    def label(self) -> str:
        """What people call this row."""
        return str(getattr(self, self.__label__))

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """The same as `label`, in SQL."""
        column: ColumnElement[str] = getattr(cls, cls.__label__)
        return column


class Entity(Record):
    """A record that people change: it has a version, against which stale forms are refused, and its times."""

    __abstract__ = True

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
    def raised_with(cls, _names: Iterable[str]) -> dict[str, Any]:
        """What an UPDATE that sets the columns called so has to set besides, as attributes and SQL."""
        return {}


class Searchable:
    """Keeps the keys of its texts (models/keys.py), and `search_key`: those of `__search__` in one.

    Search and the order by name are served by an index on `search_key`, other texts by one on their own key.
    """

    search_key: Mapped[str] = mapped_column(
        keys.key_type(keys.SEARCH_LENGTH),
        default="",
        info={"hidden": True, "personal": True},
        sort_order=93,
    )

    def __init_subclass__(cls, **kwargs: Any) -> None:
        keys.declare(cls)
        super().__init_subclass__(**kwargs)


@event.listens_for(Searchable, "before_insert", propagate=True)
@event.listens_for(Searchable, "before_update", propagate=True)
def _refold(_mapper: object, _connection: object, row: Searchable) -> None:
    keys.keep(row)


def records() -> list[type[Record]]:
    """Every record type known to the process, by table name."""
    mapped = (mapper.class_ for mapper in Base.registry.mappers)
    return sorted((c for c in mapped if issubclass(c, Record)), key=lambda c: c.__tablename__)
