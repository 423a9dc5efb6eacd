"""Write the values that events have noted as the pages of their rows show them."""

import re
from collections.abc import Sequence
from datetime import datetime

from flask import current_app
from flask_babel import gettext as _

from backoffice.actions.engine import report
from backoffice.models import fields
from backoffice.models.base import Record
from backoffice.models.fields import heading
from backoffice.models.group import Group
from backoffice.models.kinds.choices import Choice
from backoffice.models.kinds.documents import Countries
from backoffice.models.kinds.files import File
from backoffice.models.kinds.times import DateTime
from backoffice.policy.permissions import catalogue
from backoffice.text.numbers import memory
from views.web.times import exact

NOTHING = "–"
NOTED_SIZE = re.compile(r"\b(\d+) bytes(?=, SHA-256 [0-9a-f]{64}\b)")  # of a file, in English
FEW = 8  # entries of a list that are all told; of longer ones, those that differ


def label_of(area: str, name: str) -> str:
    """Return what the pages of an area call an attribute."""
    screens = current_app.extensions["screens"]
    screen = next((screen for screen in screens if screen.endpoint == area), None)
    return str(screen.label_of(name)) if screen else heading(name)


def side_by_side(
    model: type[Record] | None, name: str, old: object, new: object
) -> tuple[str, str]:
    """Return the value before and after in words; of long lists, only what differs."""
    if isinstance(old, list) and isinstance(new, list) and max(len(old), len(new)) > FEW:
        gone, added = without(old, new), without(new, old)
        return _in_words(model, name, gone), _in_words(model, name, added)
    return _in_words(model, name, old), _in_words(model, name, new)


def without(values: Sequence[object], others: Sequence[object]) -> list[object]:
    """Return those of the values that are not among the others; there may be very many of both."""
    known = set(map(str, others))
    return [value for value in values if str(value) not in known]


def _in_words(model: type[Record] | None, name: str, value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_entry(model, name, each) for each in value) or NOTHING
    if value in (None, ""):
        return NOTHING
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    kind = fields.kind(model, name) if model else None
    if model and isinstance(kind, Choice):
        return fields.label(model, name, value)
    if isinstance(kind, DateTime):
        return _moment(str(value))
    if isinstance(kind, File):
        return NOTED_SIZE.sub(lambda found: memory(int(found[1])), str(value))
    return report.reason(str(value))


def _entry(model: type[Record] | None, name: str, value: object) -> str:
    """Return an entry of a list: a country by its name, a permission by what it allows."""
    if model and isinstance(fields.kind(model, name), Countries):
        return fields.label(model, name, value)
    permission = catalogue().get(str(value)) if model is Group and name == "permissions" else None
    return str(permission.meaning) if permission else str(value)


def _moment(text: str) -> str:
    """Return a time as the reader's clock shows it; a text that is none stays as it is."""
    try:
        return exact(datetime.fromisoformat(text))
    except ValueError:
        return text
