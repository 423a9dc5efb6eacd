"""What may be typed about a person. Fields carry the model's names."""

from wtforms import Field, SelectChoice, SelectField  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired

from forms.base import Form
from forms.fields import LinesField, TextField

MODES = (
    SelectChoice("all", "All client tags"),
    SelectChoice("only", "Only these client tags"),
    SelectChoice("except", "All except these client tags"),
)


class UserForm(Form):
    """The fields everybody who may add or edit people has; the screen adds the pickers."""

    email = TextField(
        "E-mail",
        limit=254,
        validators=[InputRequired("Enter an e-mail address.")],
        description="The sign-in name.",
        render_kw={"type": "email", "autocomplete": "off"},
    )
    first_name = TextField("First name", limit=100)
    last_name = TextField("Last name", limit=100)
    phone = TextField("Phone", limit=32, render_kw={"type": "tel", "autocomplete": "off"})

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


def addresses_field() -> LinesField:
    return LinesField(
        "IP whitelist",
        description="One address or network a line, such as 203.0.113.7 or 2001:db8::/32. Empty: any.",
    )
