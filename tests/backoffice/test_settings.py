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
