"""The demo's mailbox exists in the demo only; it shows mails and runs nothing that they contain."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask

from backoffice.mail.delivery import deliver_due
from backoffice.models.message import Message
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from backoffice.testing.stage import Stage
from tests.support.outbox import LINK, VALUES, deliver, put

ADDRESSES = ("/demo/mailbox", "/demo/mailbox/1", "/demo/mailbox/1/html")


@pytest.fixture
def demo(app_with: Callable[..., Flask], cast: Cast) -> Client:
    visitor = app_with(environment="demo").test_client()
    assert isinstance(visitor, Client)
    return visitor


def arrived(stage: Stage, **others: str) -> Message:
    settings = replace(stage.settings, environment="demo")
    message = put(settings, values=VALUES | others)
    assert deliver(settings) == 1
    return message


@pytest.mark.parametrize("environment", ["production", "development", "test"])
def test_outside_the_demo_there_is_no_mailbox(
    app_with: Callable[..., Flask], cast: Cast, stage: Stage, environment: str
) -> None:
    arrived(stage)
    other = app_with(
        environment=environment,
        base_url="https://127.0.0.1" if environment == "production" else "http://127.0.0.1",
    )
    client = other.test_client()
    assert isinstance(client, Client)
    assert "mailbox" not in client.get("/sign-in").text
    for address in ADDRESSES:
        assert client.get(address).status_code == 303, "as for any address that is not there"
    client.sign_in("olivia")
    assert "mailbox" not in client.get("/").text
    for address in ADDRESSES:
        assert client.get(address).status_code == 404


@pytest.mark.parametrize("name", ["", "vera"])
def test_in_the_demo_everybody_reads_the_mails(demo: Client, stage: Stage, name: str) -> None:
    message = arrived(stage)
    if name:
        demo.sign_in(name)
    assert 'href="/demo/mailbox"' in demo.get("/" if name else "/sign-in").text
    listed = demo.get("/demo/mailbox").text
    assert "max@example.com" in listed
    assert "Your invitation to Backoffice" in listed
    assert "there is no such page" in listed
    page = demo.get(f"/demo/mailbox/{message.id}").text
    assert f'<a href="{LINK}"' in page
    assert "Olivia Owen has invited you" in page


def test_a_mails_own_page_can_do_nothing(demo: Client, stage: Stage) -> None:
    message = arrived(stage, inviter="<script>alert(1)</script>")
    answer = demo.get(f"/demo/mailbox/{message.id}/html")
    policy = answer.headers["Content-Security-Policy"]
    for part in ("default-src 'none'", "frame-ancestors 'self'", "form-action 'none'", "sandbox "):
        assert part in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "<script" not in answer.text
    assert '<base target="_top">' in answer.text
    page = demo.get(f"/demo/mailbox/{message.id}")
    assert "<script>alert" not in page.text
    assert "allow-scripts" not in page.text
    assert "unsafe" not in page.headers["Content-Security-Policy"]


def test_what_is_not_kept_is_not_shown(demo: Client, stage: Stage) -> None:
    message = arrived(stage)
    message.sealed = None
    settle()
    assert "Your invitation" not in demo.get("/demo/mailbox").text
    for address in (
        f"/demo/mailbox/{message.id}",
        f"/demo/mailbox/{message.id}/html",
        "/demo/mailbox/99",
    ):
        assert demo.get(address).status_code == 404


def test_a_mail_on_its_way_is_counted_and_not_read(demo: Client, stage: Stage) -> None:
    message = put(stage.settings)
    assert "Waiting for the worker: 1" in demo.get("/demo/mailbox").text
    assert demo.get(f"/demo/mailbox/{message.id}").status_code == 404


def test_looking_changes_nothing(demo: Client, stage: Stage) -> None:
    message = arrived(stage)
    before = (message.version, message.sealed)
    for address in (
        "/demo/mailbox",
        f"/demo/mailbox/{message.id}",
        f"/demo/mailbox/{message.id}/html",
    ):
        assert demo.get(address).status_code == 200
        assert demo.post(address).status_code == 303, "signed out, as everywhere"
    settle()
    assert (message.version, message.sealed) == before
    assert deliver_due(stage.settings) == 0
