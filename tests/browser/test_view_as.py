"""View as somebody in a browser: why, the banner on every page, and back again."""

import pytest
from playwright.sync_api import Page, expect

from backoffice.testing.browser import sign_in
from backoffice.testing.cast import Cast

pytestmark = [
    pytest.mark.browser,
    pytest.mark.one_engine("postgresql", reason="what a page looks like does not depend on it"),
]


def test_olivia_asks_why_looks_as_max_and_leaves(page: Page, cast: Cast) -> None:
    sign_in(page, "olivia")
    page.goto(f"/admin/users/{cast.max.id}?tab=groups")
    page.get_by_label("What").select_option("users.block")
    page.get_by_label("To which row").fill("Vera Vance")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("#may")).to_contain_text("Max Mander lacks the permission users.block")

    page.get_by_role("link", name="View as this person").click()
    page.get_by_label("Reason").fill("He sees no people")
    page.get_by_role("button", name="View as this person").click()
    banner = page.locator(".viewing")
    expect(banner).to_contain_text("You view these pages as Max Mander.")
    page.get_by_role("link", name="Client tags").click()
    expect(banner).to_be_visible()

    banner.get_by_role("button", name="Leave").click()
    expect(page.get_by_text("You are yourself again.")).to_be_visible()
    expect(banner).to_have_count(0)


@pytest.mark.parametrize("width", [1280, 375])
def test_the_banner_fits_and_stays_in_sight(page: Page, cast: Cast, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    sign_in(page, "olivia")
    page.goto(f"/view-as/{cast.max.id}")
    page.get_by_label("Reason").fill("He sees no people")
    page.get_by_role("button", name="View as this person").click()
    page.goto("/admin/users/")
    page.mouse.wheel(0, 2000)
    expect(page.locator(".viewing").get_by_role("button", name="Leave")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
