"""The base of all forms: it keeps what was typed, and tells sent fields from missing ones."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar

import wtforms
from flask_babel import gettext as _
from flask_wtf.i18n import translations
from werkzeug.datastructures import MultiDict
from wtforms.fields.core import UnboundField

from backoffice.errors import BackofficeError
from backoffice.field_conditions import Condition, is_met, wanted_of

# Values of `autocomplete` by which fields tell browsers that they take a secret.
SECRETS = ("current-password", "new-password", "one-time-code")
# What was typed into this page's form before: it is shown again, though it is not sent now.
typed_before: ContextVar[MultiDict[str, str] | None] = ContextVar("typed_before", default=None)


class Form(wtforms.Form):
    """A form; the application checks its CSRF token before the form is made.

    A field that is shown only with some values of others is neither checked nor taken without them,
    whatever a browser sends.

    Attributes:
        retry_after: the seconds until the next try is allowed, or 0 if that is now.
        shown_when: with which values of the fields before them fields are shown, by name.
        required_when: with which of them fields may not be left empty.
    """

    retry_after = 0
    shown_when: ClassVar[Mapping[str, Condition]] = {}
    required_when: ClassVar[Mapping[str, Condition]] = {}

    class Meta:
        """Have WTForms write its own messages in the reader's language."""

        def get_translations(self, _form: wtforms.Form) -> object:
            return translations

    def __init__(
        self,
        formdata: MultiDict[str, Any] | None = None,
        obj: object | None = None,
        *,
        prefix: str = "",
        data: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(formdata or typed_before.get(), obj, prefix, data)

    @classmethod
    def names(cls) -> set[str]:
        """Return the names of the fields that the class declares."""
        return {name for name in dir(cls) if isinstance(getattr(cls, name), UnboundField)}

    @classmethod
    def secrets(cls) -> set[str]:
        """Return the names of the fields that take a password or a code.

        What is typed there is kept nowhere.
        """
        return {name for name in cls.names() if _is_secret(getattr(cls, name))}

    @classmethod
    def of_files(cls) -> set[str]:
        """Return the names of the fields that take files."""
        fields = ((name, getattr(cls, name).field_class) for name in cls.names())
        return {name for name, field_class in fields if getattr(field_class, "takes_files", False)}

    @property
    def sections(self) -> list[tuple[str, list[wtforms.Field]]]:
        """Return the fields under their headings: one section without a name, unless overridden."""
        return [("", list(self))]

    def asked_for(self) -> dict[str, list[Any]]:
        """Return the values of the fields that are shown, by name, as conditions read them."""
        asked: dict[str, list[Any]] = {}
        for name in self._fields:
            if is_met(self._condition(self.shown_when, name), asked):
                asked[name] = self._written(name)
        return asked

    def _condition(self, conditions: Mapping[str, Condition], name: str) -> Condition:
        """Return the condition of a field, as far as the form has what it depends on.

        Whoever may not read one field is asked for the other all the same.
        """
        return {
            other: wanted for other, wanted in conditions.get(name, {}).items() if other in self
        }

    def _written(self, name: str) -> list[Any]:
        """Return the value of a field as conditions read it."""
        return written(self[name])

    def condition_of(self, field: wtforms.Field) -> dict[str, list[str]]:
        """Return with which values of other fields a field is shown, by their names in the page."""
        condition = self._condition(self.shown_when, field.short_name)
        return {self[name].name: sorted(wanted_of(condition, name)) for name in condition}

    def _refusal_if_empty(self, name: str, asked: Mapping[str, Sequence[object]]) -> str:
        """Return the sentence for a field that the others make required, or ''."""
        condition = self._condition(self.required_when, name)
        return _("Fill this in.") if condition and is_met(condition, asked) else ""

    def sent(self) -> dict[str, object]:
        """Return the values of the fields that were sent; a missing field changes nothing."""
        asked = self.asked_for()
        return {
            name: field.data
            for name, field in self._fields.items()
            if name in asked and field.raw_data
        }

    def validate(self, extra_validators: Mapping[str, Sequence[object]] | None = None) -> bool:
        """Validate what is shown as WTForms does; a field that takes one value takes no more."""
        asked = self.asked_for()
        return self._validate(asked, asked, extra_validators)

    def validate_sent(self) -> bool:
        """Validate the fields that were sent; the others are taken as they are."""
        asked = self.asked_for()
        return self._validate(asked, [name for name in asked if self[name].raw_data])

    def _validate(
        self,
        asked: Mapping[str, Sequence[object]],
        names: Iterable[str],
        extra_validators: Mapping[str, Sequence[object]] | None = None,
    ) -> bool:
        with self.only(names):
            super().validate(extra_validators)
            for field in filter(_is_doubled, self):
                field.errors = [*field.errors, _("Give one value.")]
        for name, values in asked.items():
            field = self[name]
            refusal = self._refusal_if_empty(name, asked)
            if refusal and not field.errors and all(value in (None, "") for value in values):
                field.errors = [refusal]
        return not self.errors

    @contextmanager
    def only(self, names: Iterable[str]) -> Iterator[None]:
        """Have the form consist of these fields alone within the block."""
        all_fields = self._fields
        self._fields = {name: all_fields[name] for name in names}
        try:
            yield
        finally:
            self._fields = all_fields

    def refuse(self, error: BackofficeError) -> None:
        """Show a refusal at the field that it belongs to, or above the form."""
        self.retry_after = getattr(error, "retry_after", 0)
        field = self._fields.get(error.field or "")
        if field is not None:
            field.errors = [*field.errors, error.message]
        else:
            self.form_errors.append(error.message)


def written(field: wtforms.Field) -> list[Any]:
    """Return the value of a field as the conditions of others read it."""
    data = field.data
    if isinstance(data, bool):
        return ["yes" if data else "no"]
    if isinstance(data, (list, tuple)):
        return list(data)
    return [] if data is None else [data]


def _is_doubled(field: wtforms.Field) -> bool:
    return len(field.raw_data or ()) > 1 and not getattr(field, "repeats", False)


def _is_secret(field: "UnboundField[wtforms.Field]") -> bool:
    """Tell whether a declared field takes a password or a code."""
    if issubclass(field.field_class, wtforms.PasswordField):
        return True
    attributes = field.kwargs.get("render_kw") or {}
    return attributes.get("autocomplete") in SECRETS
