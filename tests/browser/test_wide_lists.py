"""A list that is wider than the window keeps the row's name, its menu and the head in sight."""

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models import mails
from backoffice.models.client_tag import ClientTag
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.testing.browser import sign_in
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle
from tests.support.outbox import put

WIDTHS = (1024, 1280, 1440)

pytestmark = pytest.mark.one_engine("sqlite", reason="where things are shown does not depend on it")


@pytest.fixture
def crowd(cast: Cast) -> None:
    """Add more people than a window shows, with names that take up space."""
    for number in range(40):
        person = User(first_name="Wolfeschlegelstein", last_name=f"Hausenberger {number:02}")
        person.set_email(f"wolfeschlegelstein.hausenberger.{number:02}@example.com")
        db.session.add(person)
    settle()


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_columns_of_users_fit_whatever_people_and_groups_are_called(
    page: Page, cast: Cast, crowd: None, language: str
) -> None:
    cast.olivia.language = language
    groups = [Group(name=f"Intercontinental administrators of depots {n}") for n in range(5)]
    tags = [ClientTag(name=f"Kraftfahrzeughaftpflicht {number}") for number in range(5)]
    for person in db.session.scalars(select(User).where(User.last_name.startswith("Hausen"))):
        person.groups, person.client_tags, person.client_tags_mode = groups, tags, "only"
    settle()
    page.set_viewport_size({"width": 1280, "height": 800})
    sign_in(page, "olivia")
    page.goto("/admin/users/")
    table = page.locator(".table-scroll")
    expect(table.locator(".pill").first).to_be_visible()
    assert table.evaluate("each => each.scrollWidth - each.clientWidth") == 0


def test_messages_of_every_kind_fit_in_german(app: Flask, page: Page, cast: Cast) -> None:
    cast.olivia.language = "de"
    for purpose in mails.names():
        put(app.extensions["settings"], purpose, user_id=cast.olivia.id)
    page.set_viewport_size({"width": 1280, "height": 800})
    sign_in(page, "olivia")
    page.goto("/admin/messages/")
    table = page.locator(".table-scroll")
    expect(table.get_by_text("Wartet").first).to_be_visible()
    assert table.evaluate("each => each.scrollWidth - each.clientWidth") == 0


@pytest.mark.parametrize("width", WIDTHS)
def test_the_menu_of_a_row_is_within_the_window(page: Page, crowd: None, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(page, "olivia")
    page.goto("/admin/users/")
    button = page.locator("[data-menu-url]").first
    expect(button).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") == width, "the page is not wider"
    button.click()
    expect(page.locator("#row-menu")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("width", WIDTHS)
def test_name_menu_and_head_stay_while_the_others_scroll(
    page: Page, crowd: None, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(page, "olivia")
    page.goto("/admin/users/")
    page.mouse.move(width - 200, 500)
    page.mouse.wheel(400, 900)
    row = page.locator("tbody tr").nth(25)
    row.scroll_into_view_if_needed()
    for part in (
        row.locator(".person"),
        row.locator("[data-menu-url]"),
        row.get_by_role("checkbox"),
    ):
        expect(part).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("columnheader", name="Name")).to_be_in_viewport(ratio=1)
    assert on_top(row.locator(".person b")) == "B", "nothing lies over the name"


def on_top(what: Locator) -> str:
    """Return the element that is seen where `what` is."""
    at = what.bounding_box()
    assert at
    seen = "([x, y]) => document.elementFromPoint(x, y).tagName"
    return str(what.page.evaluate(seen, [at["x"] + 3, at["y"] + 5]))


def test_on_a_phone_each_card_is_headed_by_what_the_row_is_called(page: Page, cast: Cast) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    sign_in(page, "olivia")
    page.goto("/admin/users/?search=max@example.com")
    head = page.locator("tbody tr .card-head")
    expect(head).to_contain_text("Max Mander")
    place = head.bounding_box()
    others = page.locator("tbody tr [data-label]").first.bounding_box()
    assert place
    assert others
    assert place["y"] < others["y"], "above all the other values"
