"""The form of a view of a list: its name, and the groups that it is shared with."""

from flask_babel import lazy_gettext as _l
from wtforms.validators import InputRequired

from backoffice.models.saved_view import NAME_LENGTH
from forms.base import Form
from forms.fields import Options, PickField, TextField


class SavedViewForm(Form):
    """The name of a view."""

    name = TextField(
        _l("Name"),
        limit=NAME_LENGTH,
        validators=[InputRequired(_l("Give the view a name."))],
        description=_l("Its tab above the list is called like that."),
    )


def with_groups(find: Options) -> type[SavedViewForm]:
    """Return the form with the groups to share with, which `find` offers."""
    groups = PickField(
        _l("Share with"),
        find=find,
        description=_l(
            "Members of these groups get the tab too. Each of them sees only what they may see."
        ),
    )
    return type("SharedViewForm", (SavedViewForm,), {"groups": groups})
