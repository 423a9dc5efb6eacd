"""What people type to sign in and to choose a password."""

from wtforms import PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired

from forms.base import Form

LENGTH = "At least {} characters; several words that do not belong together are best."


class SignInForm(Form):
    identifier = StringField(
        "E-mail address",
        [InputRequired("Enter your e-mail address.")],
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        "Password", [InputRequired("Enter your password.")], render_kw={"autocomplete": "current-password"}
    )


class NewPasswordForm(Form):
    """A first password, chosen by an invited person."""

    new_password = PasswordField(
        "New password",
        [InputRequired("Choose a password.")],
        description=LENGTH.format(15),
        render_kw={"autocomplete": "new-password"},
    )
    repeat_password = PasswordField(
        "Repeat the new password",
        [InputRequired("Repeat the password."), EqualTo("new_password", "The two passwords differ.")],
        render_kw={"autocomplete": "new-password"},
    )

    def ask_for(self, fewest: int) -> None:
        """Say how many characters this person's password needs."""
        self.new_password.description = LENGTH.format(fewest)


class ChangePasswordForm(NewPasswordForm):
    current_password = PasswordField(
        "Current password",
        [InputRequired("Enter your current password.")],
        render_kw={"autocomplete": "current-password"},
    )
