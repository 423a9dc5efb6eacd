"""The forms for what people may type about themselves."""

from wtforms import SelectField
from wtforms.validators import InputRequired

from backoffice import languages, time_zones
from forms.base import Form
from forms.fields import EmailField, PhoneField, TextField


class ProfileForm(Form):
    """One's own profile; the fields have the model's names."""

    first_name = TextField("First name", limit=100, render_kw={"autocomplete": "given-name"})
    last_name = TextField("Last name", limit=100, render_kw={"autocomplete": "family-name"})
    phone = PhoneField("Phone", render_kw={"autocomplete": "tel"})
    language = SelectField(
        "Language",
        choices=languages.offered,
        validate_choice=False,  # the service says it in our words
        description="Of mails to you and of these pages, as far as they are translated.",
        render_kw={"autocomplete": "language"},
    )
    time_zone = SelectField(
        "Time zone",
        choices=time_zones.offered,
        validate_choice=False,
        description="Exact times are shown by this clock, with UTC beside it.",
    )


class EmailForm(Form):
    """A new e-mail address of one's own, which counts once it is confirmed."""

    email = EmailField(
        "New e-mail address",
        validators=[InputRequired("Enter your new e-mail address.")],
        description=(
            "We send a link there. Until you open it and confirm, everything stays as it is."
        ),
        render_kw={"autocomplete": "email"},
    )
