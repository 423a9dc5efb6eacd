"""RowVersion: the version of a row whose table has none, as a number made of all its values.

It guards against stale forms and stale previews: whoever changes the row, also beside the product,
changes the number. Two states of a row have the same number by chance once in 2**64 cases.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from backoffice.checksums import FUNCTION
from backoffice.models.types import Expression

AT_ONCE = 50  # arguments; SQLite takes 100 or more


class RowVersion(FunctionElement[int]):
    """The version of a row with these columns."""

    type = BigInteger()
    inherit_cache = True


def row_version(columns: Sequence[Expression]) -> Expression:
    """Return the version of a row in SQL."""
    arguments: list[Expression] = list(columns)
    while len(arguments) > AT_ONCE:
        arguments = [RowVersion(*arguments[:AT_ONCE]), *arguments[AT_ONCE:]]
    return RowVersion(*arguments)


@compiles(RowVersion)
def _on_sqlite(element: RowVersion, compiler: Any, **options: Any) -> str:
    arguments = ", ".join(_bytes(column, compiler, **options) for column in element.clauses)
    return f"{FUNCTION}({arguments})"


def _bytes(column: Expression, compiler: Any, **options: Any) -> str:
    """Write texts as their bytes: SQLite calls no function with a text that is no UTF-8."""
    written: str = compiler.process(column, **options)
    return f"CASE typeof({written}) WHEN 'text' THEN CAST({written} AS BLOB) ELSE {written} END"


@compiles(RowVersion, "postgresql")
def _on_postgresql(element: RowVersion, compiler: Any, **options: Any) -> str:
    arguments = ", ".join(compiler.process(column, **options) for column in element.clauses)
    return f"hashtextextended(CAST(ROW({arguments}) AS TEXT), 0)"
