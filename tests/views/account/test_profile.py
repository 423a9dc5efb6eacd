"""One's own profile: name, phone, language and time zone.

Pages follow the language, times follow the zone.
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice import events
from backoffice.auth import sessions
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import edit
from tests.support.html import error_at, hidden, link, read, value_of
from views.web.actor import SESSION_KEY

OLD = {
    "first_name": "Vera",
    "phone": "",
    "language": "en",
    "time_zone": "UTC",
    "name_source": "administrator",
}
ELSEWHERE = {"language": "de", "time_zone": "Europe/Berlin"}
AUTUMN = datetime(2026, 11, 21, 21, 43, 26, tzinfo=UTC)


@pytest.fixture
def vera(client: Client, cast: Cast) -> Client:
    return client.sign_in("vera")


def save(client: Client, **values: Any) -> Any:
    """Open the form, change these fields and send it."""
    page = client.get("/account/")
    names = ("first_name", "last_name", "phone", "language", "time_zone")
    now = {name: value_of(page, name) for name in names}
    return client.post("/account/", now | {"version": hidden(page, "version")} | values)


def test_the_profile_is_changed_with_one_event_that_says_what(vera: Client, cast: Cast) -> None:
    version = cast.vera.version
    answer = save(
        vera, first_name=" Véra ", phone="+49301234567", language="de", time_zone="Europe/Berlin"
    )
    assert (answer.status_code, answer.location) == (303, "/account/")
    settle()
    user = cast.vera
    assert (user.first_name, user.last_name, user.phone) == ("Véra", "Vance", "+49301234567")
    assert (user.language, user.time_zone, user.version) == ("de", "Europe/Berlin", version + 1)
    (event,) = db.session.scalars(select(Event))
    assert (event.action, event.actor_id, event.subject_id) == ("account.edit", user.id, user.id)
    assert event.before == OLD
    assert event.after == {
        **OLD,
        "first_name": "Véra",
        "phone": "+49301234567",
        **ELSEWHERE,
        "name_source": "self",
    }
    assert events.verify() == []


def test_a_name_given_by_oneself_is_ones_own(app: Flask, vera: Client, cast: Cast) -> None:
    save(vera, phone="+12025550101")
    settle()
    assert cast.vera.name_source == "administrator"
    save(vera, last_name="Vandervelde")
    settle()
    assert cast.vera.name_source == "self"
    olivia = app.test_client()
    assert isinstance(olivia, Client)
    olivia.sign_in("olivia")
    assert "given by its owner" in error_at(
        edit(olivia, "users", cast.vera.id, last_name="Vance"), "last_name"
    )


def test_saving_what_is_there_changes_nothing(vera: Client, cast: Cast) -> None:
    version = cast.vera.version
    assert save(vera).status_code == 303
    settle()
    assert cast.vera.version == version
    assert db.session.scalars(select(Event)).all() == []


@pytest.mark.parametrize(
    "field, typed, message",
    [
        ("first_name", "x" * 101, "100 characters"),
        ("last_name", "x" * 10_000, "100 characters"),
        ("phone", "1" * 33, "32 characters"),
        ("language", "xx", "offered languages"),
        ("language", "../../etc", "offered languages"),
        ("time_zone", "Mars/Olympus", "offered time zones"),
        ("time_zone", "../../etc/passwd", "offered time zones"),
        ("time_zone", "Europe", "offered time zones"),
        ("time_zone", "", "offered time zones"),
        ("time_zone", "\0", "offered time zones"),
    ],
)
def test_bad_input_is_refused_at_its_field_and_nothing_typed_is_lost(
    vera: Client, cast: Cast, field: str, typed: str, message: str
) -> None:
    answer = save(vera, **{"phone": "+44 1"} | {field: typed})
    assert answer.status_code == 422
    assert message in error_at(answer, field)
    if field != "phone":
        assert value_of(answer, "phone") == "+44 1"
    if field in ("first_name", "last_name", "phone"):
        assert value_of(answer, field) == typed
    settle()
    assert (cast.vera.first_name, cast.vera.phone, cast.vera.time_zone) == ("Vera", "", "UTC")


@pytest.mark.parametrize(
    "typed, kept",
    [
        ("<b>Vera</b>", "<b>Vera</b>"),
        ("\0Vera\x1b", "Vera"),
        ("{{7*7}}", "{{7*7}}"),
        ("فيرا", "فيرا"),
        ("Ve\u0301ra", "Véra"),
        ("\ud800Vera", "Vera"),
    ],
)
def test_a_name_may_be_written_in_any_way_and_is_text_on_every_page(
    vera: Client, cast: Cast, typed: str, kept: str
) -> None:
    assert save(vera, first_name=typed.encode("utf-8", "ignore").decode()).status_code == 303
    settle()
    assert cast.vera.first_name == kept
    page = vera.get("/account/")
    assert value_of(page, "first_name") == kept
    assert "<b>Vera" not in page.text


def test_fields_that_are_not_ones_own_are_left_alone(vera: Client, cast: Cast) -> None:
    groups = [group.id for group in cast.vera.groups]
    before = cast.vera.email
    sent = {
        "email": "x@example.org",
        "groups": ["", "1"],
        "status": "blocked",
        "two_factor": "disabled",
        "id": "1",
    }
    answer = save(
        vera, phone="+12025550102", **sent, name_source="administrator", password_hash="x"
    )
    assert answer.status_code == 303
    settle()
    assert cast.vera.phone == "+12025550102"
    assert cast.vera.email == before
    assert cast.vera.status == "active"
    assert [group.id for group in cast.vera.groups] == groups


def test_somebody_elses_change_meanwhile_is_shown_beside_ones_own(
    app: Flask, vera: Client, cast: Cast
) -> None:
    version = hidden(vera.get("/account/"), "version")
    olivia = app.test_client()
    assert isinstance(olivia, Client)
    edit(olivia.sign_in("olivia"), "users", cast.vera.id, phone="+12025550111")
    answer = vera.post(
        "/account/", {"first_name": "Vera", "phone": "+12025550122", "version": version}
    )
    assert answer.status_code == 409
    main = read(answer).one("main").text
    assert all(text in main for text in ("Olivia Owen", "+12025550111", "+12025550122", "differs"))
    settle()
    assert cast.vera.phone == "+12025550111"
    fields = {
        e["name"]: e["value"]
        for e in read(answer).one("main").all("input")
        if e["name"] != "csrf_token"
    }
    assert vera.post("/account/", fields).status_code == 303
    settle()
    assert cast.vera.phone == "+12025550122"


@pytest.mark.parametrize("version", ["", "x", "0", "-1", "9" * 30])
def test_a_version_that_nobody_read_changes_nothing(vera: Client, cast: Cast, version: str) -> None:
    assert vera.post("/account/", {"phone": "+12025550103", "version": version}).status_code == 409
    settle()
    assert cast.vera.phone == ""


def test_the_profile_leads_to_the_rest_of_the_account_and_says_how_it_stands(
    vera: Client, cast: Cast
) -> None:
    page = vera.get("/account/")
    ways = {e["href"]: e.text for e in read(page).one("ul", class_="ways").all("a")}
    assert ways == {
        "/account/password": "Password Set",
        "/account/two-factor": "Two-factor authentication Off",
        "/account/sessions": "Sessions 1 device is signed in",
        "/account/avatar": "Avatar None: people see your initials",
    }
    assert link(page, "Change e-mail") == "/account/email"
    for way in ways:
        assert vera.get(way).status_code == 200


def test_whoever_signs_in_by_login_sees_the_login_and_no_address(
    app: Flask, client: Client, cast: Cast
) -> None:
    user = cast.vera
    user.login_method = "login"
    user.login = "vera7"
    user.set_email(None)
    value = sessions.create(
        user=user, settings=app.extensions["settings"], ip="127.0.0.1", device=""
    )
    settle()
    with client.session_transaction(base_url=app.config["TEST_BASE_URL"]) as session:
        session[SESSION_KEY] = value
    page = client.get("/account/")
    assert "vera7" in read(page).one("dl", class_="own-address").text
    assert link(page, "Change e-mail") == ""
    assert error_at(client.post("/account/email", {"email": "vera@example.org"}), "email")
