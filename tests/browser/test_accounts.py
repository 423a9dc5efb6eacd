"""A person's way in, as they walk it.

It leads from the mail with the invitation to a second factor and a picture.
"""

import io
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from backoffice import clock
from backoffice.testing.browser import sign_in
from backoffice.testing.cast import Cast
from tests.support.factors import code_of
from tests.support.smtp import Server

pytestmark = pytest.mark.usefixtures("still")

NINA = "nina@example.com"
OWN = "a lantern under seven quiet bridges"


def test_from_the_invitation_to_a_second_factor_and_a_picture(
    page: Page, cast: Cast, smtp: Server, worker: Callable[..., Any]
) -> None:
    worker(smtp_url=smtp.url)
    invite(page)
    sign_out(page)
    accept(page, smtp.wait()[0].link)
    sign_in(page, NINA, OWN)
    expect(page.locator("body")).to_contain_text("Nina Nordin")
    key, codes = enrol(page)
    sign_out(page)
    sign_in_with(page, code_of(key, clock.now(), steps=1))  # the present one was used to enrol
    sign_out(page)
    sign_in_with(page, codes[3])
    choose_picture(page)
    told = [mail.subject for mail in smtp.wait(2) if mail.to == NINA]
    assert len(told) == 2, "the invitation, and the notice of the second factor"


def test_the_menu_of_ones_own_account_is_within_reach_of_a_thumb(page: Page, cast: Cast) -> None:
    page.set_viewport_size({"width": 375, "height": 700})
    sign_in(page, "max")
    page.locator("summary.account").click()
    for name in ("Profile", "Enable 2FA", "Sessions", "Avatar"):
        expect(page.get_by_role("link", name=name, exact=True)).to_be_in_viewport()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")


def invite(page: Page) -> None:
    """Add a person by e-mail, as olivia."""
    sign_in(page, "olivia")
    page.goto("/admin/users/")
    page.get_by_role("link", name="Add person").click()
    page.locator("[name=email]").fill(NINA)
    page.get_by_role("button", name="Add person").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(NINA)
    expect(page.locator(".page-subtitle")).to_contain_text("Invited")


def accept(page: Page, link: str) -> None:
    """Open the link of the mail, fill in the name, and choose a password."""
    page.goto(link)
    assert urlsplit(page.url).path.startswith("/invitations/opened/"), (
        "the value of the link has left the address bar"
    )
    page.locator("[name=first_name]").fill("Nina")
    page.locator("[name=last_name]").fill("Nordin")
    page.locator("[name=new_password]").fill(OWN)
    page.locator("[name=repeat_password]").fill(OWN)
    page.get_by_role("button", name="Set password").click()
    expect(page.locator(".flashes")).to_contain_text("Your account is ready")


def enrol(page: Page) -> tuple[str, list[str]]:
    """Enable 2FA from the menu under one's own address.

    Returns the key and the recovery codes as the pages show them.
    """
    page.locator("summary.account").click()
    page.get_by_role("link", name="Enable 2FA").click()
    page.get_by_role("button", name="Enable 2FA").click()
    expect(page.locator(".qr svg")).to_be_visible()
    page.get_by_text("Cannot scan?").click()
    key = page.locator("#totp-key").inner_text().replace(" ", "")
    page.locator("[name=code]").fill(code_of(key, clock.now()))
    page.get_by_role("button", name="Confirm").click()
    codes = page.locator("#codes").inner_text().split()
    assert len(codes) == 10
    page.get_by_role("link", name="I have kept them").click()
    return key, codes


def sign_out(page: Page) -> None:
    """Sign out by the menu under one's own address."""
    page.locator("summary.account").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")


def sign_in_with(page: Page, code: str) -> None:
    """Sign in with the password, then this code."""
    page.locator("[name=identifier]").fill(NINA)
    page.locator("[name=password]").fill(OWN)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/sign-in/code/*")
    page.locator("[name=code]").fill(code)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: urlsplit(url).path == "/")


def choose_picture(page: Page) -> None:
    """Upload a picture, and see it in the top bar."""
    drawn = io.BytesIO()
    Image.new("RGB", (300, 200), "teal").save(drawn, "PNG")
    page.goto("/account/avatar")
    page.locator("[name=avatar]").set_input_files(
        {"name": "me.png", "mimeType": "image/png", "buffer": drawn.getvalue()}
    )
    page.get_by_role("button", name="Save picture").click()
    picture = page.locator(".top-bar img")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
