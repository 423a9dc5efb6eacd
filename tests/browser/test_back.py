"""Back after every form: never the browser's own error page, never a second sending, never a secret again."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.services import links
from tests.support.acting import group
from tests.support.browser import Witness, sign_in
from tests.support.cast import PASSWORD, Cast
from tests.support.client import settle
from tests.support.factors import code_of, give_app
from tests.support.html import Element, read
from tests.support.images import encoded, plain
from tests.support.links import WORDS, fresh_link, invited
from views.headers import OPEN

ELSEWHERE = "/account/sessions"
FRAME = ("/sign-out",)  # the buttons of the frame around every page


def went_back(page: Page) -> None:
    """Leave the page by its address, and press Back: a page of ours is there, and says nothing of an error."""
    before = urlsplit(page.url).path
    page.goto("/healthz")
    page.go_back()
    shown(page)
    page.reload()
    shown(page)
    assert urlsplit(page.url).path in (before, "/", "/sign-in") or page.url, before


def shown(page: Page) -> None:
    assert page.url.startswith("http"), f"the browser's error page in place of {page.url}"
    expect(page.locator("h1").first).to_be_visible()
    assert page.locator(".fault-status").count() == 0 or page.locator("h1").inner_text() != "Something went wrong"


def pages_with_forms(app: Flask, cast: Cast) -> Iterator[str]:
    """Every page behind the sign-in that shows a form and takes it, from the URL map."""
    tag = ClientTag(name="Gold", colour="grey")
    db.session.add(tag)
    settle()
    rows = {"users": cast.vera.id, "groups": group("viewers").id, "client_tags": tag.id}
    for rule in app.url_map.iter_rules():
        if not {"GET", "POST"} <= (rule.methods or set()) or rule.endpoint in OPEN or "handle" in rule.arguments:
            continue
        values = {"row_id": rows.get(rule.endpoint.partition(".")[0])} if rule.arguments else {}
        with app.test_request_context():
            yield str(app.url_map.bind("127.0.0.1").build(rule.endpoint, values))


def test_back_after_every_form_of_every_page(page: Page, app: Flask, cast: Cast) -> None:
    """Sent wrong, which shows it again, then whatever comes of it: Back and reload are harmless each time."""
    addresses = list(pages_with_forms(app, cast))
    assert len(addresses) > 8
    sign_in(page, "olivia")
    tried = 0
    for address in addresses:
        page.goto(address)
        if urlsplit(page.url).path != address:  # such as an enrolment that was not begun
            continue
        form = page.locator("main form[method=post]").first
        form.evaluate("form => { form.noValidate = true; for (const e of form.elements) "
                      "if (['text', 'email', 'password', 'tel'].includes(e.type) && !e.readOnly) e.value = 'x y' }")
        form.evaluate("form => form.requestSubmit()")
        page.wait_for_load_state()
        went_back(page)
        tried += 1
    assert tried > 8


def buttons(page: Page) -> list[str]:
    """Where the buttons of the page send to that are forms of their own."""
    found = [form["action"] for form in read(page.content()).all("form") if form["method"] == "post"]
    return [action for action in dict.fromkeys(found) if action and action not in FRAME]
