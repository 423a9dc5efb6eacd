"""The forms for what people may type about themselves."""

from flask_babel import lazy_gettext as _l
from wtforms import SelectField
from wtforms.validators import InputRequired

from backoffice import languages, time_zones
from backoffice.text import translated
from forms.base import Form
from forms.fields import EmailField, PhoneField, TextField


def _zones() -> dict[str, list[tuple[str, str]]]:
    """Return the time zones by area; the areas are translated, the places keep their names."""
    return {translated(area): zones for area, zones in time_zones.offered().items()}


class ProfileForm(Form):
    """One's own profile; the fields have the model's names."""

    first_name = TextField(_l("First name"), limit=100, render_kw={"autocomplete": "given-name"})
    last_name = TextField(_l("Last name"), limit=100, render_kw={"autocomplete": "family-name"})
    phone = PhoneField(_l("Phone"), render_kw={"autocomplete": "tel"})
    language = SelectField(
        _l("Language"),
        choices=languages.offered,
        validate_choice=False,  # people/profile.py says it in our words
        description=_l("Of mails to you and of these pages, as far as they are translated."),
        render_kw={"autocomplete": "language"},
    )
    time_zone = SelectField(
        _l("Time zone"),
        choices=_zones,
        validate_choice=False,
        description=_l("Exact times are shown by this clock, with UTC beside it."),
    )


class EmailForm(Form):
    """A new e-mail address of one's own, which counts once it is confirmed."""

    email = EmailField(
        _l("New e-mail address"),
        validators=[InputRequired(_l("Enter your new e-mail address."))],
        description=_l(
            "We send a link there. Until you open it and confirm, everything stays as it is."
        ),
        render_kw={"autocomplete": "email"},
    )
