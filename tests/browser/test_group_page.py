"""A group is changed in a browser: permissions are searched, ticked by area, and reviewed."""

import pytest
from playwright.sync_api import Page, expect

from backoffice.testing.browser import sign_in
from backoffice.testing.cast import Cast
from tests.support.acting import group

pytestmark = pytest.mark.one_engine("sqlite", reason="what a browser shows does not depend on it")


@pytest.mark.parametrize("width", [1280, 375])
def test_permissions_are_searched_ticked_by_area_and_reviewed(
    page: Page, cast: Cast, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(page, "olivia")
    managers = group("managers").id
    page.goto(f"/admin/groups/{managers}/edit")
    page.get_by_label("Search in the permissions").fill("download people")
    expect(page.get_by_label("Block and unblock people")).to_be_hidden()
    page.get_by_label("Download people as a file").check()
    page.get_by_label("Search in the permissions").fill("")
    whole = page.get_by_label("All of Client tags")
    expect(whole).to_be_checked()
    page.get_by_label("Delete client tags for good").uncheck()
    expect(whole).to_have_js_property("indeterminate", True)
    page.get_by_label("All of Groups").check()
    expect(page.get_by_label("Change groups")).to_be_checked()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Review changes: Managers")).to_be_visible()
    page.get_by_role("button", name="Back to the form").click()
    expect(page.get_by_label("Change groups")).to_be_checked()
    expect(page.get_by_label("Delete client tags for good")).not_to_be_checked()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Save these changes").click()
    expect(page.get_by_text("Managers is saved.")).to_be_visible()
    held = set(group("managers").permissions)
    assert {"users.export", "groups.edit"} <= held
    assert "client_tags.delete" not in held


def test_the_permissions_of_a_group_are_searched_on_its_page(page: Page, cast: Cast) -> None:
    sign_in(page, "vera")
    page.goto(f"/admin/groups/{group('managers').id}?tab=permissions")
    page.get_by_label("Search in the permissions").fill("bulk.undo")
    expect(page.get_by_text("Undo what was done to several rows")).to_be_visible()
    expect(page.get_by_text("Act on several rows at once")).to_be_hidden()
    page.get_by_label("Search in the permissions").fill("nothing like this")
    expect(page.get_by_text("No results.")).to_be_visible()
