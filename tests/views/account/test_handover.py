"""A temporary password is shown once, to the session that asked for it.

It is kept nowhere in clear text.
"""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.handover import Handover
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import add, everything
from tests.support.html import link, read


@pytest.fixture
def olivia(client: Client, cast: Cast) -> Client:
    return client.sign_in("olivia")


def given(client: Client, login: str = "lena") -> str:
    """Add a person who signs in by login; return the address where their password waits."""
    answer = add(client, "users", login_method="login", login=login, first_name="Lena")
    assert answer.status_code == 303, answer.text[:2000]
    assert urlsplit(answer.location).path.startswith("/account/handover/")
    return answer.location


def test_it_is_shown_once_and_leads_on(olivia: Client) -> None:
    href = given(olivia)
    waiting = everything()
    page = olivia.get(href)
    password = read(page).one("output").text
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")
    assert password not in str(waiting)
    assert olivia.get(link(page, "Done")).status_code == 200
    again = olivia.get(href)
    assert again.status_code == 404
    assert "This was shown once" in again.text
    assert password not in again.text
    settle()
    assert db.session.scalars(select(Handover)).all() == []


def test_nobody_else_is_shown_it_nor_the_same_person_elsewhere(app: Flask, olivia: Client) -> None:
    href = given(olivia)
    for name in ("olivia", "max"):
        other = app.test_client().sign_in(name)
        assert other.get(href).status_code == 404
    assert app.test_client().get(href).location.startswith("/sign-in")
    assert read(olivia.get(href)).one("output").text


def test_a_look_at_the_headers_does_not_use_it_up(olivia: Client) -> None:
    href = given(olivia)
    assert olivia.open(href, method="HEAD").status_code == 204
    assert read(olivia.get(href)).one("output").text


def test_it_waits_for_five_minutes_at_most_and_is_forgotten_by_the_next(olivia: Client) -> None:
    href = given(olivia)
    with clock.at(clock.now() + timedelta(minutes=5, seconds=1)):
        assert olivia.get(href).status_code == 404
        given(olivia, "lara")
        settle()
        assert len(db.session.scalars(select(Handover.id)).all()) == 1
