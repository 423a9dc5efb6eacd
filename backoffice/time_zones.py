"""The time zones that people may choose, by their IANA names, and the clock of each."""

from datetime import UTC, date, datetime, time, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

DEFAULT = "UTC"
AREAS = (
    *("Africa", "America", "Antarctica", "Arctic", "Asia"),
    *("Atlantic", "Australia", "Europe", "Indian", "Pacific"),
)


@cache
def offered() -> dict[str, list[tuple[str, str]]]:
    """The zones by area, as (name, place): `Europe` has ("Europe/Berlin", "Berlin")."""
    found: dict[str, list[tuple[str, str]]] = {area: [] for area in AREAS}
    for name in sorted(available_timezones()):
        area, _, place = name.partition("/")
        if place and area in found:
            found[area].append((name, place.replace("_", " ").replace("/", ", ")))
    return {"Everywhere": [(DEFAULT, "UTC")], **found}


def is_offered(name: str) -> bool:
    """Whether people may choose the zone of this name."""
    return name == DEFAULT or any(
        name == known for known, _place in offered().get(name.partition("/")[0], ())
    )


def clock_of(name: str) -> tzinfo:
    """The zone as datetimes take it; UTC where a zone is gone that could once be chosen."""
    if name == DEFAULT:
        return UTC
    try:
        return ZoneInfo(name)
    except (
        ZoneInfoNotFoundError,
        ValueError,
        OSError,
    ):  # unknown; not a name at all; the name of a folder
        return UTC


def start_of(day: date, zone: tzinfo) -> datetime:
    """The moment at which a day begins by that clock, in UTC.

    Where clocks are put forward at midnight the day begins with what comes after; where they are put back, with the
    first of the two midnights (PEP 495).
    """
    return datetime.combine(day, time(), zone).astimezone(UTC)
