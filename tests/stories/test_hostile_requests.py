"""Headers, methods, files and broken cookies that only an attacker sends."""

import re
from collections.abc import Callable
from ipaddress import ip_network

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.session import Session
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.testing.cast import PASSWORD, Cast
from backoffice.testing.client import Client
from tests.support.hostile import file, fingerprint
from tests.support.html import error_at

PART = re.compile(r"<[^>]+>")  # of the pattern of an address
PAGES = [
    "/",
    "/sign-in",
    "/admin/users/",
    "/admin/users/1/edit",
    "/healthz",
    "/static/admin.css",
    "/nowhere",
]


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "[::1", "a b", "127.0.0.1:99999999"]
)
def test_a_foreign_host_is_refused_and_no_link_is_built_from_it(
    client: Client, cast: Cast, host: str
) -> None:
    for path in PAGES[:-3]:  # files, and health checks, which ask by address, build no links
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 400, path
        assert "evil" not in answer.get_data(as_text=True)
        assert "Location" not in answer.headers
        assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("query", ["search=\xff", "\xc3\x28", "a=\x80&b=1"])
@pytest.mark.parametrize(
    "path", ["/", "/sign-in", "/admin/users/", "/admin/users/export.csv", "/nowhere"]
)
def test_a_query_that_is_no_text_is_refused(
    client: Client, cast: Cast, path: str, query: str
) -> None:
    for visitor in (client, client.application.test_client().sign_in("olivia")):
        answer = visitor.get(path, environ_overrides={"QUERY_STRING": query})
        assert answer.status_code == 400


def test_an_address_that_a_stranger_claims_is_not_believed(client: Client, cast: Cast) -> None:
    claims = {
        "X-Forwarded-For": "10.9.9.9",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
    }
    client.token()
    answer = client.post(
        "/sign-in", {"identifier": "olivia@example.com", "password": PASSWORD}, headers=claims
    )
    assert answer.status_code == 303
    assert "evil" not in answer.headers["Location"]
    assert db.session.scalars(select(Session.ip)).all() == ["127.0.0.1"]


def test_a_proxy_may_pass_on_anything(app_with, cast: Cast) -> None:
    app = app_with(trusted_proxies=(ip_network("127.0.0.1/32"),))
    for claimed in ("x" * 500, "::ffff:10.0.0.1", "10.0.0.1, 10.0.0.2", "unknown", "\xff"):
        client = app.test_client()
        client.token()
        form = {"identifier": "olivia@example.com", "password": PASSWORD}
        assert client.post("/sign-in", form, headers={"X-Forwarded-For": claimed}).status_code < 500


def test_whatever_a_browser_calls_itself_is_written_down_within_bounds(
    client: Client, cast: Cast
) -> None:
    for name in ("x" * 9000, "a\0b", "\xff\xfe", "' OR 1=1 --"):
        headers = {"User-Agent": name}
        answer = client.post(
            "/sign-in", {"identifier": "vera", "password": "wrong"}, headers=headers
        )
        assert answer.status_code < 500
    devices = db.session.scalars(select(SignInAttempt.device)).all()
    assert all(len(device) <= 200 and "\0" not in device for device in devices)


@pytest.mark.parametrize("name", ["backoffice", "device", "other"])
@pytest.mark.parametrize(
    "value", ["x" * 60_000, "", "e30.broken.cookie", '"', "\\0", "é", ".eJw.", "a" * 100]
)
def test_broken_and_huge_cookies_make_a_stranger(
    client: Client, cast: Cast, name: str, value: str
) -> None:
    client.set_cookie("other", "1", domain="127.0.0.1")
    headers = {"Cookie": f"{name}={value}"}
    assert client.get("/admin/users/", headers=headers).status_code == 303
    form = {"identifier": "olivia@example.com", "password": "wrong"}
    answer = client.post("/sign-in", form, headers=headers)
    assert answer.status_code < 500
    assert value[:50] not in answer.headers.get("Set-Cookie", "") or len(value) < 33


