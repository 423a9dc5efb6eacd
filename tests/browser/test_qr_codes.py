"""QR codes are read off the screen as a camera would, and what was read has to work."""

from collections.abc import Callable, Iterator
from typing import Any

import pyotp
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from backoffice import clock
from backoffice.auth import links
from backoffice.testing.browser import sign_in, visit
from backoffice.testing.cast import PASSWORD, Cast
from tests.support.camera import qr_codes
from tests.support.factors import code_of
from tests.support.links import fresh_link

WINDOWS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 375, "height": 700}},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
}
Open = Callable[[str], Page]

pytestmark = [
    pytest.mark.one_engine("sqlite", reason="what a camera sees does not depend on it"),
    pytest.mark.usefixtures("still"),
]


@pytest.fixture(params=WINDOWS)
def page(request: pytest.FixtureRequest, chromium: Browser, live_server: str) -> Iterator[Page]:
    """Yield a page in windows of several kinds; its complaints fail the test."""
    with visit(chromium, live_server, **WINDOWS[request.param]) as (opened, _witness):
        yield opened


def scanned(page: Page) -> pyotp.TOTP:
    """Return the account that an authenticator app makes of what its camera sees."""
    page.locator(".qr").scroll_into_view_if_needed()
    (text,) = qr_codes(page)
    account = pyotp.parse_uri(text)
    assert isinstance(account, pyotp.TOTP)
    return account


def test_the_code_of_ones_own_enrolment_can_be_scanned(page: Page, cast: Cast) -> None:
    sign_in(page, "max")
    page.goto("/account/two-factor")
    page.get_by_role("button", name="Enable 2FA").click()
    account = scanned(page)
    assert (account.name, account.issuer) == ("max@example.com", "Backoffice (test)")
    page.locator("[name=code]").fill(code_of(account.secret, clock.now()))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")


def test_the_code_behind_an_enrolment_link_can_be_scanned(
    page: Page, app: Flask, cast: Cast
) -> None:
    page.goto(fresh_link(cast.max, links.ENROLMENT))
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button").last.click()
    account = scanned(page)
    page.locator("[name=code]").fill(code_of(account.secret, clock.now()))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")


def test_recovery_codes_are_saved_as_they_are_shown(page: Page, cast: Cast) -> None:
    sign_in(page, "max")
    page.goto("/account/two-factor")
    page.get_by_role("button", name="Enable 2FA").click()
    page.locator("[name=code]").fill(code_of(scanned(page).secret, clock.now()))
    page.get_by_role("button", name="Confirm").click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download").click()
    assert saved.value.suggested_filename == "backoffice-recovery-codes.txt"
    kept = saved.value.path().read_bytes().decode().split("\r\n")
    assert kept == page.locator("#codes").inner_text().split()
