"""The form field of each kind of column."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from datetime import time as day_time
from typing import Any

from flask_babel import gettext as _
from wtforms import Field, SelectChoice, SelectField  # type: ignore[attr-defined]  # SelectChoice is newer than the stubs
from wtforms.validators import InputRequired, Optional, StopValidation, ValidationError
from wtforms.widgets import TextArea, TextInput

from backoffice.models.kinds import Kind, choices, documents, part_of, relations, times
from backoffice.models.kinds.identifiers import Uuid
from backoffice.models.kinds.numbers import Decimal, Number, Whole, places
from backoffice.models.kinds.texts import Email, LongText, Phone, Text, Url, length
from backoffice.models.types import TableColumn
from forms.fields import (
    EmailField,
    LongTextField,
    PhoneField,
    PickField,
    SwitchField,
    TextField,
    Untouched,
)


@dataclass(frozen=True)
class Wanted:
    """What a field is made for.

    A relation has no `column`; for it, `picker` holds what a PickField needs.
    """

    kind: Kind
    column: Any
    label: str
    description: str = ""
    required: bool = False
    picker: Mapping[str, Any] | None = None

    @property
    def common(self) -> dict[str, Any]:
        """The arguments that every field takes."""
        validators = [InputRequired(_("Fill this in."))] if self.required else [Optional()]
        return {
            "description": self.description,
            "validators": validators,
            "default": _default(self.column),
        }


class ValueField(Untouched, Field):
    """A value that its kind reads and writes, in an input of one line or several."""

    widget: Any = TextInput()

    def __init__(
        self, label: str = "", *, kind: Kind, column: TableColumn, lines: bool = False, **more: Any
    ) -> None:
        self.kind = kind
        self.column = column
        if lines:
            self.widget = TextArea()
        super().__init__(label, **more)

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist:
            self.data = None  # what is not read changes nothing
            self.data = self.kind.parse(self.column, valuelist[0])

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else self.shown(self.data)

    def shown(self, value: Any) -> str:
        """Return the value as the input has it."""
        return self.kind.write(self.column, value)


class MomentField(ValueField):
    """A time in UTC, to the second, as `<input type=datetime-local>` has it (HTML)."""

    def shown(self, value: datetime | None) -> str:
        if value is None:
            return ""
        moment = value.astimezone(UTC).replace(tzinfo=None)
        return moment.isoformat(timespec="seconds").removesuffix(":00")


class DayTimeField(ValueField):
    """A time of day, to the second, as `<input type=time>` has it."""

    def shown(self, value: day_time | None) -> str:
        return "" if value is None else value.isoformat("seconds").removesuffix(":00")


class ChoiceField(SelectField):
    """One of the values of a choice.

    A value that is no choice any more stays one for the row that has it.
    """

    def __init__(
        self,
        label: str = "",
        *,
        kind: Kind,
        column: TableColumn,
        words: Iterable[tuple[str, str]],
        **more: Any,
    ) -> None:
        self.kind = kind
        self.column = column
        self.words = dict(words)
        super().__init__(label, choices=_offered(self.words), coerce=self._written, **more)

    def _written(self, value: object) -> str | None:
        """Return what the menu sends for a value of the row; what was sent is written already."""
        if isinstance(value, str):
            return value or None
        return self.kind.write(self.column, value) or None

    def process_data(self, value: object) -> None:
        super().process_data(value)
        shown = self.data or ""
        if shown not in self.words:
            self.choices = _offered({shown: shown or "–"} | self.words)


def _offered(words: Mapping[str, str]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in words.items()]


def field(wanted: Wanted) -> Field:
    """Return the form field for a kind. Raises LookupError if the kind has none."""
    return part_of(wanted.kind, FIELDS)(wanted)


def _text(wanted: Wanted) -> Field:
    return TextField(wanted.label, limit=length(wanted.column), **wanted.common)


def _long_text(wanted: Wanted) -> Field:
    return LongTextField(wanted.label, limit=length(wanted.column), **wanted.common)


def _email(wanted: Wanted) -> Field:
    return EmailField(wanted.label, limit=length(wanted.column), **wanted.common)


def _phone(wanted: Wanted) -> Field:
    return PhoneField(wanted.label, limit=length(wanted.column), **wanted.common)


def _url(wanted: Wanted) -> Field:
    more = wanted.common | {"render_kw": {"type": "url", "placeholder": "https://"}}
    return TextField(wanted.label, limit=length(wanted.column), **more)


def _value(wanted: Wanted) -> Field:
    return ValueField(wanted.label, kind=wanted.kind, column=wanted.column, **wanted.common)


def _lines(wanted: Wanted) -> Field:
    return ValueField(
        wanted.label, kind=wanted.kind, column=wanted.column, lines=True, **wanted.common
    )


def _number(wanted: Wanted) -> Field:
    attributes = {"type": "number", "step": "any"}
    if isinstance(wanted.kind, Whole):
        attributes["step"] = "1"
    if isinstance(wanted.kind, Decimal) and getattr(wanted.column.type, "scale", None):
        attributes["step"] = f"{10 ** -places(wanted.column):.{places(wanted.column)}f}"
    return _with_bounds(wanted, attributes, ValueField, wanted.label)


def _date(wanted: Wanted) -> Field:
    return _with_bounds(wanted, {"type": "date"}, ValueField, wanted.label)


def _moment(wanted: Wanted) -> Field:
    attributes = {"type": "datetime-local", "step": "any"}
    return _with_bounds(wanted, attributes, MomentField, f"{wanted.label} (UTC)")


def _day_time(wanted: Wanted) -> Field:
    attributes = {"type": "time", "step": "any"}
    return _with_bounds(wanted, attributes, DayTimeField, wanted.label)


def _with_bounds(
    wanted: Wanted, attributes: dict[str, str], make: type[ValueField], label: str
) -> ValueField:
    """Make a field whose bounds the browser checks too."""
    for attribute, bound in (("min", "least"), ("max", "most")):
        if bound in wanted.column.info:
            attributes[attribute] = str(wanted.column.info[bound])
    more = wanted.common | {"render_kw": attributes}
    return make(label, kind=wanted.kind, column=wanted.column, **more)


def _choice(wanted: Wanted) -> Field:
    kind, column = wanted.kind, wanted.column
    assert isinstance(kind, choices.Choice)
    words = [(value, kind.label(column, value)) for value in kind.values(column)]
    if isinstance(kind, choices.Babel):
        words.sort(key=lambda pair: pair[1])
    return _select(wanted, words)


def _yes_or_no(wanted: Wanted) -> Field:
    """Return a switch, or a choice where the answer may also be left open."""
    if wanted.column.nullable:
        return _select(wanted, [("yes", _("Yes")), ("no", _("No"))])
    more = wanted.common
    del more["validators"]
    return SwitchField(wanted.label, **more)


def _select(wanted: Wanted, words: list[tuple[str, str]]) -> Field:
    """Return a choice that chooses nothing by itself."""
    has_default = wanted.column.default is not None and not wanted.column.nullable
    offered = words if has_default else [("", "–"), *words]
    return ChoiceField(
        wanted.label, kind=wanted.kind, column=wanted.column, words=offered, **wanted.common
    )


def _related(wanted: Wanted) -> Field:
    return PickField(
        wanted.label,
        multiple=isinstance(wanted.kind, relations.Many),
        required=wanted.required,
        validators=[_chosen] if wanted.required else [],
        description=wanted.description,
        **(wanted.picker or {}),
    )


def _chosen(_form: object, field: PickField) -> None:
    """Refuse a choice of nothing, unless something else is wrong with it already."""
    if field.errors:
        raise StopValidation
    if not field.data:
        raise ValidationError(_("Fill this in."))


def _default(column: TableColumn | None) -> object:
    default = getattr(column, "default", None)
    return default.arg if default is not None and default.is_scalar else None


FIELDS: dict[type[Kind], Callable[[Wanted], Field]] = {
    Text: _text,
    LongText: _long_text,
    Email: _email,
    Phone: _phone,
    Url: _url,
    Number: _number,
    times.Date: _date,
    times.Moment: _moment,
    times.DayTime: _day_time,
    choices.Choice: _choice,
    choices.Truth: _yes_or_no,
    documents.Json: _lines,
    documents.TextLines: _lines,
    Uuid: _value,
    relations.One: _related,
    relations.Many: _related,
}
