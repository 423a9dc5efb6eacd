"""A sheet of groups is downloaded, edited by hand, looked at, applied and undone, in a browser."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from backoffice.testing.browser import sign_in
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle
from tests.support.acting import group
from tests.support.sheets import edited

pytestmark = pytest.mark.one_engine("sqlite", reason="what a browser shows does not depend on it")


def sent(page: Page, file: Path) -> None:
    """Send a file in the mode that removes what it does not have."""
    page.goto("/admin/groups/")
    page.locator("summary", has_text="Sheets").click()
    page.get_by_role("link", name="Import a sheet").click()
    page.get_by_label("A file").set_input_files(file)
    page.get_by_label("As in the sheet").check()
    page.get_by_role("button", name="Show what would change").click()


@pytest.mark.parametrize("width", [1280, 375])
def test_a_sheet_is_edited_by_hand(page: Page, cast: Cast, tmp_path: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(page, "olivia")
    page.goto("/admin/groups/")
    page.locator("summary", has_text="Sheets").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all groups").click()
    file = tmp_path / "groups.json"
    download.value.save_as(file)
    sent(page, file)
    expect(page.get_by_text("There is nothing to change.")).to_be_visible()

    def edit(groups: dict[str, Any]) -> None:
        groups["viewers"]["name"] = "Onlookers"
        groups["viewers"]["permissions"].remove("events.view")

    file.write_bytes(edited(file.read_bytes(), edit))
    sent(page, file)
    expect(page.get_by_role("heading", name="Onlookers")).to_be_visible()
    expect(page.get_by_text("1 person gains and loses this")).not_to_be_visible()
    expect(page.get_by_text("1 person loses this, 0 of them signed in.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.get_by_role("button", name="Change 1 group").click()
    expect(page.get_by_text("The sheet is applied.")).to_be_visible()
    settle()
    assert group("viewers").name == "Onlookers"
    page.get_by_role("link", name="Undo").click()
    page.get_by_role("button", name="Change 1 group back").click()
    expect(page.get_by_text("This import was undone.")).to_be_visible()
    settle()
    assert group("viewers").name == "Viewers"
    assert "events.view" in group("viewers").permissions


def test_problems_stand_at_their_places(page: Page, cast: Cast, tmp_path: Path) -> None:
    file = tmp_path / "groups.json"
    wrong = {"name": "Sales", "permissions": ["no.such"]}
    sheet = {"format": "backoffice-groups", "version": 1, "groups": [wrong]}
    file.write_text(json.dumps(sheet))
    sign_in(page, "olivia")
    with page.expect_response(lambda answer: answer.status == 422):
        sent(page, file)
    expect(page.get_by_role("alert")).to_contain_text("groups[0].permissions[0]")
    expect(page.get_by_role("alert")).to_contain_text("There is no permission no.such.")
