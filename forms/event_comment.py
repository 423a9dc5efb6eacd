"""The form of a comment on an event."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms.validators import InputRequired

from backoffice import limits
from forms.base import Form
from forms.fields import LongTextField


class CommentField(LongTextField):
    """A long text in which a line break counts once, as browsers count it."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata([str(value).replace("\r\n", "\n") for value in valuelist])


class CommentForm(Form):
    """A comment."""

    text = CommentField(
        _l("Comment"),
        limit=limits.COMMENT,
        validators=[InputRequired(_l("Write something."))],
        description=_l("Whoever sees the event reads it. You can change it for ten minutes."),
    )
