"""Headers of every answer, trust in the proxy's headers, and the answer without a database."""

from collections.abc import Callable
from ipaddress import ip_network

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client

PAGES = (
    "/sign-in",
    "/",
    "/admin/users/",
    "/admin/users/99999",
    "/admin/users/export.csv",
    "/healthz",
    "/no-such-page",
)


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_carries_the_headers(client: Client, cast: Cast, path: str) -> None:
    client.sign_in("olivia")
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    for part in (
        "default-src 'self'",
        "'nonce-",
        "frame-ancestors 'none'",
        "form-action 'self'",
        "base-uri 'none'",
    ):
        assert part in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Request-ID"]
    assert "Strict-Transport-Security" not in headers, "the test's address is plain http"


def test_under_tls_cookies_and_transport_are_strict(
    app_with: Callable[..., Flask], cast: Cast
) -> None:
    client = app_with(base_url="https://admin.example.com").test_client()
    answer = client.get("/sign-in", base_url="https://admin.example.com")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-backoffice=")
    for attribute in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert attribute in cookie


def test_static_files_are_kept_by_browsers_for_a_year(client: Client) -> None:
    page = client.get("/sign-in").text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = client.get(address)
    assert answer.status_code == 200
    assert "max-age=31536000" in answer.headers["Cache-Control"]


def test_static_files_carry_the_headers_too(app_with: Callable[..., Flask]) -> None:
    client = app_with(base_url="https://admin.example.com").test_client()
    headers = client.get("/static/admin.css", base_url="https://admin.example.com").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_every_cookie_is_bound_to_the_host_under_tls(
    app_with: Callable[..., Flask], cast: Cast
) -> None:
    client = app_with(base_url="https://admin.example.com").test_client()
    answer = client.try_sign_in("olivia")
    cookies = answer.headers.getlist("Set-Cookie")
    assert {cookie.split("=")[0] for cookie in cookies} == {"__Host-backoffice", "__Host-device"}
    assert all("Secure" in cookie and "HttpOnly" in cookie for cookie in cookies)


def test_a_foreign_host_is_refused(client: Client) -> None:
    assert client.get("/sign-in", base_url="http://evil.example").status_code == 400
    assert client.get("/healthz", base_url="http://10.0.0.5").status_code == 200, (
        "health checks ask by address"
    )


@pytest.mark.parametrize(
    "trusted, believed", [((), "127.0.0.1"), ((ip_network("127.0.0.0/8"),), "203.0.113.9")]
)
def test_a_forwarded_address_counts_only_from_a_configured_proxy(
    app_with: Callable[..., Flask], cast: Cast, trusted: tuple[object, ...], believed: str
) -> None:
    client = app_with(trusted_proxies=trusted).test_client()
    assert isinstance(client, Client)
    client.post(
        "/sign-in",
        {"identifier": "x", "password": "y"},
        headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.9"},
    )
    assert db.session.scalars(select(SignInAttempt.ip)).all() == [believed]


def test_health(client: Client) -> None:
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ready"}


@pytest.mark.one_engine("postgresql", reason="SQLite is a file: it does not go away")
def test_without_its_database_the_product_says_so_and_lives(app_with: Callable[..., Flask]) -> None:
    client = app_with(database_url="postgresql+psycopg://nobody@127.0.0.1:1/none").test_client()
    assert isinstance(client, Client)
    assert client.get("/healthz").status_code == 200
    with client.session_transaction(base_url=client.application.config["TEST_BASE_URL"]) as cookie:
        cookie["sid"] = "somebody who was signed in"
    for path in ("/readyz", "/", "/admin/users/"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert "does not answer" in answer.text or answer.json["database"] == "away"


def test_an_error_page_has_a_number_and_no_details(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    answer = client.get("/admin/users/99999")
    assert answer.headers["X-Request-ID"] in answer.text
    as_json = client.get("/admin/users/99999", headers={"Accept": "application/json"})
    assert as_json.json
    assert as_json.json["request_id"] == as_json.headers["X-Request-ID"]
