"""Say what the last check of the events log found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext as _n

from backoffice import clock
from backoffice.events import checks, verification
from backoffice.models.event_check import EventCheck
from backoffice.text.numbers import formatted


@dataclass(frozen=True)
class Checked:
    """The last check in words.

    Attributes:
        sentence: what it found.
        at: when it was; None if there was none.
        is_whole: whether it was lately, and found no fault.
        faults: a sentence for each of the first faults.
    """

    sentence: str
    at: datetime | None = None
    is_whole: bool = False
    faults: Sequence[str] = ()


def last() -> Checked:
    """Return what the last check found."""
    check = checks.last()
    if check is None:
        return Checked(_("The log was not checked yet: a worker does so every night."))
    if check.faults:
        number = formatted(check.faults)
        found = _n(
            "The check of the log found %(number)s fault.",
            "The check of the log found %(number)s faults.",
            check.faults,
            number=number,
        )
        return Checked(found, check.at, faults=list(map(verification.told, check.first_faults)))
    if check.at < clock.now() - checks.OVERDUE:
        return Checked(_("The log was not checked for days: is a worker running?"), check.at)
    return Checked(_whole(check), check.at, is_whole=True)


def _whole(check: EventCheck) -> str:
    number = formatted(check.newest_id)
    return _("The log was complete and unchanged up to event %(number)s.", number=number)