@pytest.mark.parametrize(
    "method",
    ["PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "HEAD", "OPTIONS", "PROPFIND", "X" * 99],
)
def test_other_methods_change_nothing(olivia: Client, method: str) -> None:
    before = fingerprint()
    paths = [
        *PAGES,
        "/admin/users/1",
        "/admin/users/actions/block",
        "/admin/users/preferences",
        "/sign-out",
    ]
    for path in paths:
        answer = olivia.open(path, method=method, data={"row": "2", "email": "x@example.com"})
        assert answer.status_code < 500
        assert method in ("HEAD", "OPTIONS") or answer.status_code in (303, 400, 404, 405, 501), (
            path
        )
    assert olivia.get("/admin/users/").status_code == 200, "still signed in"
    assert fingerprint() == before


def test_head_is_no_try_to_sign_in(client: Client, cast: Cast) -> None:
    answer = client.open("/sign-in", method="HEAD")
    assert answer.status_code == 200
    assert db.session.scalars(select(SignInAttempt)).all() == []


def test_files_where_text_is_expected_count_as_not_sent(olivia: Client) -> None:
    before = fingerprint()
    answer = olivia.post(
        "/admin/users/new", {"email": file(), "first_name": "Kept", "groups": file("1")}
    )
    assert (answer.status_code, error_at(answer, "email")) == (422, "Enter an e-mail address.")
    answer = olivia.post("/admin/users/actions/block", {"row": file("12")})
    assert answer.status_code == 400
    assert olivia.post("/sign-in", {"identifier": file(), "password": file()}).status_code == 422
    assert fingerprint() == before


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "text/plain",
        "",
        "x/\0",
    ],
)
def test_bodies_of_another_kind_are_refused(olivia: Client, content_type: str) -> None:
    before = fingerprint()
    for path in ("/admin/users/new", "/admin/users/actions/block", "/account/password"):
        for body in (
            b"",
            b"{}",
            b"\xff\xfe\x00",
            b"--\r\n\r\n--",
            b"email=a%40example.com&csrf_token=x",
            b"[" * 5000,
        ):
            answer = olivia.raw_post(path, data=body, content_type=content_type)
            assert answer.status_code in (400, 413)
    assert fingerprint() == before


def test_a_body_that_is_too_large_is_refused(olivia: Client) -> None:
    body = b"csrf_token=x&name=" + b"x" * (5 * 2**20)
    answer = olivia.raw_post(
        "/admin/groups/new", data=body, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 413
    parts = {f"field{n}": "x" for n in range(3000)}
    assert olivia.post("/admin/groups/new", parts | {"name": file()}).status_code == 413


def test_paths_that_lead_nowhere_are_404(app: Flask, olivia: Client) -> None:
    for path in (
        "/admin/users/%00",
        "/static/%00",
        "/static/..%2f..%2fapp.py",
        "/%FF",
        "/admin/users/1/edit/",
        "/a" * 3000,
    ):
        assert olivia.get(path).status_code == 404, path[:40]


def test_a_nul_in_an_address_is_asked_of_no_database(app: Flask, olivia: Client) -> None:
    """PostgreSQL takes none in a text, and would answer with an error."""
    paths = {"/?unsent=%00", "/sign-in?unsent=%00", f"/account/unsent/{'%00' * 32}"}
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.arguments:
            paths |= {PART.sub(text, str(rule)) for text in ("%00", "%00" * 32, "1")}
    for path in sorted(paths):
        assert olivia.get(path).status_code < 500, path


@pytest.mark.parametrize(
    "claimed", ["203.0.113.7:{}", "[2001:db8::1]:{}", "2001:db8::{:x}", "no address {}"]
)
def test_ports_and_odd_forms_make_no_new_visitor(
    app_with: Callable[..., Flask], cast: Cast, claimed: str
) -> None:
    app = app_with(trusted_proxies=(ip_network("127.0.0.1/32"),))
    client = app.test_client()
    client.get("/sign-in")
    statuses = []
    for number in range(22):
        form = {"identifier": f"nobody{number}@example.com", "password": "x"}
        headers = {"X-Forwarded-For": claimed.format(40_000 + number)}
        statuses.append(client.post("/sign-in", form, headers=headers).status_code)
    assert statuses == [422] * 20 + [429] * 2


@pytest.mark.parametrize(
    "referer", ["http://[", "http://[::1", "//[x", "\x7f", "http://127.0.0.1:99999999/"]
)
@pytest.mark.parametrize(
    "path", ["/sign-out", "/admin/users/actions/block", "/account/sessions/999/end"]
)
def test_a_referrer_that_is_no_address_is_none(
    client: Client, cast: Cast, path: str, referer: str
) -> None:
    for visitor in (client, client.application.test_client().sign_in("olivia")):
        assert visitor.raw_post(path, headers={"Referer": referer}).status_code == 400
