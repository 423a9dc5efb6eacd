"""The form that sends a sheet of groups: a file or a shipped sheet, and what may change."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from wtforms import (  # type: ignore[attr-defined]  # newer than its stubs
    FileField,
    RadioField,
    SelectChoice,
    SelectField,
)

from forms.base import Form

MODES = (
    ("merge", _l("Add new groups and change those that differ")),
    ("create", _l("Add new groups only")),
    ("replace", _l("As in the sheet: also remove groups that it does not have")),
)


class SheetField(FileField):
    """Exactly one file; what browsers send for an empty field is none, and neither is a text."""

    def process_formdata(self, valuelist: Sequence[object]) -> None:
        self.raw_data = [value for value in valuelist if getattr(value, "filename", None)]
        self.data = self.raw_data[0] if self.raw_data else None


class SheetForm(Form):
    """A sheet and the mode of its import; `sheet` goes before `shipped`."""

    sheet = SheetField(
        _l("A file"),
        description=_l("A sheet as Download gives it: JSON, at most 1 MB."),
        render_kw={"accept": ".json,application/json"},
    )
    shipped = SelectField(_l("Or a sheet that comes with the product"), default="")
    mode = RadioField(
        _l("What it may change"), choices=[SelectChoice(*mode) for mode in MODES], default="merge"
    )


def offer(form: SheetForm, sheets: Sequence[tuple[str, str]]) -> None:
    """Let the form offer these shipped sheets, as (name, title)."""
    form.shipped.choices = [SelectChoice(*sheet) for sheet in (("", _l("None")), *sheets)]
