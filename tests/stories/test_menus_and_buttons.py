"""The menu, the list's buttons and a row's menu offer what the policy allows, and nothing else."""

from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.actions.engine.action import actions_of
from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.models.group import Group
from backoffice.models.message import Message
from backoffice.models.user import User
from backoffice.policy.shipped import SHIPPED
from tests.support.acting import followed
from tests.support.asking import Person
from tests.support.cast import Cast
from tests.support.client import Client
from tests.support.html import Element, read
from views.screen import Screen

EVERYBODY = [shipped.key for shipped in SHIPPED]


@pytest.fixture
def rows(staff: list[str]) -> dict[str, int]:
    """One row of each screen that has actions."""
    tag = ClientTag(name="Gold")
    db.session.add_all([tag, Message(purpose="blocked", address="employee@example.com")])
    db.session.commit()
    group = db.session.scalars(select(Group.id).where(Group.key == "employee")).one()
    return {"users": Cast().employee.id, "groups": group, "client_tags": tag.id}


def links(page: Element) -> set[str]:
    """Every path that a page leads to."""
    return {urlsplit(a["href"]).path for a in page.all("a") if a["href"].startswith("/")}


def pressed(page: Element) -> set[str]:
    """Every path that a button of a page posts to."""
    return {f["action"] for f in page.all("form")} | {
        b["formaction"] for b in page.all("button") if b["formaction"]
    }


def allowed(person: Person, screen: Screen, *, several: bool = False) -> set[str]:
    """The addresses of the actions that the person may use on the screen, on a row or on several."""
    return {
        f"/admin/{screen.slug}/actions/{action.name.replace('_', '-')}"
        for action in actions_of(screen.model)
        if person.holds(action.permission) and (action.name != "delete" or screen.has("delete"))
        if not (several and action.most_rows == 1)
    }


def screens(app: Flask) -> list[Screen]:
    found: list[Screen] = app.extensions["screens"]
    return found


@pytest.mark.parametrize("key", EVERYBODY)
def test_the_menu_offers_the_screens_that_open(
    app: Flask, client: Client, staff: list[str], key: str
) -> None:
    client.sign_in(key)
    page = read(client.get("/"))
    for screen in screens(app):
        path = f"/admin/{screen.slug}/"
        may = Person(key).holds(f"{screen.endpoint}.view")
        assert (path in links(page)) == may, path
        assert client.get(path).status_code == (200 if may else 403)


@pytest.mark.parametrize("key", EVERYBODY)
def test_a_list_offers_what_its_buttons_may_do(
    app: Flask, client: Client, rows: dict[str, int], key: str
) -> None:
    client.sign_in(key)
    person = Person(key)
    for screen in (s for s in screens(app) if person.holds(f"{s.endpoint}.view")):
        page, base = read(client.get(f"/admin/{screen.slug}/")), f"/admin/{screen.slug}"
        powers = {"create": f"{base}/new", "export": f"{base}/export.csv"}
        for power, path in powers.items():
            may = screen.has(power) and person.holds(f"{screen.endpoint}.{power}")
            assert (path in links(page)) == may, path
        offered = {path for path in pressed(page) if "/actions/" in path}
        assert offered == (
            allowed(person, screen, several=True) if person.holds("bulk.run") else set()
        )


@pytest.mark.parametrize("key", EVERYBODY)
def test_a_row_offers_what_may_be_done_to_it(
    app: Flask, client: Client, rows: dict[str, int], key: str
) -> None:
    """In the list's menu and on the row's own page alike; what a rule refuses is named and cannot be pressed."""
    client.sign_in(key)
    person = Person(key)
    for screen in (
        s for s in screens(app) if s.endpoint in rows and person.holds(f"{s.endpoint}.view")
    ):
        path = f"/admin/{screen.slug}/{rows[screen.endpoint]}"
        menu, details = read(client.get(f"{path}/menu")), read(client.get(path))
        for page in (menu, details):
            assert {p for p in pressed(page) if "/actions/" in p} <= allowed(person, screen)
        forbidden = [a.label for a in actions_of(screen.model) if not person.holds(a.permission)]
        assert [label for label in forbidden if label in menu.text] == []
        opens = client.get(f"{path}/edit").status_code == 200
        assert (f"{path}/edit" in links(details)) == (f"{path}/edit" in links(menu)) == opens


@pytest.mark.parametrize("key", ["main_administrator", "company_administrator", "administrators"])
def test_every_offered_action_of_a_row_opens_its_preview(
    app: Flask, client: Client, rows: dict[str, int], key: str
) -> None:
    client.sign_in(key)
    for endpoint, row in rows.items():
        screen = next(s for s in screens(app) if s.endpoint == endpoint)
        menu = read(client.get(f"/admin/{screen.slug}/{row}/menu"))
        for path in {p for p in pressed(menu) if "/actions/" in p}:
            answer = followed(client, client.post(path, {"row": row}))
            assert answer.status_code == 200, path
            assert "refused:" not in answer.get_data(as_text=True), path


def test_outsiders_see_no_menu(client: Client, staff: list[str]) -> None:
    client.try_sign_in("eve")
    assert [path for path in links(read(client.get("/sign-in"))) if path.startswith("/admin")] == []
    assert (
        db.session.scalars(select(User.status).where(User.email_key == "eve@example.com")).one()
        == "blocked"
    )
