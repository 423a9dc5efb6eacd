"""The palette: rows, pages and actions by keyboard, on every page and without a mouse."""

import pytest
from playwright.sync_api import Browser, Page, expect

from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.testing.browser import sign_in, visit
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle

pytestmark = pytest.mark.one_engine("sqlite", reason="what a browser shows does not depend on it")


@pytest.fixture
def olivia(page: Page, cast: Cast) -> Page:
    db.session.add_all([ClientTag(name="Gold"), ClientTag(name="Émeraude")])
    settle()
    sign_in(page, "olivia")
    return page


def chosen(page: Page) -> str:
    """Return the option that the field points at, as a screen reader tells it."""
    box = page.get_by_role("combobox", name="Find anything")
    number = box.get_attribute("aria-activedescendant")
    option = page.locator(f"#{number}")
    expect(option).to_have_attribute("aria-selected", "true")
    return option.inner_text()


def test_a_row_is_found_while_one_types_and_opened_by_enter(olivia: Page, cast: Cast) -> None:
    olivia.goto("/admin/groups/")
    olivia.keyboard.press("/")
    box = olivia.get_by_role("combobox", name="Find anything")
    expect(box).to_be_focused()
    olivia.keyboard.type("mand")
    expect(olivia.get_by_role("option", name="Max Mander")).to_be_visible()
    expect(olivia.get_by_role("group", name="Users")).to_be_visible()
    assert "Max Mander" in chosen(olivia)
    expect(olivia.locator("#palette [role=status]")).to_have_text("Results: 1")
    olivia.keyboard.press("Enter")
    olivia.wait_for_url(f"**/admin/users/{cast.max.id}")
    olivia.go_back()
    expect(olivia.locator("#palette")).to_be_hidden()


def test_pages_and_actions_are_filtered_as_one_types_without_accents(olivia: Page) -> None:
    olivia.keyboard.press("Control+k")
    options = olivia.get_by_role("option")
    expect(options.filter(has_text="Add person")).to_be_visible()
    olivia.keyboard.type("add tag")
    expect(options).to_have_count(1)
    olivia.keyboard.press("Enter")
    olivia.wait_for_url("**/admin/client-tags/new")
    olivia.keyboard.press("Control+k")
    olivia.keyboard.type("emeraude")
    expect(options.filter(has_text="Émeraude")).to_be_visible()


def test_enter_never_chooses_what_was_found_for_other_words(olivia: Page, cast: Cast) -> None:
    olivia.keyboard.press("/")
    olivia.keyboard.type("ma")
    expect(olivia.get_by_role("option", name="Max Mander")).to_be_visible()
    olivia.keyboard.type("zzz")
    expect(olivia.get_by_role("option", name="Max Mander")).to_have_count(0)
    olivia.keyboard.press("Enter")
    olivia.wait_for_url("**/find?q=mazzz")


def test_arrow_keys_walk_through_and_escape_gives_the_focus_back(olivia: Page) -> None:
    opener = olivia.get_by_role("button", name="Find anything")
    opener.click()
    olivia.keyboard.type("s")
    expect(olivia.get_by_role("option", name="Users")).to_be_visible()
    first = chosen(olivia)
    olivia.keyboard.press("ArrowDown")
    second = chosen(olivia)
    assert first != second
    olivia.keyboard.press("ArrowUp")
    assert chosen(olivia) == first
    olivia.keyboard.press("ArrowUp")
    expect(olivia.get_by_role("option").last).to_have_attribute("aria-selected", "true")
    olivia.keyboard.press("Escape")
    expect(olivia.locator("#palette")).to_be_hidden()
    expect(opener).to_be_focused()


def test_actions_of_the_page_are_its_own_buttons(olivia: Page, cast: Cast) -> None:
    olivia.goto(f"/admin/users/{cast.vera.id}")
    olivia.keyboard.press("Control+k")
    here = olivia.get_by_role("group", name="On this page")
    expect(here.get_by_role("option", name="Block")).to_be_visible()
    olivia.keyboard.type("block")
    olivia.keyboard.press("Enter")
    olivia.wait_for_url("**/admin/users/actions/block/*")
    expect(olivia.get_by_role("heading", level=1)).to_have_text("Block 1 person")


def test_ticked_rows_bring_their_actions(olivia: Page, cast: Cast) -> None:
    olivia.goto("/admin/users/?search=vera")
    olivia.keyboard.press("Control+k")
    expect(olivia.get_by_role("option", name="Export")).to_have_count(0)
    expect(olivia.get_by_role("option", name="Block")).to_have_count(0)
    olivia.keyboard.press("Escape")
    olivia.locator("[name=row]").first.check()
    olivia.keyboard.press("Control+k")
    expect(olivia.get_by_role("option", name="Block")).not_to_have_count(0)


def test_a_slash_in_a_text_is_a_slash(olivia: Page) -> None:
    olivia.goto("/admin/client-tags/new")
    name = olivia.get_by_label("Name")
    name.press("/")
    expect(name).to_have_value("/")
    expect(olivia.locator("#palette")).to_be_hidden()


def test_nothing_found_says_what_was_searched(olivia: Page) -> None:
    olivia.keyboard.press("/")
    olivia.keyboard.type("zzzz")
    expect(olivia.locator("#palette .found-note")).to_contain_text("Searched: Users, Groups")
    expect(olivia.locator("#palette [role=status]")).to_have_text("No results.")
    expect(olivia.get_by_role("combobox")).to_have_attribute("aria-expanded", "false")
    olivia.keyboard.press("Enter")  # there is nothing to choose: the page says so too
    olivia.wait_for_url("**/find?q=zzzz")


def test_without_a_script_the_form_leads_to_the_page(
    chromium: Browser, live_server: str, cast: Cast
) -> None:
    with visit(chromium, live_server, java_script_enabled=False) as (page, _witness):
        sign_in(page, "olivia")
        box = page.get_by_role("searchbox", name="Find anything")
        box.fill("mand")
        box.press("Enter")
        page.get_by_role("main").get_by_role("link", name="Max Mander").click()
        page.wait_for_url(f"**/admin/users/{cast.max.id}")
        assert page.get_by_role("heading", level=1).inner_text() == "Max Mander"


def test_on_a_phone_it_fits_and_is_closed_by_its_button(olivia: Page) -> None:
    olivia.set_viewport_size({"width": 375, "height": 700})
    olivia.get_by_role("button", name="Find anything").click()
    box = olivia.locator("#palette").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 375
    olivia.get_by_role("button", name="Close").click()
    expect(olivia.locator("#palette")).to_be_hidden()
