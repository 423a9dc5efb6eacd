"""Times are shown by the reader's clock, with UTC beside it."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from backoffice import clock, time_zones
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client
from tests.support.html import read
from views.web.times import ago, exact, to_the_minute

AUTUMN = datetime(2026, 11, 21, 21, 43, 26, tzinfo=UTC)


def titles(client: Client, path: str) -> list[str]:
    return [e["title"] for e in read(client.get(path)).all("time")]


def test_exact_times_follow_the_persons_clock_and_say_utc_too(client: Client, cast: Cast) -> None:
    cast.olivia.time_zone = "Europe/Berlin"
    cast.olivia.created_at = AUTUMN
    client.sign_in("olivia")
    assert "2026-11-21 22:43 CET · 21:43 UTC" in titles(client, f"/admin/users/{cast.olivia.id}")
    cast.olivia.time_zone = "UTC"
    assert "2026-11-21 21:43:26 UTC" in titles(client, f"/admin/users/{cast.olivia.id}")


@pytest.mark.parametrize(
    "zone, moment, said",
    [
        ("UTC", AUTUMN, "2026-11-21 21:43:26 UTC"),
        ("Europe/Berlin", AUTUMN, "2026-11-21 22:43 CET · 21:43 UTC"),
        ("Europe/Berlin", AUTUMN.replace(month=7), "2026-07-21 23:43 CEST · 21:43 UTC"),
        (
            "Europe/Berlin",
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
            "2026-10-25 02:30 CEST · 00:30 UTC",
        ),
        (
            "Europe/Berlin",
            datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
            "2026-10-25 02:30 CET · 01:30 UTC",
        ),
        ("Asia/Tokyo", AUTUMN, "2026-11-22 06:43 JST · 2026-11-21 21:43 UTC"),
        ("Asia/Kathmandu", AUTUMN, "2026-11-22 03:28 +0545 · 2026-11-21 21:43 UTC"),
        ("America/New_York", AUTUMN.replace(hour=2), "2026-11-20 21:43 EST · 2026-11-21 02:43 UTC"),
    ],
)
def test_exact_times_in_any_zone(
    app: Flask, monkeypatch: pytest.MonkeyPatch, zone: str, moment: datetime, said: str
) -> None:
    monkeypatch.setattr("views.web.times.zone", lambda: time_zones.timezone_of(zone))
    with app.test_request_context():
        assert exact(moment) == said
        assert f'title="{said}"' in ago(moment)
        assert to_the_minute(moment) == said.replace(":26 UTC", " UTC")


def test_the_date_of_long_ago_is_that_of_the_persons_clock(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("views.web.times.zone", lambda: time_zones.timezone_of("Asia/Tokyo"))
    with app.test_request_context(), clock.at(AUTUMN + timedelta(days=60)):
        assert ago(AUTUMN).endswith(">2026-11-22</time>")


def test_the_zones_on_offer_exist_and_fit() -> None:
    names = [name for places in time_zones.offered().values() for name, _place in places]
    assert len(names) == len(set(names)) > 300
    assert {"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Kolkata"} <= set(names)
    assert max(map(len, names)) <= User.__table__.c.time_zone.type.length
    assert [
        name for name in names if name != "UTC" and str(time_zones.timezone_of(name)) != name
    ] == []


@pytest.mark.parametrize(
    "name", ["", "Nowhere/City", "Europe", "../../etc/passwd", "/etc/localtime", "a\0b", "x" * 300]
)
def test_a_zone_that_is_gone_is_utc(name: str) -> None:
    assert time_zones.timezone_of(name) is UTC
    assert not time_zones.is_offered(name)
