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
        rights = ("permissions", "grants")
        return [
            (_("Group"), [field for field in self if field.name not in rights]),
            (_("Permissions"), [self[name] for name in rights if name in self]),
        ]
