"""A newcomer to the demo reads an invitation and follows it, in a real browser."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from backoffice.models.user import User
from backoffice.people import invitations
from backoffice.testing import browser
from backoffice.testing.cast import Cast
from backoffice.testing.stage import Stage
from tests.support.outbox import deliver

pytestmark = pytest.mark.browser


@pytest.fixture
def at_home(
    app_with: Callable[..., Flask], chromium: Browser, port: int, cast: Cast
) -> Iterator[Page]:
    """Yield a page at the demo."""
    with (
        browser.serving(app_with(environment="demo"), port) as home,
        browser.visit(chromium, home) as (page, _witness),
    ):
        yield page


@pytest.mark.one_engine("sqlite", reason="the page is the same on both")
@pytest.mark.parametrize("where", ["text", "frame"])
def test_an_invitation_is_followed_from_the_mailbox(
    at_home: Page, cast: Cast, stage: Stage, where: str
) -> None:
    page, demo = at_home, replace(stage.settings, environment="demo")
    cast.vera.status, cast.vera.password_hash = "invited", None
    invitations.send(
        select(User.id).where(User.id == cast.vera.id), inviter="Olivia Owen", settings=demo
    )
    assert deliver(demo) == 1
    page.goto("/sign-in")
    page.get_by_role("link", name="Mailbox of the demo").click()
    page.get_by_role("link", name="Your invitation to Backoffice").click()
    if where == "text":
        page.locator(".mail-text a").first.click()
    else:
        page.frame_locator(".mail-frame").get_by_role("link", name="Accept the invitation").click()
    expect(page).to_have_url(re.compile("/invitations/"))
    expect(page.locator("[name=new_password]")).to_be_visible()
