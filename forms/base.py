"""The form all others derive from: it keeps what was typed, and tells sent fields from missing ones."""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any

import wtforms
from werkzeug.datastructures import MultiDict
from wtforms.fields.core import UnboundField

from backoffice.errors import BackofficeError

SECRETS = (
    "current-password",
    "new-password",
    "one-time-code",
)  # as fields tell browsers by `autocomplete`
# What was typed into this page's form before and is shown again, though it is not sent now.
typed_before: ContextVar[MultiDict[str, str] | None] = ContextVar("typed_before", default=None)


class Form(wtforms.Form):
    """A form whose CSRF token the application checks before it is even made.

    `retry_after` is in how many seconds another try is welcome, where this one was one too many.
    """

    retry_after = 0

    def __init__(self, formdata: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(formdata or typed_before.get(), *args, **kwargs)

    @classmethod
    def names(cls) -> set[str]:
        """The names of the fields that the class declares."""
        return {name for name in dir(cls) if isinstance(getattr(cls, name), UnboundField)}

    @classmethod
    def secrets(cls) -> set[str]:
        """The names of those fields that take a password or a code: what is typed there is kept nowhere."""
        return {name for name in cls.names() if _is_secret(getattr(cls, name))}

    @property
    def sections(self) -> list[tuple[str, list[wtforms.Field]]]:
        """The fields under their headings; one nameless section unless a form says otherwise."""
        return [("", list(self))]

    def sent(self) -> dict[str, Any]:
        """The values of those fields that the request had: a missing field changes nothing."""
        return {field.name: field.data for field in self if field.raw_data}

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        """As in WTForms; and a field that takes one value is refused where it was given several."""
        valid = super().validate(extra_validators)
        doubled = [
            f for f in self if len(f.raw_data or ()) > 1 and not getattr(f, "repeats", False)
        ]
        for field in doubled:
            field.errors = [*field.errors, "Give one value."]
        return valid and not doubled

    def validate_sent(self) -> bool:
        """Like `validate`, but fields that the request had not are taken as they are."""
        every, self._fields = self._fields, {n: f for n, f in self._fields.items() if f.raw_data}
        try:
            return self.validate()
        finally:
            self._fields = every

    def refuse(self, error: BackofficeError) -> None:
        """Show a refusal at the field it belongs to, or above the form."""
        self.retry_after = getattr(error, "retry_after", 0)
        field = self._fields.get(error.field or "")
        if field is not None:
            field.errors = [*field.errors, error.message]
        else:
            self.form_errors.append(error.message)


def _is_secret(field: Any) -> bool:
    told = (field.kwargs.get("render_kw") or {}).get("autocomplete")
    return issubclass(field.field_class, wtforms.PasswordField) or told in SECRETS
