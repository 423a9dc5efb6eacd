"""Declare values that an action asks for: numbers, texts, dates, choices, switches.

Values have the kinds that columns have (models/kinds): a kind parses, checks and writes them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

from flask_babel import gettext as _
from sqlalchemy import BigInteger, Boolean, Column, Numeric, String
from sqlalchemy import Date as DateType
from sqlalchemy import Text as TextType
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeEngine

from backoffice import clock, file_types, limits
from backoffice.actions.engine.parameters import Parameter
from backoffice.data.files import is_there
from backoffice.errors import RuleBroken
from backoffice.models import kinds
from backoffice.models.files import FileType, listed
from backoffice.models.kinds import Kind, documents, files, texts
from backoffice.models.kinds.numbers import DIGITS
from backoffice.models.masks import MASK
from backoffice.models.types import TableColumn, UTCDateTime
from backoffice.places import DeclarationError
from backoffice.policy.actor import Actor
from backoffice.text import without_invisible
from backoffice.text.masks import masked

LONGEST_SHOWN = 60  # characters of a text that is refused


@dataclass(frozen=True, eq=False)
class Value(Parameter):
    """A value of the kind of a column.

    Attributes:
        column: the column, such as `Pallet.weight`; None in a subclass that says the type itself.
        least, most: bounds within those of the column.
        unit: the unit that people read behind the value, such as "kg".
        default: what the field contains at first.
    """

    column: TableColumn | InstrumentedAttribute[Any] | None = None
    least: Any = field(default=None, kw_only=True)
    most: Any = field(default=None, kw_only=True)
    unit: str = field(default="", kw_only=True)
    default: Any = field(default=None, kw_only=True)

    is_noted: ClassVar[bool] = True

    def declared_as(self, name: str) -> Self:
        parameter = super().declared_as(name)
        own = parameter.own_column(name)
        if own.info.get(MASK) and name != own.name:  # by which events know what to mask
            raise DeclarationError(f"{name!r} is of the masked column {own.name!r}: call it so")
        required = parameter.required
        if required is None:
            required = not (own.nullable or _may_be_left_empty(own))
        described = Column(
            name,
            own.type,
            info=dict(own.info) | self._bounds(own),
            nullable=own.nullable,
            default=self.default,
        )
        return replace(parameter, column=described, required=required)

    def own_column(self, name: str) -> TableColumn:
        """Return the column that the value belongs to, or one of its own."""
        if isinstance(self.column, InstrumentedAttribute):
            column: TableColumn = self.column.property.columns[0]
            return column
        if self.column is not None:
            return self.column
        is_optional = self.required is False
        return Column(name, self.value_type(), info=self.value_info(), nullable=is_optional)

    def value_type(self) -> TypeEngine[Any]:
        """Return the type of a value that belongs to no column."""
        raise DeclarationError("Value needs a column: Value(Pallet.weight)")

    def value_info(self) -> dict[str, Any]:
        """Return the `info` that the column of such a value would have."""
        return {}

    def _bounds(self, column: TableColumn) -> dict[str, Any]:
        """Return the stricter bounds of the parameter and of its column."""
        least = [bound for bound in (self.least, column.info.get("least")) if bound is not None]
        most = [bound for bound in (self.most, column.info.get("most")) if bound is not None]
        bounds = {"least": max(least, default=None), "most": min(most, default=None)}
        return {name: bound for name, bound in bounds.items() if bound is not None}

    @property
    def described(self) -> TableColumn:
        """The column that says what the value is."""
        assert isinstance(self.column, Column)
        return self.column

    @property
    def kind(self) -> Kind:
        """The kind of the value."""
        kind = kinds.of(self.described)
        assert kind is not None
        return kind

    def parse(self, given: Sequence[object]) -> Any:
        texts = [str(value) for value in given]
        if len(texts) > 1:
            raise RuleBroken(_("Give one value."), field=self.name)
        try:
            value = self.kind.recall(self.described, texts[0] if texts else "")
        except ValueError as error:
            raise RuleBroken(str(error), field=self.name) from None
        return None if value == "" and self.described.nullable else value

    def stored(self, value: Any) -> list[Any]:
        return [] if value is None else [self.kind.keep(self.described, value)]

    def check(self, actor: Actor, value: Any, *, code: str, locked: bool) -> None:
        """Refuse a file whose content is gone: it is kept for a day."""
        if self.takes_files and not all(map(is_there, listed(value))):
            sentence = _("A file of this form is not there any more. Choose it again.")
            raise RuleBroken(sentence, field=self.name)

    @property
    def takes_files(self) -> bool:
        """Whether it asks for files."""
        return isinstance(self.kind, files.File)

    def noted(self, stored: list[Any]) -> object:
        if not self.takes_files:
            return super().noted(stored)
        try:
            return self.kind.note(self.described, self.parse(stored))
        except RuleBroken:  # events have it noted already
            return stored[0]

    def told(self, actor: Actor, stored: list[Any]) -> list[str]:
        mask = self.described.info.get(MASK)
        if mask and actor.mask_data:
            return [str(masked(mask, text)) for text in stored]
        try:
            value = self.parse(stored)
        except RuleBroken:  # it was given before the declaration was changed
            return list(map(str, stored))
        if value is None:
            return []
        text = self.kind.tell(self.described, value)
        return [f"{text} {self.unit}" if self.unit else text]


@dataclass(frozen=True, eq=False)
class Number(Value):
    """A number with so many decimal places; without any, a whole number."""

    places: int = field(default=0, kw_only=True)

    def value_type(self) -> TypeEngine[Any]:
        return Numeric(DIGITS, self.places) if self.places else BigInteger()


@dataclass(frozen=True, eq=False)
class Text(Value):
    """A text of at most `length` characters; `lines` says whether it may have several lines."""

    length: int = field(default=limits.REASON, kw_only=True)
    lines: bool = field(default=False, kw_only=True)

    def value_type(self) -> TypeEngine[Any]:
        return String(self.length)

    def value_info(self) -> dict[str, Any]:
        return {"kind": "long_text" if self.lines else "text"}


@dataclass(frozen=True, eq=False)
class Lines(Value):
    """Several texts, one a line, sorted and each once; events do not keep them.

    Attributes:
        pattern: what each has to match as a whole; None for any text.
        holds: the most that may be given.
    """

    pattern: re.Pattern[str] | None = field(default=None, kw_only=True)
    holds: int = field(default=limits.RELATED, kw_only=True)

    is_noted: ClassVar[bool] = False

    def parse(self, given: Sequence[object]) -> list[str]:
        texts = sorted(set(super().parse(["\n".join(map(str, given))])))
        odd = [text for text in texts if self.pattern and not self.pattern.fullmatch(text)]
        if odd:
            shown = without_invisible(odd[0][:LONGEST_SHOWN])
            raise RuleBroken(_("“%(text)s” does not fit here.", text=shown), field=self.name)
        if len(texts) > self.holds:
            raise RuleBroken(_("Choose at most %(most)s.", most=self.holds), field=self.name)
        return texts

    def stored(self, value: list[str]) -> list[str]:
        return list(value or ())


@dataclass(frozen=True, eq=False)
class Date(Value):
    """A day."""

    def value_type(self) -> TypeEngine[Any]:
        return DateType()


@dataclass(frozen=True, eq=False)
class DateTime(Value):
    """A time with its date, in UTC."""

    def value_type(self) -> TypeEngine[Any]:
        return UTCDateTime()


@dataclass(frozen=True, eq=False)
class End(DateTime):
    """When something that is given ends: a time to come. Events note it with what is given."""

    is_noted: ClassVar[bool] = False

    def check(self, actor: Actor, value: Any, *, code: str, locked: bool) -> None:
        if value is not None and value <= clock.now():
            raise RuleBroken(_("Choose a time that is still to come."), field=self.name)

    def in_title(self, actor: Actor, stored: list[Any]) -> list[str]:
        return [str(_("until %(when)s", when=when)) for when in self.told(actor, stored)]


@dataclass(frozen=True, eq=False)
class Switch(Value):
    """Yes or no; it is off at first."""

    default: Any = field(default=False, kw_only=True)

    def value_type(self) -> TypeEngine[Any]:
        return Boolean()

    def parse(self, given: Sequence[object]) -> bool:
        # A form posts an empty value before that of a box.
        return bool(super().parse(list(given)[-1:]))


@dataclass(frozen=True, eq=False)
class File(Value):
    """A file, or with `several` a list of them, of types that are accepted.

    Its value is a File of models/files.py, whose content `data.files.content` returns. `accepts`,
    `largest` and `holds` are those of columns.
    """

    several: bool = field(default=False, kw_only=True)
    accepts: Sequence[str] = field(default=file_types.USUAL, kw_only=True)
    largest: int = field(default=limits.FILE, kw_only=True)
    holds: int = field(default=limits.FILES, kw_only=True)

    def value_type(self) -> TypeEngine[Any]:
        return FileType(several=self.several)

    def value_info(self) -> dict[str, Any]:
        return {"accepts": self.accepts, "largest": self.largest, "holds": self.holds}


@dataclass(frozen=True, eq=False)
class OneOf(Value):
    """One of a few values.

    Attributes:
        choices: the values.
        words: a word for people for each that does not read well itself.
        descriptions: what choosing each means, shown where it is chosen.
    """

    choices: Sequence[str] = field(default=(), kw_only=True)
    words: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    descriptions: Mapping[str, str] = field(default_factory=dict, kw_only=True)

    def value_type(self) -> TypeEngine[Any]:
        return TextType()

    def value_info(self) -> dict[str, Any]:
        return {
            "choices": tuple(self.choices),
            "words": self.words,
            "descriptions": self.descriptions,
        }


def _may_be_left_empty(column: TableColumn) -> bool:
    """Return whether an empty text, or an empty list of texts, is a value of the column."""
    has_empty_value = isinstance(kinds.of(column), texts.Text | documents.TextLines | files.File)
    return has_empty_value and column.default is not None
