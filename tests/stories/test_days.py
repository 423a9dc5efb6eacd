"""Filters by day use the reader's time zone: in lists, in files and in selections."""

import csv
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.html import read

DAY = "created_at.from=2026-03-29&created_at.to=2026-03-29"  # of 23 hours in Berlin
MOMENTS = {
    "vera": datetime(2026, 3, 28, 22, 59, 59, tzinfo=UTC),
    "max": datetime(2026, 3, 28, 23, 0, tzinfo=UTC),
    "eve": datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC),
    "olivia": datetime(2026, 3, 29, 22, 0, tzinfo=UTC),
}
ZONES = {
    "UTC": {"eve", "olivia"},
    "Europe/Berlin": {"max", "eve"},
    "America/New_York": {"eve", "olivia"},
}


@pytest.fixture
def born(cast: Cast) -> None:
    """Set the creation times of the cast to just before and after two midnights."""
    for name, moment in MOMENTS.items():
        db.session.execute(
            update(User).where(User.id == getattr(cast, name).id).values(created_at=moment)
        )
    settle()


def live_in(cast: Cast, zone: str) -> None:
    db.session.execute(update(User).where(User.id == cast.olivia.id).values(time_zone=zone))
    settle()


def ids(cast: Cast, names: set[str]) -> set[str]:
    return {str(getattr(cast, name).id) for name in names}


@pytest.mark.parametrize("zone", ZONES)
def test_a_day_of_a_list_is_the_readers_day(
    client: Client, cast: Cast, born: None, zone: str
) -> None:
    live_in(cast, zone)
    page = read(client.sign_in("olivia").get(f"/admin/users/?{DAY}"))
    assert {box["value"] for box in page.all("input", name="row")} == ids(cast, ZONES[zone])
    legends = [legend.text for legend in page.all("legend")]
    assert f"Created at {zone}" in legends, "the page says whose days are meant"


def test_a_file_and_an_action_take_the_same_rows(client: Client, cast: Cast, born: None) -> None:
    live_in(cast, "Europe/Berlin")
    client.sign_in("olivia")
    saved = client.get(f"/admin/users/export.csv?{DAY}").get_data(as_text=True).lstrip("\ufeff")
    assert {row["ID"] for row in csv.DictReader(saved.splitlines())} == ids(cast, {"max", "eve"})


def test_the_command_line_says_whose_days_it_takes(run: Any, cast: Cast, born: None) -> None:
    where = [f"--where={part}" for part in DAY.split("&")]
    said = run("backoffice", "act", "users.end_sessions", *where).output
    assert "Days are days in UTC." in said
    assert db.session.scalar(select(User.id).where(User.id == cast.eve.id))
    plain = run("backoffice", "act", "users.end_sessions", "--where=status=active").output
    assert "Days are" not in plain
