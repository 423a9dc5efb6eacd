"""The column types that both engines store alike, and names for columns of any type."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    Integer,
    TypeDecorator,
)
from sqlalchemy.dialects.postgresql import JSONB

TableColumn = Column[Any]  # a column of a table, whatever its type
Expression = ColumnElement[Any]  # in SQL, whatever its type


class TextList(JSON):
    """A list of texts, stored as JSON."""


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


BigInt = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows only in INTEGER columns
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
Texts = TextList(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
