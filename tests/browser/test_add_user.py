"""The form for a new person shows the fields that belong to the chosen way of signing in."""

import pytest
from playwright.sync_api import Page, expect

from backoffice.testing.browser import sign_in
from backoffice.testing.cast import Cast

pytestmark = pytest.mark.browser

TYPED = "seven odd words for one phone"


def test_the_form_shows_the_fields_of_the_chosen_way(page: Page, cast: Cast) -> None:
    sign_in(page, "olivia")
    page.goto("/admin/users/new")
    fields = {name: page.locator(f"#{name}") for name in ("email", "login", "temporary_password")}
    expect(fields["email"]).to_be_visible()
    expect(fields["login"]).to_be_hidden()
    expect(fields["temporary_password"]).to_be_hidden()
    page.get_by_label("By login").check()
    expect(fields["email"]).to_be_hidden()
    fields["login"].fill("lena.lang")
    fields["temporary_password"].fill("short")
    page.get_by_role("button", name="Add person").click()
    expect(page.locator("#temporary_password-errors")).to_contain_text("at least 15 characters")
    expect(fields["login"]).to_have_value("lena.lang")
    fields["temporary_password"].fill(TYPED)
    page.get_by_role("button", name="Add person").click()
    expect(page.locator("output")).to_have_text(TYPED)
    page.get_by_role("button", name="Copy password").click()
    expect(page.get_by_text("Copied")).to_be_visible()
