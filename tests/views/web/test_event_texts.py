"""Events as people read them."""

import re

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.session import Session
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, edit, group
from tests.support.html import read


@pytest.mark.parametrize(
    "language, sentence", [("en", "Status: Active → Blocked"), ("de", "Status: Aktiv → Gesperrt")]
)
def test_what_changed_is_said_in_the_words_of_the_pages(
    app: Flask, client: Client, cast: Cast, language: str, sentence: str
) -> None:
    cast.olivia.language = language
    settle()
    act(client.sign_in("olivia"), "users", "block", cast.max.id)
    page = read(client.get(f"/admin/users/{cast.max.id}?tab=events"))
    assert sentence in [line.text for line in page.one("ul", class_="changes").all("li")]


def test_times_are_told_by_the_readers_clock(client: Client, cast: Cast) -> None:
    cast.olivia.time_zone = "Europe/Berlin"
    settle()
    client.sign_in("olivia")
    session = db.session.scalars(select(Session).where(Session.user_id == cast.olivia.id)).one()
    other = client.application.test_client()
    assert isinstance(other, Client)
    other.sign_in("max")
    settle()
    found = db.session.scalars(select(Session).where(Session.id != session.id)).one()
    act(client, "sessions", "end", found.id)
    feed = read(client.get(f"/admin/sessions/{found.id}?tab=events")).one("ul", class_="changes")
    assert re.search(r"Ended: – → 20\d\d-\d\d-\d\d \d\d:\d\d CES?T · .*UTC", feed.text)


def test_of_many_permissions_those_that_differ_are_told(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    before = group("managers").permissions
    assert len(before) > 8
    after = [code for code in before if code != "client_tags.delete"]
    edit(client, "groups", group("managers").id, permissions=["", *after])
    feed = read(client.get(f"/admin/groups/{group('managers').id}?tab=events"))
    assert feed.one("ul", class_="changes").text == "Permissions: Delete client tags for good → –"
