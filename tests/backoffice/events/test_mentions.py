"""Events name related rows to those alone who see these rows."""

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice import events
from backoffice.data import disclosure
from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.models.event import Event
from backoffice.models.user import User
from backoffice.policy import rules
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, edit
from tests.support.html import row_ids

SECRET = "Zanzibar"  # what the tag is called that Olivia alone sees


@pytest.fixture
def tags(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the ids of two tags, of which everybody but Olivia sees only the first."""
    rows = [ClientTag(name="Gold"), ClientTag(name=SECRET)]
    db.session.add_all(rows)
    settle()

    def seen(actor: Any) -> Any:
        hidden = [] if actor.all_permissions else [SECRET]
        return ClientTag.name.not_in(hidden)

    monkeypatch.setitem(rules._narrower, ClientTag, seen)
    return [row.id for row in rows]


@pytest.fixture
def told(client: Client, cast: Cast, tags: list[int]) -> User:
    """Vera, whom Olivia gave both tags in a form, and took and gave one of them by actions."""
    client.sign_in("olivia")
    chosen = {"client_tags_mode": "only", "client_tags": ["", *tags]}
    assert edit(client, "users", cast.vera.id, **chosen).status_code == 303
    for action in ("remove-client-tags", "add-client-tags"):
        act(client, "users", action, cast.vera.id, tags=tags[1:])
    settle()
    return cast.vera


def details(told: User) -> list[str]:
    """Return the pages on which the events about a person are told."""
    about = Event.subject_type == "users", Event.subject_id == told.id
    ids = db.session.scalars(select(Event.id).where(*about)).all()
    assert len(ids) == 3
    return [f"/admin/users/{told.id}?tab=events", *(f"/admin/events/{row_id}" for row_id in ids)]


def test_who_does_not_see_a_related_row_reads_its_number(
    client: Client, told: User, tags: list[int]
) -> None:
    client.sign_in("max")
    for path in details(told):
        text = client.get(path).text
        assert "Gold" in text, path
        assert f"Client tag {tags[1]}" in text, path
        assert SECRET not in text, path
    for path in ("/admin/events/", "/"):
        assert SECRET not in client.get(path).text, path
    assert row_ids(client.get(f"/admin/events/?search={SECRET}")) == []


def test_no_file_of_events_has_the_name(app: Flask, told: User) -> None:
    client = app.test_client()
    assert isinstance(client, Client)
    client.sign_in("max")
    for ending in ("csv", "json"):
        answer = client.get(f"/admin/events/export.{ending}", buffered=True)
        assert SECRET not in answer.text


def test_who_sees_the_row_reads_the_name_that_it_had_then(client: Client, told: User) -> None:
    db.session.scalars(select(ClientTag).where(ClientTag.name == SECRET)).one().name = "Silver"
    settle()
    for path in details(told):
        assert SECRET in client.get(path).text, path
    assert events.verify() == []


def test_a_name_without_its_row_is_for_those_who_see_all_rows(cast: Cast, tags: list[int]) -> None:
    """Events from before the rows were noted have the names alone."""
    subject = ("users", cast.vera.id)
    olivia, max_ = cast.actor("olivia"), cast.actor("max")
    events.record(
        actor=olivia, action="users.edit", subject=subject, after={"client_tags": ["Gold", SECRET]}
    )
    event = db.session.scalars(select(Event)).one()
    (told,) = disclosure.redacted(max_, Event, [event], ["id", "subject_type", "after"])
    assert told.after == {"client_tags": ["Client tag", "Client tag"]}


def test_a_row_that_is_gone_has_a_number_for_those_who_do_not_see_all(
    client: Client, told: User, tags: list[int]
) -> None:
    act(client, "client-tags", "delete", *tags)
    assert db.session.scalars(select(ClientTag)).all() == []
    client.sign_in("max")
    for path in details(told):
        text = client.get(path).text
        assert f"Client tag {tags[0]}, Client tag {tags[1]}" in text, path
        assert "Gold" not in text, path


def test_what_a_company_keeps_of_its_own_is_told_as_it_is(client: Client, cast: Cast) -> None:
    own = {"day": date(2026, 1, 31), "of": ["x"], "id": {}, "label": 3}
    named = {"of": "nothing", "id": "~x", "label": "<b>Gone</b>"}
    subject = ("users", cast.vera.id)
    events.record(
        actor=cast.actor("olivia"),
        action="users.edit",
        subject=subject,
        after={"own": own, "named": named, "many": [named]},
    )
    settle()
    assert events.verify() == []
    client.sign_in("olivia")
    text = client.get(f"/admin/users/{cast.vera.id}?tab=events").text
    assert "2026-01-31" in text
    assert "Nothing x" in text
    assert "Gone" not in text
