"""Numbers: whole ones, exact decimals, money, and floating-point numbers."""

import decimal
import math
import re
from collections.abc import Iterator
from typing import TypeVar

from flask_babel import gettext as _
from sqlalchemy import BigInteger, Numeric, SmallInteger
from sqlalchemy import Float as FloatType
from sqlalchemy import Integer as IntegerType

from backoffice.models.kinds.kind import Kind
from backoffice.models.types import TableColumn
from backoffice.text.numbers import formatted

WHOLE = re.compile(r"[+-]?[0-9]{1,40}", re.ASCII)
# SQLite keeps decimals as floating-point numbers, which have 15 digits without an error (IEEE 754).
DIGITS = 15
PLACES = 10  # of a decimal whose column does not say how many
LONGEST = 100  # characters of a typed decimal, and the largest exponent
N = TypeVar("N", int, decimal.Decimal, float)


class Number(Kind[N]):
    """What all numbers have in common: bounds, and a filter from one number to another.

    A column declares bounds of its own as `least` and `most`, see models/columns.py.
    """

    shape = "range"
    sorts = True

    def lowest(self, column: TableColumn) -> N:
        return self.limits(column)[0]

    def clean(self, column: TableColumn, value: object) -> N:
        number = self.number(column, value)
        least, most = self.bounds(column)
        if not least <= number <= most:
            raise ValueError(self.refusal(column))
        return number

    def number(self, column: TableColumn, value: object) -> N:
        """Return the number in the column's type. Raises ValueError if there is none."""
        raise NotImplementedError

    def limits(self, column: TableColumn) -> tuple[N, N]:
        """Return the least and the largest number that the column's type can hold."""
        raise NotImplementedError

    def bounds(self, column: TableColumn) -> tuple[N, N]:
        """Return the least and the largest number that the column takes."""
        least, most = self.limits(column)
        return column.info.get("least", least), column.info.get("most", most)

    def refusal(self, column: TableColumn) -> str:
        least, most = (_formatted(bound) for bound in self.bounds(column))
        if "most" not in column.info and "least" in column.info:
            return _("Give a number of at least %(least)s.", least=least)
        return _("Give a number between %(least)s and %(most)s.", least=least, most=most)

    def tell(self, _column: TableColumn, value: N) -> str:
        return formatted(value)

    def export(self, _column: TableColumn, value: N | None) -> object:
        return value

    def plain(self, _column: TableColumn, value: N | None) -> object:
        return value


class Integer(Number[int]):
    """A whole number."""

    name = "integer"
    types = (IntegerType,)

    def number(self, _column: TableColumn, value: object) -> int:
        if isinstance(value, int):
            return int(value)
        text = str(value)
        if not WHOLE.fullmatch(text):
            raise ValueError(_("Give a whole number, such as 12."))
        return int(text)

    def limits(self, column: TableColumn) -> tuple[int, int]:
        bits = 31
        if isinstance(column.type, BigInteger):
            bits = 63
        if isinstance(column.type, SmallInteger):
            bits = 15
        return -(2**bits) + 1, 2**bits - 1


class Decimal(Number[decimal.Decimal]):
    """An exact number with a fixed number of decimal places, which is never rounded silently."""

    name = "decimal"
    types = (Numeric,)

    def number(self, column: TableColumn, value: object) -> decimal.Decimal:
        number = _decimal(str(value))
        # A few characters can stand for a number of a million digits: 1E-1000000.
        if number is None or abs(number.adjusted()) > LONGEST:
            raise ValueError(_("Give a number, such as 12.50."))
        most = places(column)
        if number and -int(number.normalize().as_tuple().exponent) > most:
            raise ValueError(_("Use at most %(places)s decimal places.", places=most))
        return number

    def limits(self, column: TableColumn) -> tuple[decimal.Decimal, decimal.Decimal]:
        scale = places(column)
        # As many nines as the column has digits.
        largest = decimal.Decimal(10 ** _digits(column) - 1).scaleb(-scale)
        return -largest, largest

    def mistakes(self, column: TableColumn) -> Iterator[str]:
        if _digits(column) > DIGITS and not column.info.get("existing"):
            yield f"SQLite keeps {DIGITS} digits of a decimal: declare at most Numeric({DIGITS}, …)"

    def write(self, column: TableColumn, value: decimal.Decimal | None) -> str:
        if value is None:
            return ""
        text = f"{value:f}"
        has_places = getattr(column.type, "scale", None) is not None
        if has_places or "." not in text:
            return text
        return text.rstrip("0").rstrip(".")

    def plain(self, column: TableColumn, value: decimal.Decimal | None) -> object:
        """Write it as a text: a number in JSON is read as a floating-point one."""
        return None if value is None else self.write(column, value)


class Money(Decimal):
    """An amount in the currency that the column's `info` says as `currency` (ISO 4217)."""

    name = "money"

    def mistakes(self, column: TableColumn) -> Iterator[str]:
        yield from super().mistakes(column)
        if not column.info.get("currency"):
            yield 'say which currency: column(kind="money", currency="EUR")'

    def tell(self, column: TableColumn, value: decimal.Decimal) -> str:
        return f"{super().tell(column, value)} {column.info['currency']}"


class Float(Number[float]):
    """A floating-point number."""

    name = "float"
    types = (FloatType,)

    def number(self, _column: TableColumn, value: object) -> float:
        try:
            number = float(value if isinstance(value, int | float) else str(value))
        except ValueError:
            raise ValueError(_("Give a number, such as 12.5.")) from None
        if not math.isfinite(number):
            raise ValueError(_("Give a number, such as 12.5."))
        return number

    def limits(self, _column: TableColumn) -> tuple[float, float]:
        return -1e300, 1e300


def _decimal(text: str) -> decimal.Decimal | None:
    """Return the finite number that the text is, or None."""
    if len(text) > LONGEST:
        return None
    try:
        number = decimal.Decimal(text)
    except decimal.InvalidOperation:
        return None
    return number if number.is_finite() else None


def places(column: TableColumn) -> int:
    """Return how many decimal places a column of decimals has."""
    scale = getattr(column.type, "scale", None)
    return PLACES if scale is None else int(scale)


def _digits(column: TableColumn) -> int:
    return getattr(column.type, "precision", None) or DIGITS


def _formatted(number: float | decimal.Decimal) -> str:
    return f"{number:g}" if isinstance(number, float) else formatted(number)
