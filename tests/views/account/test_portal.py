"""The demo plays the company's own product: a client's mailed link opens a page to choose with."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from flask import Flask

from backoffice.models.client import Client as Customer
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act
from tests.support.clients import added, asked, mailed_to
from tests.support.html import error_at, read

NEW = "five quite unusual words here"


def typed(password: str) -> dict[str, str]:
    return {"new_password": password, "repeat_password": password}


@pytest.fixture
def demo(app_with: Callable[..., Flask], cast: Cast) -> Flask:
    return app_with(environment="demo")


@pytest.fixture
def clara(cast: Cast) -> Customer:
    return added()


@pytest.fixture
def link(demo: Flask, clara: Customer) -> str:
    """The path of the link that max sent to clara."""
    max_ = demo.test_client().sign_in("max")  # type: ignore[attr-defined]  # of our test client
    act(max_, "clients", "send-password-link", clara.id)
    address = urlsplit(mailed_to(demo, clara)[-1]["link"])
    assert address.path == "/demo/portal"
    return f"{address.path}?{address.query}"


@pytest.fixture
def visitor(demo: Flask) -> Client:
    """A browser in which nobody is signed in."""
    browser = demo.test_client()
    assert isinstance(browser, Client)
    return browser


def test_a_client_chooses_a_password_and_signs_in_with_it(
    demo: Flask, visitor: Client, clara: Customer, link: str
) -> None:
    page = visitor.get(link)
    assert page.status_code == 200
    assert "plays your own product" in page.text
    assert "clara@example.com" in page.text
    answer = visitor.post(link, typed(NEW))
    assert answer.status_code == 200
    assert "is changed" in answer.text
    assert asked(demo, "check-password", "clara@example.com", NEW)["result"] == "ok"
    again = visitor.post(link, typed(NEW))
    assert again.status_code == 410
    assert "chosen with this link already" in again.text


def test_a_weak_password_is_refused_at_the_field_and_uses_nothing_up(
    visitor: Client, link: str
) -> None:
    for password, why in (("short", "characters"), ("clara@example.com", "your own name")):
        answer = visitor.post(link, typed(password))
        assert answer.status_code == 422
        assert why in error_at(answer, "new_password")
    differing = visitor.post(link, {"new_password": NEW, "repeat_password": "another"})
    assert "differ" in error_at(differing, "repeat_password")
    assert visitor.get(link).status_code == 200


def test_a_link_that_does_not_work_says_why(
    visitor: Client, clara: Customer, link: str, demo: Flask
) -> None:
    assert visitor.get("/demo/portal").status_code == 404
    unknown = visitor.get("/demo/portal?token=nobody-was-sent-this")
    assert unknown.status_code == 404
    assert "There is no such link." in read(unknown).text
    clara.status = "blocked"
    settle()
    revoked = visitor.get(link)
    assert revoked.status_code == 410
    assert "revoked" in revoked.text


def test_a_form_without_its_token_changes_nothing(visitor: Client, link: str) -> None:
    assert visitor.raw_post(link, data=typed(NEW)).status_code == 400
    assert visitor.get(link).status_code == 200


@pytest.mark.parametrize("environment", ["development", "test"])
def test_outside_the_demo_there_is_no_such_page(
    app_with: Callable[..., Flask], cast: Cast, environment: str
) -> None:
    other = app_with(environment=environment).test_client().sign_in("max")  # type: ignore[attr-defined]  # of our test client
    assert other.get("/demo/portal").status_code == 404
