"""The base of all forms: it keeps what was typed, and tells sent fields from missing ones."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import wtforms
from flask_babel import gettext as _
from flask_wtf.i18n import translations
from werkzeug.datastructures import MultiDict
from wtforms.fields.core import UnboundField

from backoffice.errors import BackofficeError

# Values of `autocomplete` by which fields tell browsers that they take a secret.
SECRETS = ("current-password", "new-password", "one-time-code")
# What was typed into this page's form before: it is shown again, though it is not sent now.
typed_before: ContextVar[MultiDict[str, str] | None] = ContextVar("typed_before", default=None)


class Form(wtforms.Form):
    """A form; the application checks its CSRF token before the form is made.

    `retry_after` is the number of seconds until the next try is allowed, or 0 if that is now.
    """

    retry_after = 0

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

    @property
    def sections(self) -> list[tuple[str, list[wtforms.Field]]]:
        """Return the fields under their headings: one section without a name, unless overridden."""
        return [("", list(self))]

    @property
    def shown_when(self) -> Mapping[str, Mapping[str, Sequence[str]]]:
        """With which values of other fields a field is shown, by the names of the fields."""
        return {}

    def sent(self) -> dict[str, object]:
        """Return the values of the fields that were sent; a missing field changes nothing."""
        return {field.name: field.data for field in self if field.raw_data}

    def validate(self, extra_validators: Mapping[str, Sequence[object]] | None = None) -> bool:
        """Validate as WTForms does, and refuse several values for a field that takes one."""
        is_valid = super().validate(extra_validators)
        doubled = [field for field in self if _is_doubled(field)]
        for field in doubled:
            field.errors = [*field.errors, _("Give one value.")]
        return is_valid and not doubled

    def validate_sent(self) -> bool:
        """Validate the fields that were sent; the others are taken as they are."""
        sent = [name for name, field in self._fields.items() if field.raw_data]
        with self.only(sent):
            return self.validate()

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


def _is_doubled(field: wtforms.Field) -> bool:
    return len(field.raw_data or ()) > 1 and not getattr(field, "repeats", False)


def _is_secret(field: "UnboundField[wtforms.Field]") -> bool:
    """Tell whether a declared field takes a password or a code."""
    if issubclass(field.field_class, wtforms.PasswordField):
        return True
    attributes = field.kwargs.get("render_kw") or {}
    return attributes.get("autocomplete") in SECRETS
