"""The form with which somebody begins to view as another person."""

from flask_babel import lazy_gettext as _l
from wtforms.validators import InputRequired

from backoffice import limits
from forms.base import Form
from forms.fields import TextField


class ViewAsForm(Form):
    """Why somebody views as another person."""

    reason = TextField(
        _l("Reason"),
        limit=limits.REASON,
        validators=[InputRequired(_l("Say why: it is kept in the events."))],
        description=_l("It is kept in the events."),
    )
