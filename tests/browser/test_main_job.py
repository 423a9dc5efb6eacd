"""The main job, as a person does it: find, choose all that match, look, act, see, undo."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from backoffice import events
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.testing.browser import sign_in
from backoffice.testing.cast import Cast

pytestmark = pytest.mark.browser

NAMES = ("Maria", "Mateo", "Mahmoud", "Manon", "Matilda", "Malik")  # each begins with "ma"
OTHERS = ("Ines", "Thomas", "Yuki")


@pytest.fixture
def people(cast: Cast) -> list[User]:
    """Add twenty rounds of names: more than fit on a page.

    Some of those with "ma" are blocked already.
    """
    found = []
    for number in range(20):
        for name in (*NAMES, *OTHERS):
            status = "blocked" if name == "Malik" and number < 5 else "active"
            person = User(first_name=name, last_name=f"Number{number}", status=status)
            person.set_email(f"{name.lower()}{number}@example.org")
            found.append(person)
    db.session.add_all(found)
    db.session.commit()
    return found


def statuses() -> dict[str, str]:
    """Return everybody's status by address, as the database has it now."""
    db.session.rollback()
    return {
        email: status
        for email, status in db.session.execute(select(User.email, User.status))
        if email
    }


def test_olivia_blocks_all_that_match_and_takes_it_back(page: Page, people: list[User]) -> None:
    before = statuses()
    active = [p.email for p in people if p.first_name in NAMES and p.status == "active"]
    sign_in(page, "olivia")
    page.goto("/admin/users/")

    page.get_by_role("searchbox", name="Search in Users").fill("ma")
    page.get_by_role("searchbox", name="Search in Users").press("Enter")
    page.locator("summary", has_text="Filter").click()
    page.get_by_role("group", name="Status").get_by_label("Active").check()
    page.get_by_role("button", name="Show matches").click()
    # Max Mander begins with "ma" too; Thomas does not.
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{len(active) + 1} people")

    page.get_by_label("Select all on this page").check()
    page.get_by_label(re.compile(r"Select all \d+ that match")).check()
    page.get_by_role("button", name="Block", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Block {len(active) + 1} people")
    assert statuses() == before, "a preview changes nothing"

    page.get_by_label("Reason").fill("Left the company")
    page.get_by_role("button", name=f"Block {len(active) + 1} people").click()
    expect(page).to_have_url(re.compile(r"/admin/users/\?.*search=ma"))
    expect(
        page.get_by_role("status").filter(has_text=f"{len(active) + 1} people blocked.")
    ).to_be_visible()
    assert {email for email, status in statuses().items() if before[email] != status} == {
        *active,
        "max@example.com",
    }

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        f"Undo: Unblock {len(active) + 1} people"
    )
    page.get_by_role("button", name="Undo: Unblock").click()
    expect(page.get_by_text(f"{len(active) + 1} people unblocked.")).to_be_visible()
    assert statuses() == before
    assert events.verify() == []


def test_olivia_does_the_same_in_german(page: Page, cast: Cast, people: list[User]) -> None:
    """Her browser speaks German before she signs in, and she has chosen German for afterwards."""
    cast.olivia.language = "de"
    db.session.commit()
    before = statuses()
    page.set_extra_http_headers({"Accept-Language": "de-DE,de;q=0.9,en;q=0.5"})
    page.goto("/sign-in")
    expect(page.get_by_role("button", name="Anmelden")).to_be_visible()
    sign_in(page, "olivia")
    page.goto("/admin/users/?search=yuki")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Personen")

    page.locator("summary", has_text="Filter").click()
    page.get_by_role("group", name="Status").get_by_label("Aktiv").check()
    page.get_by_role("button", name="Treffer anzeigen").click()
    expect(page).to_have_url(re.compile("status=active"))
    page.locator("[data-tick-page]").check()
    page.get_by_role("button", name="Sperren", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("20 Personen sperren")
    page.get_by_label("Grund").fill("Hat die Firma verlassen")
    page.get_by_role("button", name="20 Personen sperren").click()
    expect(page.get_by_role("status").filter(has_text="20 Personen gesperrt.")).to_be_visible()
    assert sum(before[email] != status for email, status in statuses().items()) == 20

    page.get_by_role("button", name="Rückgängig machen").click()
    page.get_by_role("button", name="Rücknahme").click()
    expect(page.get_by_text("20 Personen entsperrt.")).to_be_visible()
    assert statuses() == before


def test_a_row_has_a_menu_of_exactly_what_may_be_done(page: Page, people: list[User]) -> None:
    sign_in(page, "olivia")
    page.goto("/admin/users/?search=olivia")
    page.locator("[data-menu-url]").first.click()
    menu = page.locator("#row-menu")
    expect(menu.get_by_role("link", name="Open")).to_be_visible()
    expect(menu.get_by_role("button", name=re.compile("^Block"))).to_contain_text(
        "your own account"
    )

    page.goto("/admin/users/?search=ines3")
    page.locator("[data-menu-url]").first.click()
    menu.get_by_role("button", name="Block", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Block 1 person")


def test_every_action_is_within_reach_of_a_thumb(page: Page, people: list[User]) -> None:
    """On a phone the bar shows three actions, and the others come up from below."""
    page.set_viewport_size({"width": 375, "height": 700})
    sign_in(page, "olivia")
    page.goto("/admin/users/?search=yuki")
    page.locator("[name=row]").first.check()
    page.locator(".action-bar summary").click()
    page.get_by_role("button", name="Add to group").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Add 1 person to")
    page.get_by_label("Viewers").check()
    page.get_by_role("button", name="Show what will happen").click()
    page.get_by_role("button", name="Add 1 person to Viewers").click()
    expect(page.get_by_text("1 person added to the group.")).to_be_visible()


def test_the_list_works_without_any_script(
    page: Page, people: list[User], live_server: str
) -> None:
    browser = page.context.browser
    assert browser
    plain = browser.new_context(base_url=live_server, java_script_enabled=False).new_page()
    sign_in(plain, "olivia")
    plain.goto("/admin/users/?search=yuki")
    plain.locator("[name=row]").first.check()
    plain.get_by_role("button", name="Block", exact=True).click()
    plain.get_by_label("Reason").fill("No script here")
    plain.get_by_role("button", name="Block 1 person").click()
    expect(plain.get_by_text("1 person blocked.")).to_be_visible()
    assert [s for e, s in statuses().items() if e.startswith("yuki")].count("blocked") == 1
    plain.context.close()
