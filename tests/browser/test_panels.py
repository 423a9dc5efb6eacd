"""The panels above a list: a press on a word in them ticks its box, and Tab leaves them."""

import pytest
from playwright.sync_api import Locator, Page, expect

from backoffice.testing.browser import sign_in
from backoffice.testing.cast import Cast

pytestmark = pytest.mark.one_engine("sqlite", reason="what a browser shows does not depend on it")


@pytest.fixture
def users(page: Page, cast: Cast) -> Page:
    """Open the list of users as Olivia."""
    sign_in(page, "olivia")
    page.goto("/admin/users/")
    return page


def opened(page: Page, name: str) -> Locator:
    """Return the panel of that name, after opening it."""
    panel = page.locator("details.menu", has=page.locator("summary", has_text=name)).first
    panel.locator("summary").click()
    expect(panel).to_have_attribute("open", "")
    return panel


def press(words: Locator) -> None:
    """Press the mouse on the middle of the words that a label ends with, as people do."""
    words.scroll_into_view_if_needed()
    text = words.evaluate(
        """each => {
            const range = document.createRange();
            range.selectNodeContents(each.lastChild);
            const at = range.getBoundingClientRect();
            return [at.x + at.width / 2, at.y + at.height / 2];
        }"""
    )
    words.page.mouse.move(*text)
    words.page.mouse.down()
    words.page.mouse.up()


@pytest.mark.parametrize("name", ["Filter", "Columns"])
def test_a_press_on_the_words_of_a_box_ticks_it_and_leaves_the_panel_open(
    users: Page, name: str
) -> None:
    panel = opened(users, name)
    value = panel.locator("[type=checkbox]:not(:checked)").first.get_attribute("value")
    box = panel.locator(f"[type=checkbox][value={value}]")
    press(panel.locator("label", has=users.locator(f"[value={value}]")))
    expect(box).to_be_checked()
    expect(panel).to_have_attribute("open", "")


@pytest.mark.parametrize("name", ["Filter", "Columns", "Views"])
def test_a_press_beside_the_boxes_leaves_the_panel_open(users: Page, name: str) -> None:
    panel = opened(users, name)
    place = panel.locator(".menu-panel").bounding_box()
    assert place
    users.mouse.click(place["x"] + 3, place["y"] + 3)
    expect(panel).to_have_attribute("open", "")


@pytest.mark.parametrize("name", ["Filter", "Columns", "Views"])
def test_tab_leaves_a_panel_and_closes_it(users: Page, name: str) -> None:
    panel = opened(users, name)
    panel.locator("a, button, input, select").last.focus()
    users.keyboard.press("Tab")
    expect(panel).not_to_have_attribute("open", "")


def test_a_press_elsewhere_closes_a_panel(users: Page) -> None:
    panel = opened(users, "Columns")
    users.locator("h1").click()
    expect(panel).not_to_have_attribute("open", "")
