"""Every screen of the product is walked through as those of companies are."""

import pytest
from flask import Flask
from playwright.sync_api import Page

from backoffice.testing import walk
from tests.support import world as the_world


@pytest.mark.browser
@pytest.mark.one_engine("sqlite", reason="a page looks the same on both")
def test_every_page_of_every_screen_fits_and_has_names(
    app: Flask, page: Page, staff: list[str]
) -> None:
    there = the_world.build(app.extensions["settings"])
    screens = app.extensions["screens"]
    assert len(screens) > 5
    assert walk.faults(page, app, there, screens) == []
