"""Key expressions: keys that are no whole numbers, in SQL.

Selected, such a key is a token (models/key_tokens.py). Compared, it is its columns, so that an
index over them serves it.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Cast,
    ColumnElement,
    Dialect,
    Integer,
    Label,
    Select,
    String,
    and_,
    false,
    literal,
    not_,
    tuple_,
    type_coerce,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import ClauseList
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

from backoffice.models.key_tokens import token, values
from backoffice.models.types import Expression


class TokenType(TypeDecorator[str]):
    """The type of a key in a single column, which is no whole number: in Python it is a token."""

    impl = String
    cache_ok = True

    def __init__(self, of: TypeEngine[Any]) -> None:
        super().__init__()
        self.of = of

    @property
    def python_type(self) -> type[str]:
        return str

    def load_dialect_impl(self, _dialect: Dialect) -> TypeEngine[Any]:
        return self.of

    def bind_expression(self, bindvalue: Any) -> Any:
        """Wrap a value in SQL as the column's own type does, so that its index serves it."""
        wrapped = self.of.bind_expression(bindvalue)
        return bindvalue if wrapped is None else wrapped

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> Any:
        if value is None:
            return None
        (native,) = values([self.of], value)
        return native

    def process_result_value(self, value: Any, _dialect: Dialect) -> str | None:
        return None if value is None else token([value])


class CompositeType(UserDefinedType[str]):
    """The type of a key in several columns; in Python it is a token."""

    cache_ok = True

    def __init__(self, types: tuple[TypeEngine[Any], ...]) -> None:
        self.types = types

    @property
    def python_type(self) -> type[str]:
        return str

    def get_col_spec(self, **_options: object) -> str:
        return "TEXT"

    def result_processor(self, _dialect: Dialect, _coltype: object) -> Callable[[Any], Any]:
        def process(value: Any) -> str | None:
            if value is None:
                return None
            return token(json.loads(value) if isinstance(value, str) else value)

        return process

    class Comparator(UserDefinedType.Comparator[str]):
        """Compares keys column by column, so that an index over the columns serves it."""

        def operate(self, op: Any, *others: Any, **options: Any) -> Any:
            own = parts(self.expr)
            if len(own) == 1 or op not in COMPARISONS:  # the column of a subquery, for instance
                return super().operate(op, *others, **options)
            return COMPARISONS[op](own, self.expr.type, *others) if others else _both(op, own)

    comparator_factory = Comparator


class CompositeKey(FunctionElement[str]):
    """A key in several columns; selected, it is an array of texts."""

    inherit_cache = True

    def __init__(self, *columns: Expression, types: tuple[TypeEngine[Any], ...]) -> None:
        self.type = CompositeType(types)  # before its comparator is made
        super().__init__(*columns)


@compiles(CompositeKey)
def _array(element: CompositeKey, compiler: Any, **options: Any) -> str:
    texts = ", ".join(
        f"CAST({compiler.process(column, **options)} AS TEXT)" for column in element.clauses
    )
    return f"json_array({texts})"


@compiles(CompositeKey, "postgresql")
def _array_of_postgresql(element: CompositeKey, compiler: Any, **options: Any) -> str:
    return _array(element, compiler, **options).replace("json_array", "jsonb_build_array", 1)


class StoredPart(FunctionElement[str]):
    """One of the texts in a stored array."""

    type = String()
    inherit_cache = True


@compiles(StoredPart)
def _part(element: StoredPart, compiler: Any, **options: Any) -> str:
    array, place = (compiler.process(part, **options) for part in element.clauses)
    return f"json_extract({array}, '$[{place}]')"


@compiles(StoredPart, "postgresql")
def _part_of_postgresql(element: StoredPart, compiler: Any, **options: Any) -> str:
    array, place = (compiler.process(part, **options) for part in element.clauses)
    return f"(CAST({array} AS JSONB) ->> {place})"


class ReadAs(Cast[Any]):
    """A stored text as a value of a column; SQLite compares it with the column as it is."""

    inherit_cache = True


@compiles(ReadAs, "sqlite")
def _as_it_is(element: ReadAs, compiler: Any, **options: Any) -> str:
    text: str = compiler.process(element.clause, **options)
    return text


def expression(given: Sequence[Expression], types: Sequence[TypeEngine[Any]]) -> Expression:
    """Return the key that columns hold, in SQL; `types` are those of the key's own columns."""
    if is_number(types):
        return type_coerce(given[0], BigInteger())
    if len(types) == 1:
        return type_coerce(given[0], TokenType(types[0]))
    return CompositeKey(*given, types=tuple(types))


def parts(key: Any) -> list[Expression]:
    """Return the columns of a key in SQL."""
    element = key.__clause_element__() if hasattr(key, "__clause_element__") else key
    while isinstance(element, Label):
        element = element.element
    return list(element.clauses) if isinstance(element, CompositeKey) else [key]


def is_number(types: Sequence[TypeEngine[Any]]) -> bool:
    """Return whether a key of these types is one whole number."""
    return len(types) == 1 and isinstance(types[0], Integer)


def typed(types: Sequence[TypeEngine[Any]], key: str) -> list[Expression]:
    """Return the values in a token, in SQL."""
    written = zip(values(types, key), types, strict=True)
    return [literal(value, type_) for value, type_ in written]


def _both(op: Any, own: Sequence[Expression]) -> ClauseList:
    return ClauseList(*(op(part) for part in own), group=False)


def _equal(own: Sequence[Expression], type_: CompositeType, other: Any) -> ColumnElement[bool]:
    theirs = typed(type_.types, other) if isinstance(other, str) else parts(other)
    if len(theirs) == 1:  # a subquery's column, which holds the array
        return theirs[0] == CompositeKey(*own, types=type_.types)
    # Not joined by AND: SQLAlchemy itself asks such comparisons of columns for their truth.
    return tuple_(*own) == tuple_(*theirs)


def _among(own: Sequence[Expression], type_: CompositeType, others: Any) -> ColumnElement[bool]:
    if isinstance(others, Select):
        (selected,) = others.selected_columns
        return tuple_(*own).in_(
            others.with_only_columns(*parts(selected), maintain_column_froms=True)
        )
    wanted = [tuple(values(type_.types, key)) for key in others]
    if not wanted:
        return false()
    # SQLite uses no index for rows among values, but one for the first column.
    first = own[0].in_([each[0] for each in wanted])
    return and_(first, tuple_(*own).in_(wanted))


COMPARISONS: dict[Any, Callable[..., Any]] = {
    operators.eq: _equal,
    operators.ne: lambda own, type_, other: not_(_equal(own, type_, other)),
    operators.in_op: _among,
    operators.not_in_op: lambda own, type_, others: not_(_among(own, type_, others)),
    operators.desc_op: _both,
    operators.asc_op: _both,
}
