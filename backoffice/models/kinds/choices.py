"""Choices: one of a few values, each with a word for people and perhaps a colour."""

from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from typing import ClassVar

from babel import Locale
from babel.numbers import get_territory_currencies
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import Boolean as BooleanType
from sqlalchemy import Enum as EnumType

from backoffice.models.kinds.kind import Kind
from backoffice.models.types import TableColumn
from backoffice.setting_values import NO, YES
from backoffice.text import without_invisible

# What CLDR names among territories: unions, the unknown, and stand-ins for tests.
NO_COUNTRIES = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"}
COLOURS = ("grey", "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink")


class Choice(Kind[str | Enum]):
    """One of the values that the column's `info` says as `choices`, or those of its Enum.

    The `info` may say `words`, the value's label where the value itself does not read well, and
    `colours`, by which a list shows it as a badge.
    """

    name = "choice"
    types = (EnumType,)
    shape = "choice"
    sorts = True
    searched = False

    def values(self, column: TableColumn) -> tuple[str, ...]:
        """Return every value as it is written."""
        if "choices" in column.info:
            return tuple(column.info["choices"])
        return tuple(column.type.enums)  # type: ignore[attr-defined]  # the type is an Enum then

    def label(self, column: TableColumn, value: object) -> str:
        """Return the word for a value."""
        written = self.write(column, value)
        word = self.english_label(column, written)
        return _(word) if word else ""

    def english_label(self, column: TableColumn, written: str) -> str:
        """Return the word for a value as translators read it."""
        words: Mapping[str, str] = column.info.get("words", {})
        return words.get(written) or worded(written)

    def colour(self, column: TableColumn, value: object) -> str:
        """Return the colour of a value, one of COLOURS, or '' if the column has none."""
        colours: Mapping[str, str] = column.info.get("colours", {})
        return colours.get(self.write(column, value), "grey") if colours else ""

    def clean(self, column: TableColumn, value: object) -> str | Enum:
        written = self.write(column, value)
        if written not in self.values(column):
            raise ValueError(self.refusal(column))
        members = _members(column)
        return members[written] if members else written

    def write(self, column: TableColumn, value: object) -> str:
        if isinstance(value, Enum):
            # A column may store the members' values instead of their names.
            made = getattr(column.type, "values_callable", None)
            names = {member: text for text, member in _members(column).items()}
            return names.get(value, value.name) if made else value.name
        return "" if value is None else str(value)

    def tell(self, column: TableColumn, value: str | Enum) -> str:
        return self.label(column, value)

    def mistakes(self, column: TableColumn) -> Iterator[str]:
        values = self.values(column)
        for option in ("words", "colours"):
            for value in column.info.get(option, {}):
                if value not in values:
                    yield f"{option} names {value!r}, which is none of its choices"
        for colour in column.info.get("colours", {}).values():
            if colour not in COLOURS:
                yield f"there is no colour {colour!r}: use one of {', '.join(COLOURS)}"

    def refusal(self, _column: TableColumn) -> str:
        return _("Choose one of the offered values.")


class Derived(Choice):
    """A choice that SQL computes from other columns; see `__derived__` in models/base.py."""

    name = "derived"
    shape = "derived"
    sorts = False
    editable = False


class Babel(Choice):
    """A choice from a list of names that Babel keeps in every language (from Unicode CLDR)."""

    names: ClassVar[str]

    def values(self, column: TableColumn) -> tuple[str, ...]:
        return tuple(column.info.get("choices") or _codes(self.names))

    def label(self, column: TableColumn, value: object) -> str:
        written = self.write(column, value)
        names: Mapping[str, str] = getattr(get_locale() or Locale("en"), self.names)
        return str(names.get(written, written))


class Country(Babel):
    """A country by its code (ISO 3166-1 alpha-2)."""

    name = "country"
    names = "territories"

    def parse(self, column: TableColumn, text: str) -> str | Enum | None:
        return super().parse(column, text.upper())


class Language(Babel):
    """A language by its code (ISO 639)."""

    name = "language"
    names = "languages"


class Currency(Babel):
    """A currency that is money somewhere today, by its code (ISO 4217)."""

    name = "currency"
    names = "currencies"

    def values(self, column: TableColumn) -> tuple[str, ...]:
        return tuple(column.info.get("choices") or _currencies())

    def parse(self, column: TableColumn, text: str) -> str | Enum | None:
        return super().parse(column, text.upper())


class Boolean(Kind[bool]):
    """Yes or no."""

    name = "boolean"
    types = (BooleanType,)
    shape = "yes"
    sorts = True

    def lowest(self, _column: TableColumn) -> bool:
        return False

    def clean(self, column: TableColumn, value: object) -> bool:
        if isinstance(value, bool):
            return value
        word = str(value).strip().casefold()
        if word not in (*YES, *NO):
            raise ValueError(self.refusal(column))
        return word in YES

    def refusal(self, _column: TableColumn) -> str:
        return _("Answer with yes or no.")

    def write(self, _column: TableColumn, value: bool | None) -> str:
        return "" if value is None else "yes" if value else "no"

    def tell(self, _column: TableColumn, value: bool) -> str:
        return _("yes") if value else _("no")

    def export(self, _column: TableColumn, value: object) -> object:
        return value

    def plain(self, _column: TableColumn, value: object) -> object:
        return value


def worded(value: str) -> str:
    """Return the default word for a value or a name: that of `created_at` is 'Created at'."""
    words = without_invisible(value.replace("_", " "))
    return words[:1].upper() + words[1:]


def _members(column: TableColumn) -> dict[str, Enum]:
    """Return the members of a Python Enum by the texts that are stored for them."""
    enum_class = getattr(column.type, "enum_class", None)
    if enum_class is None:
        return {}
    return dict(zip(column.type.enums, enum_class, strict=True))  # type: ignore[attr-defined]  # as above


@cache
def _codes(names: str) -> tuple[str, ...]:
    """Return the two letters of every country, or every language that has a name."""
    codes: Mapping[str, str] = getattr(Locale("en"), names)
    if names == "territories":
        countries = {code for code in codes if len(code) == 2 and code.isalpha()}
        return tuple(sorted(countries - NO_COUNTRIES))
    return tuple(sorted(code for code in codes if code.isalpha()))


@cache
def _currencies() -> tuple[str, ...]:
    """Return the code of every currency that some country has now."""
    countries = _codes("territories")
    return tuple(sorted({code for each in countries for code in get_territory_currencies(each)}))
