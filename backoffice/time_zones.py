"""The time zones that people may choose, by their IANA names."""

from datetime import UTC, date, datetime, time, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from backoffice.text import N_

DEFAULT = "UTC"
EVERYWHERE = N_("Everywhere")
AREAS = (
    N_("Africa"),
    N_("America"),
    N_("Antarctica"),
    N_("Arctic"),
    N_("Asia"),
    # Translators: the ocean, as an area of time zones
    N_("Atlantic"),
    N_("Australia"),
    N_("Europe"),
    # Translators: the ocean, as an area of time zones
    N_("Indian"),
    # Translators: the ocean, as an area of time zones
    N_("Pacific"),
)


@cache
def offered() -> dict[str, list[tuple[str, str]]]:
    """Return the zones by area, as (name, place): `Europe` has ("Europe/Berlin", "Berlin").

    Areas are in English, marked for translation; places keep their names.
    """
    zones: dict[str, list[tuple[str, str]]] = {area: [] for area in AREAS}
    for name in sorted(available_timezones()):
        area, _, place = name.partition("/")
        if place and area in zones:
            place_name = place.replace("_", " ").replace("/", ", ")
            zones[area].append((name, place_name))
    return {EVERYWHERE: [(DEFAULT, "UTC")], **zones}


def is_offered(name: str) -> bool:
    """Return whether people may choose the zone of this name."""
    if name == DEFAULT:
        return True
    area = name.partition("/")[0]
    return any(name == known for known, _place in offered().get(area, ()))


def timezone_of(name: str) -> tzinfo:
    """Return the zone for use with datetimes; UTC if it no longer exists."""
    if name == DEFAULT:
        return UTC
    try:
        return ZoneInfo(name)
    # The name is unknown, malformed, or that of a folder.
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def start_of(day: date, zone: tzinfo) -> datetime:
    """Return the moment in UTC at which the day begins in that zone.

    If clocks go forward at midnight, the day begins right after the gap. If they go back, it
    begins at the first of the two midnights (PEP 495).
    """
    midnight = datetime.combine(day, time(), zone)
    return midnight.astimezone(UTC)
