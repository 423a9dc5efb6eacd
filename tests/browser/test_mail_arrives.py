"""A mail gets from a form to a real mail server by a real worker.

It arrives even if the server was down all the while.
"""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from backoffice import clock
from backoffice.extensions import db, jobs
from backoffice.mail.outbox import DELIVERY
from backoffice.models.message import Message
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle
from tests.support.smtp import Server
from tests.support.worker_process import ended

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def ask(page: Page) -> None:
    page.goto("/password/forgotten")
    page.locator("[name=identifier]").fill("max@example.com")
    page.locator("[name=identifier]").press("Enter")
    expect(page.locator("[name=identifier]")).to_have_count(0)


def wait_until(state: str) -> None:
    """Look at the only message again and again, without keeping the worker from going on."""
    for _ in range(2400):
        settle()
        found = db.session.scalars(select(Message.state)).all()
        settle()
        if found == [state]:
            return
        time.sleep(0.05)
    raise AssertionError(f"it is not {state}: {found}")


def test_a_link_arrives_and_opens_its_page(
    page: Page, cast: Cast, smtp: Server, worker: Callable[..., Any]
) -> None:
    worker(smtp_url=smtp.url)
    ask(page)
    (mail,) = smtp.wait()
    assert mail.to == "max@example.com"
    page.goto(mail.link)
    expect(page.locator("[name=new_password]")).to_be_visible()


def test_a_mail_waits_for_a_server_that_is_down_and_then_arrives_once(
    page: Page, cast: Cast, smtp: Server, worker: Callable[..., Any]
) -> None:
    smtp.stop()
    process = worker(smtp_url=smtp.url)
    ask(page)
    wait_until("failed")
    smtp.start()
    db.session.execute(
        update(Message).values(next_attempt_at=clock.now())
    )  # instead of a minute's patience
    settle()
    jobs.enqueue(DELIVERY)
    assert re.search(r"/password/reset/[\w-]+$", smtp.wait()[0].link)
    wait_until("sent")
    jobs.enqueue(DELIVERY)
    ended(process)
    assert len(smtp.mails) == 1
