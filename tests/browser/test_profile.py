"""One's own profile in a browser.

It is changed, it decides how times are shown, and every page of the account leads to it.
"""

import re

import pytest
from playwright.sync_api import Page, expect

from backoffice.testing.browser import sign_in
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle

pytestmark = [
    pytest.mark.browser,
    pytest.mark.one_engine("postgresql", reason="what a page looks like does not depend on it"),
]


def test_max_moves_to_berlin_and_every_time_moves_with_him(page: Page, cast: Cast) -> None:
    sign_in(page, "max")
    page.locator(".account").click()
    page.get_by_role("link", name="Profile", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Profile")
    page.get_by_label("Phone").fill("+49 30 901820")
    page.get_by_label("Time zone").select_option(label="Berlin")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your profile is saved.")).to_be_visible()
    expect(page.get_by_label("Phone")).to_have_value("+49 30 901820")
    expect(page.get_by_text(re.compile(r"Now it is .* CES?T · .*UTC"))).to_be_visible()

    page.goto("/admin/users/")
    title = page.locator("td time").first.get_attribute("title")
    assert title
    assert re.fullmatch(r"[\d-]{10} \d\d:\d\d CES?T · (?:[\d-]{10} )?\d\d:\d\d UTC", title)


def test_the_pages_of_an_account_lead_to_each_other(page: Page, cast: Cast) -> None:
    sign_in(page, "vera")
    page.goto("/account/")
    for label in ("Password", "Two-factor", "Sessions", "Avatar", "Profile"):
        page.get_by_role("navigation", name="Your account").get_by_role(
            "link", name=label, exact=True
        ).click()
        expect(page.locator(".tabs [aria-current=page]")).to_have_text(label)


def test_a_conflict_is_solved_by_saving_ones_own(page: Page, cast: Cast) -> None:
    sign_in(page, "vera")
    page.goto("/account/")
    settle()
    vera = cast.vera
    vera.phone, vera.version = "+12025550111", vera.version + 1
    settle()
    page.get_by_label("Phone").fill("+12025550122")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your profile was changed meanwhile")
    page.get_by_role("button", name="Save mine over theirs").click()
    expect(page.get_by_label("Phone")).to_have_value("+1 202-555-0122")


@pytest.mark.parametrize("path", ["/account/", "/account/email"])
def test_nothing_of_the_profile_leaves_a_phone_sideways(page: Page, cast: Cast, path: str) -> None:
    vera = cast.vera
    vera.set_email(
        "a.very.long.address.that.nobody.would.ever.type.by.hand@subdomain.of.some.example.com"
    )
    address = str(vera.email)
    settle()
    page.set_viewport_size({"width": 375, "height": 700})
    sign_in(page, address)
    page.goto(path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 375
