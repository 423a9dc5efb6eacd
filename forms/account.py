"""Forms to sign in, to confirm and to choose a password."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, HiddenField, PasswordField, SelectField, StringField
from wtforms.validators import EqualTo, InputRequired, Optional, ValidationError

from backoffice import languages
from forms.base import Form
from forms.fields import TextField


def _needed(fewest: int) -> str:
    """Return how long a password has to be; it is translated whenever a page shows it."""
    text: str = _l(
        "At least %(number)s characters; several words that do not belong together are best.",
        number=fewest,
    )
    return text


class SignInForm(Form):
    identifier = StringField(
        _l("E-mail address"),
        [InputRequired(_l("Enter your e-mail address."))],
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        _l("Password"),
        [InputRequired(_l("Enter your password."))],
        render_kw={"autocomplete": "current-password"},
    )


class NewPasswordForm(Form):
    """A new password, typed twice."""

    new_password = PasswordField(
        _l("New password"),
        [InputRequired(_l("Choose a password."))],
        description=_needed(15),
        render_kw={"autocomplete": "new-password"},
    )
    repeat_password = PasswordField(
        _l("Repeat the new password"),
        [
            InputRequired(_l("Repeat the password.")),
            EqualTo("new_password", _l("The two passwords differ.")),
        ],
        render_kw={"autocomplete": "new-password"},
    )

    def ask_for(self, fewest: int) -> None:
        """Tell in the description how many characters this person's password needs."""
        self.new_password.description = _needed(fewest)


class ChangePasswordForm(NewPasswordForm):
    current_password = PasswordField(
        _l("Current password"),
        [InputRequired(_l("Enter your current password."))],
        render_kw={"autocomplete": "current-password"},
    )


class InvitationForm(NewPasswordForm):
    """The name of an invited person, their language and a first password."""

    first_name = TextField(_l("First name"), limit=100, render_kw={"autocomplete": "given-name"})
    last_name = TextField(_l("Last name"), limit=100, render_kw={"autocomplete": "family-name"})
    language = SelectField(_l("Language"), [Optional()], choices=languages.offered)


class ForgottenForm(Form):
    identifier = StringField(
        _l("E-mail address"),
        [InputRequired(_l("Enter your e-mail address."))],
        render_kw={"autocomplete": "username"},
    )


class PasswordForm(Form):
    password = PasswordField(
        _l("Password"),
        [InputRequired(_l("Enter your password."))],
        render_kw={"autocomplete": "current-password"},
    )


class CodeForm(Form):
    """A code of an app, of a mail, or a recovery code."""

    code = StringField(
        _l("Code"),
        [InputRequired(_l("Enter the code."))],
        render_kw={
            "autocomplete": "one-time-code",
            "autocapitalize": "none",
            "spellcheck": "false",
            "maxlength": 100,
        },
    )


class EnrolmentCodeForm(Form):
    """The first code of a new authenticator app.

    `shown` names the secret that the page shows: the code must be one of that secret.
    """

    shown = HiddenField()
    code = StringField(
        _l("Code of the app"),
        [InputRequired(_l("Enter the code that the app shows."))],
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": 40},
    )


class ConfirmForm(Form):
    """A password or a code; one of them is enough."""

    confirm_password = PasswordField(_l("Password"), render_kw={"autocomplete": "current-password"})
    confirm_code = StringField(
        _l("Or a code of your authenticator app"),
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": 100},
    )

    def validate_confirm_password(self, field: Field) -> None:
        """Require one of the two."""
        if not field.data and not self.confirm_code.data:
            raise ValidationError(_("Enter your password."))
