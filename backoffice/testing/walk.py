"""Walk through the pages of screens in a browser, wide and narrow, and look for what is broken."""

from __future__ import annotations  # for what playwright declares, which may be missing

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from flask import Flask

from backoffice.extensions import db
from backoffice.models.row_keys import RowKey
from backoffice.testing.access import screens_of_packages
from backoffice.testing.asking import World
from backoffice.testing.browser import sign_in
from backoffice.transactions import begin
from views.screen.screen import Screen

if TYPE_CHECKING:
    from playwright.sync_api import Page

SIZES = ((1280, 800), (375, 667))  # of a desk and of a telephone, in CSS pixels
TOO_WIDE = "() => document.documentElement.scrollWidth > window.innerWidth"
# What is shown, can be used, and has no name that a screen reader could say.
UNNAMED = """() => [...document.querySelectorAll("a[href], button, input, select, textarea")]
  .filter((control) => control.type !== "hidden")
  .filter((control) => control.checkVisibility({ visibilityProperty: true }))
  .filter((control) => !control.labels?.length && !control.innerText.trim()
    && !control.getAttribute("aria-label") && !control.getAttribute("aria-labelledby"))
  .map((control) => control.outerHTML.slice(0, 120))"""


def faults(
    page: Page, app: Flask, world: World, screens: Collection[Screen] | None = None
) -> list[str]:
    """Look at every page of the screens of packages that join, as olivia, who may see everything.

    Returns a line for each page that is refused, has not one heading, is wider than the window, or
    has a control without a name. Complaints of the browser fail the test by themselves.
    """
    walked = screens_of_packages(app) if screens is None else screens
    paths = [path for screen in walked for path in addresses(app, screen, world)]
    sign_in(page, "olivia")
    found = []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        for path in paths:
            found += [f"{path} at {width} px: {fault}" for fault in _faults_of(page, path)]
    return found


def addresses(app: Flask, screen: Screen, world: World) -> Iterator[str]:
    """Yield the addresses of the pages that a screen has by itself.

    Raises Unknown where there are no rows of its model.
    """
    with app.test_request_context():
        yield screen.url_of("index")
        if screen.has("create"):
            yield screen.url_of("new")
        row_id = world.row(screen.model)
        yield screen.url_of("details", row_id=row_id)
        for tab in _tabs(app, screen, row_id):
            yield screen.url_of("details", row_id=row_id, tab=tab)
        if screen.has("edit"):
            yield screen.url_of("edit", row_id=row_id)


def _tabs(app: Flask, screen: Screen, row_id: RowKey) -> tuple[str, ...]:
    """Return the tabs of a row beside its overview."""
    with app.app_context():
        begin(writing=False)
        row = db.session.get_one(screen.model, row_id)
        return (*screen.has_tabs(row), *(rows.name for rows in screen.tabs))


def _faults_of(page: Page, path: str) -> Iterator[str]:
    answer = page.goto(path)
    if answer is None or answer.status != 200:
        yield f"status {answer and answer.status}"
        return
    if page.locator("h1:visible").count() != 1:
        yield "not one heading of the first level"
    if page.evaluate(TOO_WIDE):
        yield "wider than the window"
    for control in page.evaluate(UNNAMED):
        yield f"no name: {control}"
