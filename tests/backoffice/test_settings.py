"""The product refuses to start half-configured, and says everything that is missing at once."""

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from backoffice.settings import Settings, SettingsError

KEY = "a key with many different letters 0123456789"
WHOLE = {"SECRET_KEY": KEY, "BASE_URL": "https://admin.example.com"}


def refusal(environ: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(environ)
    return str(caught.value)


def test_production_is_the_default_and_needs_a_key_and_an_address() -> None:
    message = refusal({})
    assert "SECRET_KEY is missing" in message
    assert "BASE_URL is missing" in message


def test_a_whole_configuration_starts() -> None:
    settings = Settings.from_environment(WHOLE)
    assert (settings.production, settings.tls, settings.host) == (True, True, "admin.example.com")
    assert settings.database_url.startswith("sqlite:///")


@pytest.mark.parametrize(
    "key",
    ["short", "a" * 64, "change-me"],
    ids=["short", "one letter", "default"],
)
def test_production_refuses_a_weak_key(key: str) -> None:
    assert "SECRET_KEY is missing or weak" in refusal(WHOLE | {"SECRET_KEY": key})


def test_production_refuses_plain_http_and_debug() -> None:
    assert "https://" in refusal(WHOLE | {"BASE_URL": "http://admin.example.com"})
    assert "FLASK_DEBUG" in refusal(WHOLE | {"FLASK_DEBUG": "1"})


@pytest.mark.parametrize(
    "name, value",
    [
        ("DATABASE_URL", "mysql://x"),
        ("TRUSTED_PROXIES", "not-an-address"),
        ("SESSION_IDLE", "soon"),
        ("PASSWORD_MIN_LENGTH", "-3"),
        ("BACKOFFICE_ENV", "staging"),
    ],
)
def test_a_bad_value_is_named(name: str, value: str) -> None:
    assert name in refusal(WHOLE | {name: value})


def test_values_are_read_as_what_they_are() -> None:
    settings = Settings.from_environment(
        WHOLE
        | {
            "DATABASE_URL": "postgresql://db/x",
            "TRUSTED_PROXIES": "10.0.0.0/8, ::1",
            "SESSION_IDLE": "600",
            "UPLOADS_DIR": "/srv/uploads",
        }
    )
    assert settings.database_url == "postgresql+psycopg://db/x"
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("::1"))
    assert settings.session_idle == timedelta(minutes=10)
    assert settings.uploads_dir == Path("/srv/uploads")


def test_the_demo_needs_nothing() -> None:
    settings = Settings.from_environment({"BACKOFFICE_ENV": "demo"})
    assert settings.base_url.startswith("http://127.0.0.1:")
    assert len(settings.secret_key) > 32


def test_secrets_do_not_show() -> None:
    shown = repr(Settings.from_environment(WHOLE | {"SMTP_URL": "smtp://user:hunter2@mail"}))
    assert KEY not in shown
    assert "hunter2" not in shown


@pytest.mark.parametrize(
    "url",
    [
        "smtp://mail.example.com",
        "smtps://office:p%40ss%2Fw@mail.example.com:465",
        "smtp+plain://localhost:25",
        "smtp+plain://127.0.0.1",
        "smtp+plain://[::1]:2525/",
    ],
)
def test_a_mail_server_is_named_by_its_url(url: str) -> None:
    assert Settings.from_environment(WHOLE | {"SMTP_URL": url}).smtp_url == url


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.com",
        "http://mail.example.com",
        "smtp://",
        "smtp://:25",
        "smtp://mail.example.com:99999",
        "smtp://mail.example.com:0",
        "smtp://mail.example.com:port",
        "smtp://[::1",
        "smtp://mail.example.com/path",
        "smtp://office:pässword@mail.example.com",
        "smtp+plain://mail.example.com",
    ],
)
def test_production_refuses_what_is_no_safe_mail_server_without_showing_the_password(url: str) -> None:
    said = refusal(WHOLE | {"SMTP_URL": url})
    assert "SMTP_URL must look like" in said
    assert "pässword" not in said


def test_outside_production_any_relay_may_be_plain() -> None:
    relay = "smtp+plain://mail:1025"
    assert Settings.from_environment({"BACKOFFICE_ENV": "development", "SMTP_URL": relay}).smtp_url == relay


@pytest.mark.parametrize(
    "given, sender",
    [
        ("", ("", "backoffice@admin.example.com")),
        ("office@example.com", ("", "office@example.com")),
        ("Example Ltd <office@example.com>", ("Example Ltd", "office@example.com")),
    ],
)
def test_mails_come_from_an_address(given: str, sender: tuple[str, str]) -> None:
    assert Settings.from_environment(WHOLE | {"MAIL_FROM": given}).sender == sender


@pytest.mark.parametrize(
    "given",
    ["office", "a@b@c.example", "x@y.example\r\nBcc: z@y.example", "A <a@b.example>, <c@d.example>", "é@b.example"],
)
def test_a_sender_that_is_no_address_is_refused(given: str) -> None:
    assert "MAIL_FROM must look like" in refusal(WHOLE | {"MAIL_FROM": given})


def test_a_sender_is_made_of_any_host() -> None:
    hosts = ("https://büro.example", "https://[::1]:8443", "https://10.0.0.1")
    senders = [Settings.from_environment(WHOLE | {"BASE_URL": host}).sender[1] for host in hosts]
    assert senders == ["backoffice@xn--bro-hoa.example", "backoffice@localhost", "backoffice@10.0.0.1"]
