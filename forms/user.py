"""The form of a person; its fields have the model's names."""

from typing import ClassVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (  # type: ignore[attr-defined]  # newer than its stubs
    Field,
    PasswordField,
    RadioField,
    SelectChoice,
    SelectField,
)
from wtforms.validators import ValidationError

from backoffice.models.user import LISTED
from forms.base import Form
from forms.fields import EmailField, LinesField, PhoneField, TextField

METHODS = (
    SelectChoice("email", _l("By e-mail: they get a link and choose a password themselves")),
    SelectChoice(
        "login",
        _l("By login: the mobile app only, with a temporary password that you hand over"),
    ),
)
TAGS_MODES = (
    SelectChoice("all", _l("All client tags")),
    SelectChoice("only", _l("Only these client tags")),
    SelectChoice("except", _l("All except these client tags")),
)
COUNTRIES_MODES = (
    SelectChoice("all", _l("All countries")),
    SelectChoice("only", _l("Only these countries")),
    SelectChoice("except", _l("All countries except these")),
)
PLATFORM_ACCOUNTS_MODES = (
    SelectChoice("whole", _l("Everything of the service provider")),
    SelectChoice("all", _l("All platform accounts, also later ones")),
    SelectChoice("only", _l("Only these platform accounts")),
)
SUB_ACCOUNTS_MODES = (
    SelectChoice("whole", _l("Everything of the platform accounts")),
    SelectChoice("all", _l("All sub-accounts of the platform account, also later ones")),
    SelectChoice("only", _l("Only these sub-accounts")),
)
# Where the person is in the organisation, and what they reach of it.
ORGANISATION = (
    *("node", "platform_accounts_mode", "platform_accounts"),
    *("sub_accounts_mode", "sub_accounts"),
)
ACCESS = ("groups", "ip_whitelist")
# Which clients the person sees, and how much of them.
CLIENTS = ("client_tags_mode", "client_tags", "countries_mode", "countries", "mask_data")


OTHERS = (*ORGANISATION, *ACCESS, *CLIENTS)


class UserForm(Form):
    """The fields for everybody who may add or edit people; the screen adds the pickers.

    A person has an e-mail address or a login, so the browser requires neither.
    """

    shown_when: ClassVar = {
        "client_tags": {"client_tags_mode": LISTED},
        "countries": {"countries_mode": LISTED},
        "platform_accounts": {"platform_accounts_mode": ("only",)},
        "sub_accounts_mode": {"platform_accounts_mode": ("only",)},
        "sub_accounts": {"sub_accounts_mode": ("only",)},
    }

    login_method = RadioField(_l("Signs in"), choices=METHODS, default="email")
    email = EmailField(
        _l("E-mail"), description=_l("The sign-in name."), render_kw={"autocomplete": "off"}
    )
    login = TextField(
        _l("Login"),
        limit=64,
        description=_l("At least 3 letters, digits, dots, hyphens or underscores."),
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    temporary_password = PasswordField(
        _l("Temporary password"),
        description=_l("Empty: one is made. Either is shown once, when the person is added."),
        render_kw={"autocomplete": "new-password"},
    )
    first_name = TextField(_l("First name"), limit=100)
    last_name = TextField(_l("Last name"), limit=100)
    phone = PhoneField(_l("Phone"), render_kw={"autocomplete": "off"})

    def validate_email(self, field: Field) -> None:
        """Require an address of a person who signs in by e-mail."""
        if self._method() == "email" and not field.data:
            raise ValidationError(_("Enter an e-mail address."))

    def validate_login(self, field: Field) -> None:
        """Require a login of a person who signs in by login."""
        if self._method() == "login" and not field.data:
            raise ValidationError(_("Enter a login."))

    def _method(self) -> str:
        """Return how the person signs in.

        The form of an existing person has no choice, only the field that they use.
        """
        if "login_method" in self:
            return str(self._fields["login_method"].data or "email")
        return "login" if "login" in self else "email"

    @property
    def sections(self) -> list[tuple[str, list[Field]]]:
        parts = [
            (_("Person"), [f for f in self if f.name not in OTHERS]),
            (_("Organisation"), [self[name] for name in ORGANISATION if name in self]),
            (_("Access"), [self[name] for name in ACCESS if name in self]),
            (_("Clients"), [self[name] for name in CLIENTS if name in self]),
        ]
        return [(heading, fields) for heading, fields in parts if fields]


def tags_mode_field() -> SelectField:
    """Return the choice of how the client tags limit which clients the person sees."""
    return SelectField(
        _l("Allowed client tags"),
        choices=TAGS_MODES,
        default="all",
        description=_l("Which clients this person sees, by their tags."),
    )


def platform_accounts_mode_field() -> SelectField:
    """Return the choice of how much of their service provider the person reaches."""
    return SelectField(_l("Platform accounts"), choices=PLATFORM_ACCOUNTS_MODES, default="whole")


def sub_accounts_mode_field() -> SelectField:
    """Return the choice of how much of a platform account the person reaches."""
    return SelectField(
        _l("Sub-accounts"),
        choices=SUB_ACCOUNTS_MODES,
        default="whole",
        description=_l("Within exactly one platform account."),
    )


def countries_mode_field() -> SelectField:
    """Return the same choice for countries."""
    return SelectField(
        _l("Countries"),
        choices=COUNTRIES_MODES,
        default="all",
        description=_l("Which clients this person sees, by their country."),
    )


def addresses_field(warning: str = "") -> LinesField:
    """Return the field of the IP whitelist, with a warning about the present one."""
    hint = _("One address or network a line, such as 203.0.113.7 or 2001:db8::/32. Empty: any.")
    return LinesField(_l("IP whitelist"), description=f"{hint} {warning}".strip())
