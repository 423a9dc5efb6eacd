"""People look around while they decide about a bulk action.

Back, reload and another page lose nothing on the way.
"""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.testing import browser
from backoffice.testing.browser import sign_in
from backoffice.testing.cast import Cast

pytestmark = [
    pytest.mark.browser,
    pytest.mark.one_engine("postgresql", reason="the way through the pages is the same on both"),
]

REASON = "Left the company in autumn"


@pytest.fixture
def people(app: Flask, cast: Cast) -> list[User]:
    """Add more people than fit on three pages of twenty."""
    found = []
    for number in range(70):
        person = User(first_name="Yuki", last_name=f"Number {number:02}", status="active")
        person.set_email(f"yuki{number:02}@example.org")
        found.append(person)
    db.session.add_all(found)
    db.session.commit()
    return found


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def second_page(page: Page) -> dict[str, list[str]]:
    """Filter a list, go to its second page, and return the query there."""
    page.goto("/admin/users/?search=yuki&status=active&sort=name&size=20")
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("link", name="Yuki Number 20").first).to_be_visible()
    found = query(page)
    assert {"search", "status", "sort", "size", "after"} <= found.keys()
    return found


def is_there(page: Page, reason: str) -> None:
    """Check that the preview is shown with what was typed, and not the browser's own error page."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Block 2 people")
    expect(page.get_by_label("Reason")).to_have_value(reason)


def preview_of_two(page: Page) -> None:
    page.locator("[name=row]").nth(0).check()
    page.locator("[name=row]").nth(1).check()
    page.get_by_role("button", name="Block", exact=True).click()
    expect(page).to_have_url(re.compile(r"/admin/users/actions/block/[0-9a-f-]{36}$"))


def run_and_return(page: Page, before: dict[str, list[str]]) -> None:
    """Press the button, and check that the list is as it was and says what was done."""
    page.get_by_role("button", name="Block 2 people").click()
    said = page.get_by_role("status").filter(has_text="2 people blocked.")
    expect(said).to_be_visible()
    assert query(page) == before
    expect(said.get_by_role("link", name="See the run")).to_be_visible()


def undo_and_return(page: Page, before: dict[str, list[str]]) -> None:
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Undo: Unblock 2 people")
    page.get_by_role("button", name="Undo: Unblock 2 people").click()
    expect(page.get_by_role("status").filter(has_text="2 people unblocked.")).to_be_visible()
    assert query(page) == before


def back_to_the_beginning(page: Page) -> None:
    """Check that every page on the way back can be shown, because none was the answer to a form."""
    for _ in range(30):
        page.go_back()
        assert not page.url.startswith("chrome-error:"), "a page that Back cannot show"
        if "/sign-in" in page.url or page.url == "about:blank":
            return
    raise AssertionError("Back leads nowhere")


def test_back_reload_and_a_look_at_a_row_lose_nothing(page: Page, people: list[User]) -> None:
    sign_in(page, "olivia")
    before = second_page(page)
    preview_of_two(page)
    page.get_by_label("Reason").fill(REASON)
    page.get_by_role("link", name="Yuki Number 20").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Yuki Number 20")
    page.go_back()
    is_there(page, REASON)
    page.reload()
    is_there(page, REASON)
    page.go_back()
    assert query(page) == before
    page.go_forward()
    is_there(page, REASON)
    run_and_return(page, before)
    undo_and_return(page, before)
    back_to_the_beginning(page)


def test_a_mistake_loses_nothing_without_a_script(
    chromium: Browser, live_server: str, people: list[User]
) -> None:
    with browser.visit(chromium, live_server, java_script_enabled=False) as (page, _witness):
        sign_in(page, "olivia")
        before = second_page(page)
        page.get_by_role("button", name="Block", exact=True).click()
        expect(page.get_by_text("Choose at least one row first.")).to_be_visible()
        assert query(page) == before
        preview_of_two(page)
        page.get_by_label("Reason").fill("   ")
        page.get_by_role("button", name="Block 2 people").click()
        expect(page.get_by_text("Say why, in a few words")).to_be_visible()
        page.get_by_label("Reason").fill(REASON)
        run_and_return(page, before)
        undo_and_return(page, before)
        back_to_the_beginning(page)


def test_what_a_tab_keeps_ends_with_the_session(page: Page, people: list[User]) -> None:
    sign_in(page, "olivia")
    second_page(page)
    preview_of_two(page)
    page.get_by_label("Reason").fill(REASON)
    page.wait_for_function(
        "reason => JSON.stringify({...sessionStorage}).includes(reason)", arg=REASON
    )
    page.locator("summary.account").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in*")
    assert page.evaluate("JSON.stringify({...sessionStorage})") == "{}"


def test_a_row_menu_leads_back_to_the_list(page: Page, people: list[User]) -> None:
    sign_in(page, "olivia")
    before = second_page(page)
    page.locator("[data-menu-url]").first.click()
    page.locator("#row-menu").get_by_role("button", name="Block", exact=True).click()
    page.get_by_label("Reason").fill(REASON)
    page.get_by_role("button", name="Block 1 person").click()
    expect(page.get_by_role("status").filter(has_text="1 person blocked.")).to_be_visible()
    assert query(page) == before


def test_a_temporary_password_is_shown_once_whatever_the_browser_does(
    page: Page, people: list[User]
) -> None:
    person = people[0]
    person.login_method, person.login, person.login_key = "login", "yuki-0", "yuki-0"
    person.email = person.email_key = None
    db.session.commit()
    sign_in(page, "olivia")
    page.goto(f"/admin/users/{person.id}")
    page.locator("summary", has_text="Actions").click()
    page.get_by_role("button", name="Temporary password").click()
    page.get_by_role("button", name="Give 1 person a temporary password").click()
    given = page.locator("#password").inner_text()
    assert len(given) > 10
    shown_at = page.url
    page.get_by_role("link", name="Done").click()
    expect(page).to_have_url(re.compile(rf"/admin/users/{person.id}"))
    page.go_back()
    assert page.url == shown_at
    expect(page.get_by_text("This was shown once")).to_be_visible()
    assert given not in page.content()
    back_to_the_beginning(page)
