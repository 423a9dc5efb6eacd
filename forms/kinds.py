"""The form field of each kind of column."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from flask_babel import gettext as _
from wtforms import Field, SelectChoice, SelectField  # type: ignore[attr-defined]  # SelectChoice is newer than the stubs
from wtforms.validators import InputRequired, Optional, StopValidation, ValidationError
from wtforms.widgets import TextArea, TextInput

from backoffice.models.kinds import Kind, choices, documents, files, part_of, relations, times
from backoffice.models.kinds.identifiers import Uuid
from backoffice.models.kinds.numbers import Decimal, Integer, Number, places
from backoffice.models.kinds.texts import Email, LongText, Phone, Text, Url, length
from backoffice.models.row_keys import RowKey
from backoffice.models.types import TableColumn
from backoffice.models.unreadable import Unreadable
from forms.fields import (
    EmailField,
    LongTextField,
    PhoneField,
    PickField,
    SwitchField,
    TextField,
    UnchangedMixin,
)
from forms.files import FilesField

CODE = re.compile("[A-Z]{2}")  # of a country, today or formerly


@dataclass(frozen=True)
class FieldSpec:
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


class ValueField(UnchangedMixin, Field):
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

    def process(self, *arguments: Any, **keywords: Any) -> None:
        """Read what was sent; what the row has and cannot be read stays as it is."""
        super().process(*arguments, **keywords)
        if isinstance(self.object_data, Unreadable):
            # An input of another type would show nothing, and send nothing.
            self.render_kw = {"type": "text"}
            self.description = _(
                "The database has something here that cannot be read. It stays as it is unless "
                "you write something else."
            )

    def pre_validate(self, _form: object) -> None:
        """Take what cannot be read for filled in, if it is unchanged."""
        if self.unchanged and isinstance(self.object_data, Unreadable):
            raise StopValidation

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist:
            self.data = None  # what is not read changes nothing
            self.data = self.kind.parse(self.column, valuelist[0])

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else self.written(self.data)

    def written(self, value: Any) -> str:
        """Return the value as the input has it, whether it can be read or not."""
        return str(value) if isinstance(value, Unreadable) else self.shown(value)

    def shown(self, value: Any) -> str:
        """Return a value that can be read as the input has it."""
        return self.kind.write(self.column, value)


class DateTimeField(ValueField):
    """A time in UTC, to the second, as `<input type=datetime-local>` has it (HTML)."""

    def shown(self, value: datetime | None) -> str:
        if value is None:
            return ""
        moment = value.astimezone(UTC).replace(tzinfo=None)
        return moment.isoformat(timespec="seconds").removesuffix(":00")


class TimeField(ValueField):
    """A time of day, to the second, as `<input type=time>` has it."""

    def shown(self, value: time | None) -> str:
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

    def process(self, *arguments: Any, **keywords: Any) -> None:
        """Read what was sent; what the row has stays as it is, even if it is no choice."""
        super().process(*arguments, **keywords)
        is_odd = self.object_data == "" or isinstance(self.object_data, Unreadable)
        if is_odd and self.data == (self.object_data or None):
            self.data = self.object_data

    def process_data(self, value: object) -> None:
        super().process_data(value)
        shown = self.data or ""
        if shown not in self.words:
            self.choices = _offered({shown: shown or "–"} | self.words)


def _offered(words: Mapping[str, str]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in words.items()]


def field(spec: FieldSpec) -> Field:
    """Return the form field for a kind. Raises LookupError if the kind has none."""
    return part_of(spec.kind, FIELDS)(spec)


def _text(spec: FieldSpec) -> Field:
    return TextField(spec.label, limit=length(spec.column), **spec.common)


def _long_text(spec: FieldSpec) -> Field:
    return LongTextField(spec.label, limit=length(spec.column), **spec.common)


def _email(spec: FieldSpec) -> Field:
    return EmailField(spec.label, limit=length(spec.column), **spec.common)


def _phone(spec: FieldSpec) -> Field:
    return PhoneField(spec.label, limit=length(spec.column), **spec.common)


def _url(spec: FieldSpec) -> Field:
    more = spec.common | {"render_kw": {"type": "url", "placeholder": "https://"}}
    return TextField(spec.label, limit=length(spec.column), **more)


def _value(spec: FieldSpec) -> Field:
    return ValueField(spec.label, kind=spec.kind, column=spec.column, **spec.common)


def _lines(spec: FieldSpec) -> Field:
    return ValueField(spec.label, kind=spec.kind, column=spec.column, lines=True, **spec.common)


def _countries(spec: FieldSpec) -> Field:
    """Return a choice of countries by their names; a former code stays one for its row."""
    kind, column = spec.kind, spec.column
    assert isinstance(kind, documents.Countries)
    names = {code: kind.label(column, code) for code in kind.values(column)}
    offered = sorted(names.items(), key=lambda pair: pair[1])

    def find(chosen: Sequence[RowKey]) -> tuple[list[tuple[RowKey, str]], bool]:
        former = [(code, str(code)) for code in chosen if code not in names]
        return [*former, *offered], False

    return PickField(
        spec.label,
        required=spec.required,
        validators=[_chosen] if spec.required else [],
        description=spec.description,
        find=find,
        parse=lambda text: text if CODE.fullmatch(text) else None,
    )


def _number(spec: FieldSpec) -> Field:
    attributes = {"type": "number", "step": "any"}
    if isinstance(spec.kind, Integer):
        attributes["step"] = "1"
    if isinstance(spec.kind, Decimal) and getattr(spec.column.type, "scale", None):
        attributes["step"] = f"{10 ** -places(spec.column):.{places(spec.column)}f}"
    return _with_bounds(spec, attributes, ValueField, spec.label)


def _date(spec: FieldSpec) -> Field:
    return _with_bounds(spec, {"type": "date"}, ValueField, spec.label)


def _date_time(spec: FieldSpec) -> Field:
    attributes = {"type": "datetime-local", "step": "any"}
    return _with_bounds(spec, attributes, DateTimeField, f"{spec.label} (UTC)")


def _time(spec: FieldSpec) -> Field:
    attributes = {"type": "time", "step": "any"}
    return _with_bounds(spec, attributes, TimeField, spec.label)


def _with_bounds(
    spec: FieldSpec, attributes: dict[str, str], make: type[ValueField], label: str
) -> ValueField:
    """Make a field whose bounds the browser checks too."""
    for attribute, bound in (("min", "least"), ("max", "most")):
        if bound in spec.column.info:
            attributes[attribute] = str(spec.column.info[bound])
    more = spec.common | {"render_kw": attributes}
    return make(label, kind=spec.kind, column=spec.column, **more)


def _choice(spec: FieldSpec) -> Field:
    kind, column = spec.kind, spec.column
    assert isinstance(kind, choices.Choice)
    words = [(value, _word(kind, column, value)) for value in kind.values(column)]
    if isinstance(kind, choices.Babel):
        words.sort(key=lambda pair: pair[1])
    return _select(spec, words)


def _word(kind: choices.Choice, column: TableColumn, value: str) -> str:
    """Return the word for a value, with what choosing it means where that is said."""
    description = column.info.get("descriptions", {}).get(value)
    word = kind.label(column, value)
    return f"{word} – {_(description)}" if description else word


def _yes_or_no(spec: FieldSpec) -> Field:
    """Return a switch, or a choice where the answer may also be left open."""
    if spec.column.nullable:
        return _select(spec, [("yes", _("Yes")), ("no", _("No"))])
    more = spec.common
    del more["validators"]
    return SwitchField(spec.label, **more)


def _select(spec: FieldSpec, words: list[tuple[str, str]]) -> Field:
    """Return a choice that chooses nothing by itself."""
    has_default = spec.column.default is not None and not spec.column.nullable
    offered = words if has_default else [("", "–"), *words]
    return ChoiceField(spec.label, kind=spec.kind, column=spec.column, words=offered, **spec.common)


def _files(spec: FieldSpec) -> Field:
    assert isinstance(spec.kind, files.File)
    return FilesField(
        spec.label,
        kind=spec.kind,
        column=spec.column,
        required=spec.required,
        description=" ".join(filter(None, (spec.description, spec.kind.hint(spec.column)))),
    )


def _related(spec: FieldSpec) -> Field:
    return PickField(
        spec.label,
        multiple=isinstance(spec.kind, relations.Many),
        required=spec.required,
        validators=[_chosen] if spec.required else [],
        description=spec.description,
        **(spec.picker or {}),
    )


def _chosen(_form: object, field: PickField) -> None:
    """Refuse a choice of nothing, unless something else is wrong with it already."""
    if field.errors:
        raise StopValidation
    if not field.data and not field.has_unseen:
        raise ValidationError(_("Fill this in."))


def _default(column: TableColumn | None) -> object:
    default = getattr(column, "default", None)
    return default.arg if default is not None and default.is_scalar else None


FIELDS: dict[type[Kind], Callable[[FieldSpec], Field]] = {
    Text: _text,
    LongText: _long_text,
    Email: _email,
    Phone: _phone,
    Url: _url,
    Number: _number,
    times.Date: _date,
    times.DateTime: _date_time,
    times.Time: _time,
    choices.Choice: _choice,
    choices.Boolean: _yes_or_no,
    documents.Json: _lines,
    documents.TextLines: _lines,
    documents.Countries: _countries,
    Uuid: _value,
    files.File: _files,
    relations.One: _related,
    relations.Many: _related,
}
