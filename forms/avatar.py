"""The form for a person's picture, and the part of it that they chose."""

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import FileField, HiddenField
from wtforms.form import BaseForm
from wtforms.validators import StopValidation

from forms.base import Form


class PictureField(FileField):
    """Exactly one file.

    What browsers send for an empty field is no file, and neither is a text instead of a file.
    """

    repeats = True  # several files are refused below, with a sentence of their own

    def process_formdata(self, valuelist: Sequence[object]) -> None:
        self.raw_data = [value for value in valuelist if getattr(value, "filename", None)]
        self.data = self.raw_data[0] if self.raw_data else None

    def pre_validate(self, form: BaseForm) -> None:
        if not self.raw_data:
            raise StopValidation(_("Choose a picture first."))
        if len(self.raw_data) > 1:
            raise StopValidation(_("Choose one picture alone."))


class AvatarForm(Form):
    """A picture, and the square of it that was chosen.

    `x`, `y` and `size` are in pixels; empty, they mean the middle of the picture.
    """

    avatar = PictureField(
        _l("Picture"),
        description=_l("A PNG or JPEG file of at most 3 MB, as telephones and cameras make them."),
        render_kw={"accept": "image/png,image/jpeg", "required": True},
    )
    x = HiddenField()
    y = HiddenField()
    size = HiddenField()
