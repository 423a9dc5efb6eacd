"""The form of a group."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field
from wtforms.validators import InputRequired

from forms.base import Form
from forms.fields import LongTextField, TextField


class GroupForm(Form):
    """Name and description; the screen adds the permissions and the groups to give."""

    name = TextField(_l("Name"), limit=80, validators=[InputRequired(_l("Give the group a name."))])
    description = LongTextField(_l("Description"), limit=300, render_kw={"rows": 2})

    @property
    def sections(self) -> list[tuple[str, list[Field]]]:
        """Return the fields with the permissions in a section of their own."""
        fields = list(self)
        return [
            (_("Group"), [f for f in fields if f.name in ("name", "description", "reviewer")]),
            (_("Permissions"), [f for f in fields if f.name in ("permissions", "grants")]),
        ]
