"""A day begins where the reader lives, also where clocks are changed."""

from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from backoffice.time_zones import start_of

BEGINNINGS = {
    ("UTC", "2026-03-29"): "2026-03-29T00:00+00:00",
    ("Europe/Berlin", "2026-03-29"): "2026-03-28T23:00+00:00",
    ("Europe/Berlin", "2026-03-30"): "2026-03-29T22:00+00:00",  # a day of 23 hours came before
    ("Europe/Berlin", "2026-10-26"): "2026-10-25T23:00+00:00",  # and here one of 25
    ("Asia/Kathmandu", "2026-01-01"): "2025-12-31T18:15+00:00",
    ("Pacific/Kiritimati", "2026-01-01"): "2025-12-31T10:00+00:00",
    ("Africa/Cairo", "2026-04-24"): "2026-04-23T22:00+00:00",  # it begins at one o'clock
    (
        "America/Havana",
        "2026-11-01",
    ): "2026-11-01T04:00+00:00",  # midnight comes twice, an hour apart
}


@pytest.mark.parametrize("place, day", BEGINNINGS)
def test_a_day_begins_by_the_clock_of_its_zone(place: str, day: str) -> None:
    begins = start_of(date.fromisoformat(day), ZoneInfo(place))
    assert begins.isoformat(timespec="minutes") == BEGINNINGS[place, day]


@pytest.mark.parametrize(
    "place", ["Africa/Cairo", "America/Havana", "Asia/Beirut", "America/Santiago"]
)
def test_days_follow_one_another_without_a_gap(place: str) -> None:
    zone = ZoneInfo(place)
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(366)]
    lengths = {start_of(after, zone) - start_of(day, zone) for day, after in pairwise(days)}
    assert lengths == {timedelta(hours=23), timedelta(hours=24), timedelta(hours=25)}
