"""Everybody hides and orders the sections of home; nobody's home changes for another."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.html import read

CLIENTS = ["waiting_kyc_cases", "blocked_clients"]
ALL = ["needs", "people", *CLIENTS, "second_factors", "sign_ins", "events", "runs"]
PEOPLE, EVENTS = "People by status", "Latest events"


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    return client.sign_in("olivia")


def headings(client: Client) -> list[str]:
    return [e.text for e in read(client.get("/")).all("h2")]


def offered(client: Client) -> list[str]:
    """Return the names on the page that arranges them, in order."""
    return [e["value"] for e in read(client.get("/arrange-home")).all("input", name="shown")]


def keep(client: Client, shown: list[str], **button: Any) -> None:
    answer = client.post("/arrange-home", {"shown": shown, **button})
    assert answer.status_code == 303
    assert answer.location == ("/arrange-home" if {"up", "down"} & set(button) else "/")


def test_what_is_not_ticked_is_hidden_until_it_is_ticked_again(
    olivia: Client, app: Flask, cast: Cast
) -> None:
    before = headings(olivia)
    assert offered(olivia) == ALL
    keep(olivia, [name for name in ALL if name != "people"])
    assert headings(olivia) == [each for each in before if each != PEOPLE]
    other = app.test_client()
    assert isinstance(other, Client)
    assert PEOPLE in headings(other.sign_in("max"))
    keep(olivia, ALL)
    assert headings(olivia) == before


def test_sections_move_and_stay_where_they_were_put(olivia: Client) -> None:
    keep(olivia, ALL, up="events")
    keep(olivia, ALL, up="events")
    front = ["needs", "people", *CLIENTS]
    assert offered(olivia) == [*front, "events", "second_factors", "sign_ins", "runs"]
    shown = headings(olivia)
    assert shown.index(EVENTS) < shown.index("Sign-ins per day")
    keep(olivia, ALL, down="needs")
    assert offered(olivia)[:2] == ["people", "needs"]
    keep(olivia, [], reset="1")
    assert offered(olivia) == ALL
    assert PEOPLE in headings(olivia)


def test_a_move_keeps_the_ticks_that_were_changed_with_it(olivia: Client) -> None:
    keep(olivia, ["needs", "runs"], down="needs")
    assert headings(olivia) == ["Needs attention", "Latest bulk runs"]
    ticked = read(olivia.get("/arrange-home")).all("input", name="shown")
    assert [e["value"] for e in ticked if "checked" in e.attributes] == ["needs", "runs"]


def test_whoever_hides_everything_finds_the_way_back(olivia: Client) -> None:
    keep(olivia, [])
    page = read(olivia.get("/"))
    assert "No sections are shown." in page.text
    assert [e for e in page.all("a") if e["href"] == "/arrange-home"]


@pytest.mark.parametrize(
    "sent",
    [
        {"shown": ["nothing", "needs", "\0", "x" * 5000]},
        {"shown": ALL, "up": "nothing"},
        {"shown": ALL, "up": "needs", "down": "runs"},
        {"shown": [*ALL, *map(str, range(900))]},
    ],
)
def test_made_up_names_are_kept_nowhere(olivia: Client, cast: Cast, sent: dict[str, Any]) -> None:
    assert olivia.post("/arrange-home", sent).status_code in (303, 400)
    settle()
    user = db.session.get_one(User, cast.olivia.id)
    kept = user.preferences.get("home", {"hidden": [], "order": []})
    assert set(kept["hidden"]) | set(kept["order"]) <= set(ALL)
    assert set(offered(olivia)) == set(ALL)


@pytest.mark.parametrize(
    "kept", [[], "x", 7, {"hidden": "needs", "order": {}}, {"order": [1, None, "gone", "runs"]}]
)
def test_what_a_former_release_kept_shows_home_all_the_same(
    olivia: Client, cast: Cast, kept: Any
) -> None:
    db.session.get_one(User, cast.olivia.id).preferences = {"home": kept}
    settle()
    assert set(offered(olivia)) == set(ALL)
    assert "Needs attention" in headings(olivia)


def test_nobody_arranges_what_they_may_not_see_and_it_stays_hidden(
    cast: Cast, client: Client
) -> None:
    vera = client.sign_in("vera")
    viewers = db.session.scalars(select(Group).where(Group.key == "viewers")).one()
    before = list(viewers.permissions)
    keep(vera, [name for name in offered(vera) if name != "events"])
    db.session.scalars(select(Group).where(Group.key == "viewers")).one().permissions = []
    settle()
    assert offered(vera) == ["runs"]
    keep(vera, ["runs", "people"])
    db.session.scalars(select(Group).where(Group.key == "viewers")).one().permissions = before
    settle()
    assert EVENTS not in headings(vera)
    assert PEOPLE in headings(vera)
