"""The addresses at which the product answers, and the host name it uses for itself."""

from collections.abc import Callable

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.auth import totp
from backoffice.extensions import db
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import add, edit, group
from tests.support.html import error_at, read

AppWith = Callable[..., Flask]


@pytest.mark.parametrize(
    "asked", ["evil.example", "admin.example.com.evil.example", "[::2]", "10.0.0.5:8000", "a b"]
)
def test_another_host_is_told_the_right_one_and_is_not_repeated(
    app_with: AppWith, asked: str
) -> None:
    visitor = app_with(base_url="https://admin.example.com").test_client()
    answer = visitor.get(
        "/sign-in?x=1", base_url="https://admin.example.com", headers={"Host": asked}
    )
    assert answer.status_code == 400
    assert [link["href"] for link in read(answer).all("a")] == ["https://admin.example.com"]
    assert read(answer).all("a")[0].text == "https://admin.example.com"
    assert asked not in answer.text.replace("https://admin.example.com", "")
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "base_url, asked",
    [
        ("https://Admin.Example.com", "ADMIN.example.com"),
        ("https://admin.example.com", "admin.example.com:8443"),
        ("https://admin.example.com", "admin.example.com."),
        ("https://büro.example", "xn--bro-hoa.example"),
        ("https://[2001:db8::1]:8443", "[2001:DB8:0::1]:8443"),
    ],
)
def test_every_spelling_of_the_base_url_is_ours(
    app_with: AppWith, base_url: str, asked: str
) -> None:
    visitor = app_with(base_url=base_url).test_client()
    answer = visitor.get("/sign-in", base_url="https://localhost", headers={"Host": asked})
    assert answer.status_code == 200


@pytest.mark.parametrize("asked", ["localhost:8000", "127.0.0.1", "[::1]:8000"])
@pytest.mark.parametrize("environment, status", [("development", 200), ("production", 400)])
def test_the_names_of_this_machine_are_one_outside_production(
    app_with: AppWith, asked: str, environment: str, status: int
) -> None:
    base_url = (
        "http://127.0.0.1:8000" if environment == "development" else "https://admin.example.com"
    )
    visitor = app_with(base_url=base_url, environment=environment).test_client()
    assert visitor.get("/sign-in", headers={"Host": asked}).status_code == status


def test_another_ipv6_host_is_not_ours(app_with: AppWith) -> None:
    visitor = app_with(base_url="https://[2001:db8::1]").test_client()
    assert visitor.get("/sign-in", headers={"Host": "[2001:db8::2]"}).status_code == 400


# --- its name ---


def test_the_product_is_called_what_the_installation_calls_it(
    app_with: AppWith, cast: Cast
) -> None:
    named = app_with(product_name="Contoso & Sons")
    visitor = named.test_client()
    assert isinstance(visitor, Client)
    assert read(visitor.get("/sign-in")).one("title").text.endswith("Contoso & Sons")
    visitor.sign_in("olivia")
    page = visitor.get("/admin/users/")
    assert read(page).one("title").text.endswith("Contoso & Sons")
    assert "Backoffice" not in page.text
    with named.app_context():
        uri = totp.uri(cast.olivia, pyotp.random_base32(), named.extensions["settings"])
    assert "issuer=Contoso%20%26%20Sons%20%28test%29" in uri
    assert uri.startswith("otpauth://totp/Contoso%20%26%20Sons")


# --- addresses of people and of visitors ---


@pytest.mark.parametrize("domain", ["office.local", "nas.home.arpa", "mail.test", "localhost"])
def test_addresses_of_an_own_network_are_for_those_whose_setting_says_so(
    app_with: AppWith, client: Client, cast: Cast, domain: str
) -> None:
    who = {"email": f"Quentin@{domain}", "groups": ["", group("viewers").id]}
    refused = add(client.sign_in("olivia"), "users", **who)
    assert "SPECIAL_USE_DOMAINS" in error_at(refused, "email")
    allowing = app_with(special_use_domains=True).test_client()
    assert isinstance(allowing, Client)
    assert add(allowing.sign_in("olivia"), "users", **who).status_code == 303
    settle()
    key = select(User.email_key).where(User.email_key.startswith("quentin"))
    assert db.session.scalars(key).one() == f"quentin@{domain}"
    assert "not an e-mail address" in error_at(
        add(allowing, "users", **who | {"email": f"a..b@{domain}"}), "email"
    )


def test_the_zone_of_a_link_local_address_is_no_part_of_it(client: Client, cast: Cast) -> None:
    edit(client.sign_in("olivia"), "users", cast.vera.id, ip_whitelist="fe80::1%eth0")
    settle()
    assert cast.vera.ip_whitelist == ["fe80::1/128"]
    db.session.rollback()
    visitor = client.application.test_client()
    visitor.environ_base["REMOTE_ADDR"] = "fe80::1%eth0"
    assert isinstance(visitor, Client)
    visitor.try_sign_in("vera", "wrong")
    visitor.sign_in("vera")
    assert visitor.get("/").status_code == 200
    settle()
    about = select(SignInAttempt.ip, SignInAttempt.network).where(
        SignInAttempt.user_id == cast.vera.id
    )
    assert {tuple(row) for row in db.session.execute(about)} == {("fe80::1", "fe80::/64")}
