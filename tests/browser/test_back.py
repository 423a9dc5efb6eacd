"""Back and reload work after every form.

They never lead to the browser's own error page, and never show a secret a second time.
"""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import update

from backoffice.auth import links
from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.models.user import User
from backoffice.testing.browser import sign_in
from backoffice.testing.cast import PASSWORD, Cast
from backoffice.testing.client import settle
from tests.support.acting import group
from tests.support.factors import code_of, give_app
from tests.support.html import read
from tests.support.links import WORDS, fresh_link, invited
from views.web.headers import OPEN

pytestmark = [
    pytest.mark.one_engine("sqlite", reason="the history is the browser's: no database changes it"),
    pytest.mark.usefixtures("still"),
]
AWAY = "/healthz"
FILL = """form => {
  form.noValidate = true;
  for (const field of form.elements) {
    const typed = ["text", "email", "password", "tel"].includes(field.type);
    if (typed && !field.readOnly) field.value = "no t right";
  }
  form.requestSubmit();
}"""
PRESS = "form => form.requestSubmit()"
FORM = "main form[method=post]"


def went_back(page: Page) -> None:
    """Leave the page, press Back, and reload.

    Each time a page of ours is shown, and nothing is sent again.
    """
    assert is_only_looked_at(page), page.url


def is_only_looked_at(page: Page) -> bool:
    """Return whether Back and reload ask for a page of ours by GET.

    After a form was sent, a browser asks whether to send it again, or shows a page of its own.
    Playwright's browser says yes by itself.
    """
    methods: list[str] = []
    page.goto(AWAY)
    page.on(
        "request",
        note := lambda request: request.is_navigation_request() and methods.append(request.method),
    )
    for go in (page.go_back, page.reload):
        go()
        page.wait_for_load_state()
        if page.locator("head link[href*='admin.css']").count() != 1:
            methods.append("another's page")
    page.remove_listener("request", note)
    return set(methods) == {"GET"}


def send(page: Page, script: str, selector: str = FORM) -> None:
    """Send the first such form of the page."""
    with page.expect_navigation():
        page.locator(selector).first.evaluate(script)


def pages_with_forms(app: Flask, cast: Cast) -> Iterator[str]:
    """Yield every page behind the sign-in that shows a form and takes it, from the URL map."""
    tag = ClientTag(name="Gold", colour="grey")
    db.session.add(tag)
    settle()
    rows = {"users": cast.vera.id, "groups": group("viewers").id, "client_tags": tag.id}
    for rule in app.url_map.iter_rules():
        if (
            not {"GET", "POST"} <= (rule.methods or set())
            or rule.endpoint in OPEN
            or rule.arguments - {"row_id"}
        ):
            continue
        values = {"row_id": rows.get(rule.endpoint.partition(".")[0], 1)} if rule.arguments else {}
        with app.test_request_context():
            yield str(app.url_map.bind("127.0.0.1").build(rule.endpoint, values))


def test_back_after_every_form_that_has_a_page(page: Page, app: Flask, cast: Cast) -> None:
    sign_in(page, "olivia")
    tried = []
    for address in list(pages_with_forms(app, cast)):
        answer = page.goto(address)
        # A screen may be read-only, an enrolment that was not begun leads elsewhere, and a form may
        # only ask for another page.
        is_there = answer and answer.ok and urlsplit(page.url).path == address
        if is_there and page.locator(FORM).count():
            send(page, FILL)
            went_back(page)
            tried.append(address)
    assert len(tried) > 9, tried


def buttons(page: Page) -> Iterator[str]:
    """Yield where the buttons of the page lead that are forms of their own.

    Signing out and ending sessions are left out.
    """
    for form in read(page.content()).all("form"):
        if (
            form["method"] == "post"
            and form["action"]
            and not form["action"].startswith("/sign-out")
        ):
            yield form["action"]


def test_back_after_every_button_of_ones_own_account(page: Page, app: Flask, cast: Cast) -> None:
    """Buttons lead to a page of their own, back to where they stood, or to a refusal."""
    sign_in(page, "max")
    pressed: set[str] = set()
    for address in (
        "/account/two-factor",
        "/account/sessions",
        "/account/avatar",
        "/account/two-factor",
    ):
        page.goto(address)
        for action in dict.fromkeys(buttons(page)):
            page.goto(address)
            if page.locator(f"form[action='{action}']").count() and action not in pressed:
                send(page, PRESS, f"form[action='{action}']")
                went_back(page)
                pressed.add(action)
    assert {"/account/two-factor/begin", "/account/two-factor/email"} <= pressed


def test_recovery_codes_are_not_shown_again(page: Page, app: Flask, cast: Cast) -> None:
    give_app(cast.max, app.extensions["settings"])
    cast.max.two_factor = "disabled"
    settle()
    sign_in(page, "max")
    db.session.execute(update(User).where(User.id == cast.max.id).values(two_factor="totp"))
    settle()
    page.goto("/account/two-factor")
    page.get_by_role("button", name="Make new recovery codes").click()
    codes = page.locator("#codes").inner_text().split()
    assert len(codes) == 10
    went_back(page)
    assert page.locator("#codes").count() == 0
    assert urlsplit(page.url).path == "/account/two-factor"


def test_back_on_the_way_in(page: Page, app: Flask, cast: Cast) -> None:
    """Go back after a wrong password, a wrong code, and a right one."""
    key = give_app(cast.max, app.extensions["settings"])[0]
    page.goto("/sign-in?next=/account/")
    send(page, FILL)
    went_back(page)
    assert page.locator("[name=next]").input_value() == "/account/", (
        "where one wanted to go is not lost"
    )
    page.locator("[name=identifier]").fill("max@example.com")
    page.locator("[name=password]").fill(PASSWORD)
    send(page, PRESS)
    send(page, FILL)
    went_back(page)
    page.locator("[name=code]").fill(code_of(key))
    send(page, PRESS)
    page.wait_for_url("**/account/")
    went_back(page)


def reset(_app: Flask, cast: Cast) -> str:
    return fresh_link(cast.vera, links.PASSWORD)


def invitation(app: Flask, cast: Cast) -> str:
    return fresh_link(invited(app, cast.olivia), links.INVITATION)


@pytest.mark.parametrize("link", [reset, invitation], ids=lambda link: link.__name__)
def test_back_after_the_form_of_a_link(
    page: Page, app: Flask, cast: Cast, link: Callable[[Flask, Cast], str]
) -> None:
    page.goto(link(app, cast))
    send(page, FILL)
    went_back(page)
    for name, text in WORDS.items():
        page.locator(f"[name={name}]").fill(text)
    send(page, PRESS)
    page.wait_for_url("**/sign-in")
    page.go_back()
    expect(page.locator("main")).to_contain_text("used already")


def test_back_after_the_enrolment_by_a_link_shows_no_key_again(page: Page, cast: Cast) -> None:
    page.goto(fresh_link(cast.vera, links.ENROLMENT))
    page.locator("[name=password]").fill(PASSWORD)
    send(page, PRESS)
    expect(page.locator(".qr svg")).to_be_visible()
    went_back(page)
    assert page.locator(".qr svg").count() == 0
    expect(page.locator("[name=password]")).to_be_visible()


def test_without_it_the_browser_has_nothing_to_show(page: Page, cast: Cast) -> None:
    """Show what happens without the script, and that the tests above would notice it."""
    page.add_init_script("history.replaceState = () => {}")
    page.goto("/sign-in")
    send(page, FILL)
    assert not is_only_looked_at(page)
