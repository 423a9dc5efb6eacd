"""The form of a view of a list: its name, and the groups that it is shared with."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField
from wtforms.validators import InputRequired

from backoffice.models.row_keys import RowKey
from backoffice.models.saved_view import NAME_LENGTH
from forms.base import Form
from forms.fields import PickField, TextField


def _nothing(_chosen: Sequence[RowKey]) -> tuple[list[tuple[RowKey, str]], bool]:
    return [], False


class SavedViewForm(Form):
    """A view; `address` is that of the list to be saved, or '' if the view keeps its own."""

    address = HiddenField()
    name = TextField(
        _l("Name"),
        limit=NAME_LENGTH,
        validators=[InputRequired(_l("Give the view a name."))],
        description=_l("The name of the tab above the list."),
    )
    groups = PickField(
        _l("Share with"),
        find=_nothing,
        description=_l(
            "Members of these groups get the tab too. Each of them sees only what they may see."
        ),
    )


def offering(groups: list[tuple[int, str]]) -> type[SavedViewForm]:
    """Return the form with these groups to share with, as (id, name); without any, it asks none."""
    if not groups:
        return type("PrivateViewForm", (SavedViewForm,), {"groups": None})
    field = SavedViewForm.groups
    options = {**field.kwargs, "find": lambda _chosen: (groups, False)}
    return type("SharedViewForm", (SavedViewForm,), {"groups": PickField(*field.args, **options)})
