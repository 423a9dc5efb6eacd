"""Nothing on any page tells of related rows that the reader may not see.

This covers lists, filters, files, forms, tabs and events. The cases are every relation of every
screen and every column that tells of other rows; none is listed by hand.
"""

import json
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice import events
from backoffice.actions.engine.action import actions_of
from backoffice.extensions import db
from backoffice.models import fields
from backoffice.models.client_tag import ClientTag
from backoffice.models.event import Event
from backoffice.models.user import User
from backoffice.policy.permissions import area_of, catalogue
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, edit, group
from tests.support.html import read, row_ids
from views.screen.screen import Screen

SECRET = "Zanzibar"  # what the groups and tags are called that are told of


@pytest.fixture
def told(app: Flask, cast: Cast) -> User:
    """Max, whom Olivia gave a group, a tag and a phone, then blocked and unblocked."""
    secret = group("employee")
    secret.name = f"{SECRET} group"
    tag = ClientTag(name=f"{SECRET} tag")
    db.session.add(tag)
    settle()
    olivia = app.test_client().sign_in("olivia")
    assert isinstance(olivia, Client)
    chosen = {"client_tags_mode": "only", "client_tags": ["", tag.id]}
    groups = ["", secret.id]
    answer = edit(olivia, "users", cast.max.id, groups=groups, phone="+49 30 5550100", **chosen)
    assert answer.status_code == 303
    act(olivia, "users", "block", cast.max.id, reason="Called from Timbuktu")
    act(olivia, "users", "unblock", cast.max.id, reason="Called from Timbuktu")
    return cast.max


def without(client: Client, *areas: str) -> Client:
    """Sign Vera in with every permission except those of these areas."""
    held = [code for code, p in catalogue().items() if p.area not in areas]
    viewers = group("viewers")
    viewers.permissions, viewers.grants = held, [group("employee")]
    settle()
    return client.sign_in("vera")


def told_of(screen: Screen) -> Iterator[tuple[str, str]]:
    """Yield each attribute that tells of another screen's rows, with that screen's area."""
    names = (
        *screen.column_list,
        *screen.column_filters,
        *screen.column_export_list,
        *screen.column_details_list,
        *screen.form_columns,
    )
    for name in dict.fromkeys(names):
        other = fields.told_of(screen.model, name)
        if other is not None and other is not screen.model:
            yield name, area_of(other)


def test_relations_are_there_for_who_sees_what_they_tell_of(
    app: Flask, told: User, client: Client
) -> None:
    """Otherwise the next test would pass without testing anything."""
    without(client)
    assert SECRET in client.get(f"/admin/users/?groups={group('employee').id}").text
    assert SECRET in client.get(f"/admin/users/{told.id}?tab=groups").text
    assert SECRET in client.get("/admin/users/export.csv").text
    assert SECRET in client.get(f"/admin/users/{told.id}?tab=events").text
    found = {(s.endpoint, name) for s in app.extensions["screens"] for name, _area in told_of(s)}
    assert {
        ("users", "groups"),
        ("users", "client_tags"),
        ("events", "actor"),
        ("events", "actor_groups"),
    } <= found


@pytest.mark.parametrize("area", ["groups", "client_tags", "users"])
def test_no_relation_tells_of_rows_that_one_does_not_see(
    app: Flask, told: User, client: Client, area: str
) -> None:
    without(client, area)
    screens = [s for s in app.extensions["screens"] if s.endpoint != area]
    cases = [(s, name) for s in screens for name, other in told_of(s) if other == area]
    assert cases
    for screen, name in cases:
        base = f"/admin/{screen.slug}/"
        page = client.get(base)
        assert page.status_code == 200
        headings = [heading.text for heading in read(page).all("th", scope="col")]
        assert screen.label_of(name) not in headings, (base, name)
        for value in ("1", "none"):
            assert client.get(f"{base}?{name}={value}").status_code == 400, (base, name)
        assert client.get(f"{base}lookup/{name}").status_code == 404, (base, name)
        if screen.has("export"):
            rows = json.loads(client.get(f"{base}export.json").text)
            assert [row for row in rows if name in row] == [], (base, name)
        assert f'name="{name}"' not in page.text, (base, name)


@pytest.mark.parametrize("area", ["groups", "client_tags"])
def test_no_page_names_what_one_does_not_see(
    app: Flask, told: User, client: Client, area: str
) -> None:
    """Nor do a person's tabs and forms, the log with its files, or a bulk run."""
    olivia = app.test_client().sign_in("olivia")
    assert isinstance(olivia, Client)
    run = act(olivia, "users", "add-to-group", Cast().vera.id, group=group("employee").id)
    secret = f"{SECRET} {'group' if area == 'groups' else 'tag'}"
    without(client, area)
    number = db.session.scalars(select(Event.id).where(Event.action == "users.edit")).one()
    for path in (
        "/",
        "/admin/users/",
        f"/admin/users/{told.id}",
        f"/admin/users/{told.id}/edit",
        "/admin/users/new",
        f"/admin/users/{told.id}?tab=events",
        "/admin/users/export.csv",
        "/admin/users/export.json",
        "/admin/events/",
        f"/admin/events/{number}",
        "/admin/events/export.csv",
        "/admin/events/export.json",
    ):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert secret not in answer.text, path
    if area == "groups":
        assert client.get(f"/admin/users/{told.id}?tab=groups").status_code == 404
        assert secret not in client.get(f"/admin/bulk-runs/{run.id}").text
        names = [a.name for a in actions_of(User, Cast().actor("vera"))]
        assert {"add_to_group", "remove_from_group"}.isdisjoint(names)
        assert "block" in names
        assert "has no second factor" not in client.get("/").text


def test_events_tell_of_people_only_as_far_as_one_sees_people(told: User, client: Client) -> None:
    """Who did what and when stays; names, addresses, phones and reasons are hidden."""
    without(client, "users")
    settle()
    numbers = db.session.scalars(select(Event.id).where(Event.subject_type == "users")).all()
    paths = [f"/admin/events/{number}" for number in numbers]
    for path in (
        *paths,
        "/",
        "/admin/events/",
        "/admin/events/export.csv",
        "/admin/events/export.json",
    ):
        answer = client.get(path)
        assert answer.status_code == 200
        for private in ("5550100", "Timbuktu", "Mander", SECRET):
            assert private not in answer.text.replace(f'"{SECRET}', ""), (path, private)
    assert "Block" in client.get("/admin/events/").text
    assert row_ids(client.get("/admin/events/?search=Timbuktu")) == []
    assert client.get("/admin/events/?sort=reason").status_code == 400
    for path in ("/admin/bulk-runs/", "/admin/bulk-runs/export.json", "/admin/bulk-runs/1"):
        assert "Timbuktu" not in client.get(path).text, path


def test_events_tell_who_may_know_all_they_said(told: User, client: Client) -> None:
    without(client)
    text = client.get(f"/admin/users/{told.id}?tab=events").text
    assert "5550100" in text
    assert "Timbuktu" in text
    assert "Timbuktu" in client.get("/admin/events/?search=Timbuktu&sort=reason").text
    assert events.verify() == []


def test_a_crafted_form_changes_no_relation_that_one_does_not_see(
    told: User, client: Client
) -> None:
    without(client, "groups")
    before = {each.name for each in told.groups}
    answer = edit(client, "users", told.id, groups=[""], phone="+49 30 5550101")
    assert answer.status_code in {303, 403}
    settle()
    assert {each.name for each in db.session.get_one(User, told.id).groups} == before
