"""What may be typed about a person. Fields carry the model's names."""

from typing import Any

from wtforms import (  # type: ignore[attr-defined]  # newer than its stubs
    Field,
    PasswordField,
    RadioField,
    SelectChoice,
    SelectField,
)
from wtforms.validators import ValidationError

from forms.base import Form
from forms.fields import EmailField, LinesField, PhoneField, TextField

METHODS = (
    SelectChoice("email", "By e-mail: they get a link and choose a password themselves"),
    SelectChoice(
        "login", "By login: the mobile app only, with a temporary password that you hand over"
    ),
)
MODES = (
    SelectChoice("all", "All client tags"),
    SelectChoice("only", "Only these client tags"),
    SelectChoice("except", "All except these client tags"),
)


class UserForm(Form):
    """The fields everybody who may add or edit people has; the screen adds the pickers.

    Somebody has an e-mail address or a login, so neither is required of the browser.
    """

    login_method = RadioField("Signs in", choices=METHODS, default="email")
    email = EmailField("E-mail", description="The sign-in name.", render_kw={"autocomplete": "off"})
    login = TextField(
        "Login",
        limit=64,
        description="At least 3 letters, digits, dots, hyphens or underscores.",
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    temporary_password = PasswordField(
        "Temporary password",
        description="Empty: one is made. Either is shown once, when the person is added.",
        render_kw={"autocomplete": "new-password"},
    )
    first_name = TextField("First name", limit=100)
    last_name = TextField("Last name", limit=100)
    phone = PhoneField("Phone", render_kw={"autocomplete": "off"})

    def validate_email(self, field: Any) -> None:
        """Whoever signs in by e-mail has an address."""
        if self._method() == "email" and not field.data:
            raise ValidationError("Enter an e-mail address.")

    def validate_login(self, field: Any) -> None:
        """Whoever signs in by login has one."""
        if self._method() == "login" and not field.data:
            raise ValidationError("Enter a login.")

    def _method(self) -> str:
        """On the form of somebody who is there already, only the field that they have is left."""
        if "login_method" in self:
            return str(self._fields["login_method"].data or "email")
        return "login" if "login" in self else "email"

    @property
    def sections(self) -> list[tuple[str, list[Field]]]:
        access = ("groups", "client_tags_mode", "client_tags", "ip_whitelist")
        parts = [
            ("Person", [f for f in self if f.name not in access]),
            ("Access", [f for f in self if f.name in access]),
        ]
        return [(heading, fields) for heading, fields in parts if fields]


def tags_mode_field() -> SelectField:
    return SelectField(
        "Allowed clients",
        choices=MODES,
        default="all",
        description="Which clients this person sees, by their tags.",
    )


def addresses_field(warning: str = "") -> LinesField:
    """The whitelist, with what is wrong about the present one."""
    what = "One address or network a line, such as 203.0.113.7 or 2001:db8::/32. Empty: any."
    return LinesField("IP whitelist", description=f"{what} {warning}".strip())
