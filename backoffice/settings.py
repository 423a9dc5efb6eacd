"""One typed object read from the environment; it refuses to start half-configured, with a hint."""

import os
import re
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

ENVIRONMENTS = ("production", "demo", "development", "test")
SMTP_SCHEMES = ("smtp", "smtps", "smtp+plain")
SENDER = re.compile(r"[^<>@\r\n]*<[!-;=?A-~]+@[\w.-]+>|[!-;=?A-~]+@[\w.-]+", re.ASCII)
Network = IPv4Network | IPv6Network


APP_LOAD_ERROR = 4  # the exit status on which gunicorn gives up instead of starting its workers anew


class SettingsError(SystemExit):
    """The environment is incomplete or contradicts itself; the text lists every fault at once."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(APP_LOAD_ERROR)
        self.text = "Backoffice cannot start:\n" + "\n".join(f"  - {fault}" for fault in faults)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that differs between two installations. Numbers are those of the security policy."""

    environment: str = "production"
    database_url: str = "sqlite:///backoffice.sqlite3"
    secret_key: str = field(default="", repr=False)
    encryption_keys: tuple[str, ...] = field(default=(), repr=False)
    base_url: str = ""
    smtp_url: str = field(default="", repr=False)
    mail_from: str = ""
    uploads_dir: Path = Path("uploads")
    trusted_proxies: tuple[Network, ...] = ()

    session_idle: timedelta = timedelta(minutes=30)
    session_absolute: timedelta = timedelta(hours=12)
    step_up_valid: timedelta = timedelta(minutes=5)
    invitation_valid: timedelta = timedelta(hours=8)
    reset_valid: timedelta = timedelta(hours=1)
    email_change_valid: timedelta = timedelta(hours=1)
    enrolment_valid: timedelta = timedelta(hours=8)
    temporary_password_valid: timedelta = timedelta(hours=72)
    temporary_passwords_for_all: bool = False
    two_factor_groups: tuple[str, ...] = ("administrators",)

    password_min_length: int = 15
    password_min_length_two_factor: int = 12
    password_max_length: int = 128
    argon2_memory_kib: int = 19 * 1024
    argon2_time_cost: int = 2
    failures_per_5_minutes: int = 5
    failures_per_hour: int = 20
    failures_per_day: int = 50
    code_failures_per_address: int = 10
    email_code_valid: timedelta = timedelta(minutes=5)
    email_codes_per_10_minutes: int = 3
    log_json: bool = False

    database_connect_timeout: timedelta = timedelta(seconds=2)
    database_pool_timeout: timedelta = timedelta(seconds=4)
    database_statement_timeout: timedelta = timedelta(seconds=4)
    database_bulk_timeout: timedelta = timedelta(minutes=2)
    database_export_timeout: timedelta = timedelta(seconds=30)
    database_job_timeout: timedelta = timedelta(seconds=20)
    database_lock_timeout: timedelta = timedelta(seconds=3)
    database_idle_timeout: timedelta = timedelta(minutes=1)
    database_connections: int = 15
    mail_answer_timeout: timedelta = timedelta(seconds=20)
    mail_timeout: timedelta = timedelta(minutes=1)
    slow_client_timeout: timedelta = timedelta(seconds=60)
    shutdown_timeout: timedelta = timedelta(seconds=30)
    export_timeout: timedelta = timedelta(minutes=15)
    exports_per_hour: int = 30
    avatars_per_hour: int = 30
    denials_per_minute: int = 20
    web_threads: int = 8
    hashing_slots: int = 2
    picture_slots: int = 1
    export_slots: int = 2

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings; names are the fields' in capitals, `BACKOFFICE_ENV` for `environment`.

        Durations are whole seconds. Raises SettingsError with every fault and what to do about it.
        """
        environ = os.environ if environ is None else environ
        faults: list[str] = []
        values: dict[str, Any] = {}
        for spec in fields(cls):
            name = "BACKOFFICE_ENV" if spec.name == "environment" else spec.name.upper()
            if text := environ.get(name, "").strip():
                try:
                    values[spec.name] = _parsed(spec.name, spec.default, text)
                except ValueError as error:
                    faults.append(f"{name} is not valid: {error}")
        settings = cls(**_with_defaults(values))
        faults += settings.faults()
        if settings.production and environ.get("FLASK_DEBUG", "0").lower() not in ("", "0", "false", "no"):
            faults.append("FLASK_DEBUG is on: unset it, it shows code to strangers.")
        if faults:
            refusal = SettingsError(faults)
            sys.stderr.write(f"{refusal}\n")
            raise refusal
        return settings

    @property
    def production(self) -> bool:
        return self.environment == "production"

    @property
    def tls(self) -> bool:
        """Whether people reach the product by https, so that cookies and headers may insist on it."""
        return self.base_url.startswith("https://")

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc

    @property
    def sealing_keys(self) -> tuple[str, ...]:
        """The keys that secrets are encrypted with: the first for new ones, any for old ones."""
        return self.encryption_keys or (self.secret_key,)

    @property
    def sender(self) -> tuple[str, str]:
        """The name, if one is configured, and the address that mails come from."""
        host = urlsplit(self.base_url).hostname or ""
        domain = "localhost" if ":" in host else host.encode("idna").decode()
        return parseaddr(self.mail_from or f"backoffice@{domain}")

    def faults(self) -> list[str]:
        """What is missing or contradictory, one sentence each."""
        found = []
        if self.environment not in ENVIRONMENTS:
            found.append(f"BACKOFFICE_ENV is {self.environment!r}; use one of {', '.join(ENVIRONMENTS)}.")
        if not self.database_url.startswith(("sqlite://", "postgresql+psycopg://")):
            found.append("DATABASE_URL must begin with sqlite:/// or postgresql+psycopg://.")
        if urlsplit(self.base_url).scheme not in ("http", "https") or not self.host:
            found.append("BASE_URL is missing: set the address people open, such as https://admin.example.com.")
        if len(self.secret_key) < 32 or len(set(self.secret_key)) < 8:
            found.append(
                "SECRET_KEY is missing or weak: set at least 32 random characters, for instance from "
                "python -c 'import secrets; print(secrets.token_urlsafe(48))'."
            )
        if any(len(key) < 32 or len(set(key)) < 8 for key in self.encryption_keys):
            found.append("ENCRYPTION_KEYS has a weak key: each needs at least 32 random characters.")
        if self.smtp_url and not _is_mail_server(self.smtp_url, anywhere=not self.production):
            found.append(
                "SMTP_URL must look like smtp://user:password@mail.example.com:587 (smtps:// for TLS at once; "
                "smtp+plain://localhost for a relay on this machine), special characters written as %40."
            )
        if self.mail_from and not SENDER.fullmatch(self.mail_from):
            found.append("MAIL_FROM must look like backoffice@example.com or Backoffice <backoffice@example.com>.")
        if self.production and self.base_url and not self.tls:
            found.append("BASE_URL must begin with https:// in production: sign-in cookies need TLS.")
        return found


def _with_defaults(values: dict[str, Any]) -> dict[str, Any]:
    """Outside production an address and a key are made up, and nobody is made to use a second factor."""
    if values.get("environment", "production") != "production":
        values.setdefault("base_url", f"http://127.0.0.1:{os.environ.get('PORT', '8000')}")
        values.setdefault("secret_key", secrets.token_urlsafe(48))
        values.setdefault("two_factor_groups", ())
    return values


def _is_mail_server(text: str, *, anywhere: bool) -> bool:
    """Whether mail could go there; unencrypted only to this machine, unless `anywhere` will do."""
    try:
        url = urlsplit(text)
        ours = url.hostname in ("localhost", "127.0.0.1", "::1")
        named = (url.port is None or url.port) and bool(url.hostname) and unquote(f"{url.username}{url.password}")
    except ValueError:
        return False
    good = url.scheme in SMTP_SCHEMES and bool(named) and url.path in ("", "/") and str(named).isascii()
    return good and (anywhere or ours or url.scheme != "smtp+plain")


def _parsed(name: str, default: object, text: str) -> object:
    if name == "trusted_proxies":
        return tuple(ip_network(part.strip()) for part in text.split(","))
    if name == "database_url" and text.startswith(("postgres://", "postgresql://")):
        return "postgresql+psycopg://" + text.split("://", 1)[1]
    if name in ("encryption_keys", "two_factor_groups"):
        return tuple(part for part in map(str.strip, text.split(",")) if part and part != "none")
    if isinstance(default, bool):
        return text.lower() in ("1", "true", "yes", "on")
    if isinstance(default, int):
        return _positive(text)
    if isinstance(default, timedelta):
        return timedelta(seconds=_positive(text))
    if isinstance(default, Path):
        return Path(text)
    return text.rstrip("/") if name == "base_url" else text


def _positive(text: str) -> int:
    number = int(text)
    if not 0 < number < 10**9:
        raise ValueError("a whole number above 0 is needed")
    return number
