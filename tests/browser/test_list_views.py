"""The tabs of saved views: their numbers come after the page, and a phone scrolls them."""

import pytest
from playwright.sync_api import Page, expect

from backoffice.data import saved_views
from backoffice.testing.browser import sign_in
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle

pytestmark = pytest.mark.one_engine("sqlite", reason="what a browser shows does not depend on it")


@pytest.fixture
def many_views(cast: Cast) -> None:
    """Save eight views of people for Olivia, with long names."""
    olivia = cast.actor("olivia")
    for number in range(8):
        saved_views.create(
            actor=olivia,
            screen="users",
            name=f"People who are active {number}",
            address="status=active&sort=-id",
        )
    settle()


def test_a_view_is_saved_and_its_tab_gets_its_number(page: Page, cast: Cast) -> None:
    sign_in(page, "olivia")
    page.goto("/admin/users/?status=active")
    page.locator("summary", has_text="Views").click()
    page.get_by_label("Save this list as a view").fill("At work")
    page.get_by_label("Save this list as a view").press("Enter")
    tab = page.get_by_role("link", name="At work")
    expect(tab).to_have_attribute("aria-current", "page")
    expect(tab).to_contain_text("At work 3")
    page.get_by_role("columnheader", name="Name").get_by_role("link").click()
    expect(tab).to_contain_text("changed")
    page.locator("summary", has_text="Views").click()
    page.get_by_role("button", name="Update “At work”").click()
    expect(page.get_by_role("link", name="At work")).not_to_contain_text("changed")


def test_a_phone_scrolls_the_tabs_to_the_open_one_and_not_the_page(
    page: Page, many_views: None
) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    sign_in(page, "olivia")
    page.goto("/admin/users/")
    last = page.get_by_role("link", name="People who are active 7")
    last.click()
    expect(last).to_have_attribute("aria-current", "page")
    expect(last).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") == 375
