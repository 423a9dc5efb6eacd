"""The settings of an installation, read from the environment into one typed object.

If they are incomplete, the product does not start, and says what to do about it.
"""

import os
import secrets
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

from flask import current_app
from phonenumbers import SUPPORTED_REGIONS

from backoffice import geoip, setting_values
from backoffice.setting_values import Network
from backoffice.urls import (
    SMTP,
    BaseURL,
    BucketURL,
    DatabaseURL,
    MailServer,
    PortalURL,
    Sender,
    named_database,
)

ENVIRONMENTS = ("production", "demo", "development", "test")
DEMO_PORTAL = "/demo/portal"  # the page of the demo that plays the company's own product
A_FILE = DatabaseURL("sqlite:///backoffice.sqlite3")
# The largest number and the longest duration, unless a field says otherwise: more is a mistake.
LARGEST_NUMBER = 1_000_000
LONGEST = timedelta(days=366)
WEAK_SECRET = (
    "SECRET_KEY is missing or weak: set at least 32 random characters, for instance from "
    "python -c 'import secrets; print(secrets.token_urlsafe(48))'."
)
ENDPOINTS: dict[str, type[BaseURL | BucketURL | DatabaseURL | MailServer | PortalURL | Sender]] = {
    "base_url": BaseURL,
    "client_portal_url": PortalURL,
    "database_url": DatabaseURL,
    "existing_tables_url": DatabaseURL,
    "smtp_url": MailServer,
    "mail_from": Sender,
    "uploads_url": BucketURL,
}

# The exit status on which gunicorn gives up instead of starting its workers again.
APP_LOAD_ERROR = 4


class SettingsError(SystemExit):
    """The environment is incomplete or contradictory; the text lists all faults at once."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(APP_LOAD_ERROR)
        self.text = "Backoffice cannot start:\n" + "\n".join(f"  - {fault}" for fault in faults)

    def __str__(self) -> str:
        return self.text


def refuse(faults: list[str]) -> NoReturn:
    """Print why the product cannot start, and stop it. Raises SettingsError."""
    refusal = SettingsError(faults)
    sys.stderr.write(f"{refusal}\n")
    raise refusal


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that may differ between two installations.

    Default numbers are those of the security policy. `metadata` holds the least and the largest
    value that a number may have (`minimum`, `maximum`).
    """

    environment: str = "production"
    product_name: str = "Backoffice"
    backoffice_apps: tuple[str, ...] = ()
    database_url: DatabaseURL = field(default=A_FILE, repr=False)
    backoffice_databases: tuple[tuple[str, DatabaseURL], ...] = field(default=(), repr=False)
    existing_tables_url: DatabaseURL | str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    encryption_keys: tuple[str, ...] = field(default=(), repr=False)
    base_url: BaseURL | str = ""
    client_portal_url: PortalURL | str = ""
    smtp_url: MailServer | str = field(default="", repr=False)
    mail_from: Sender | str = ""
    special_use_domains: bool = False
    uploads_dir: Path = Path("uploads")
    uploads_url: BucketURL | str = ""
    aws_access_key_id: str = field(default="", repr=False)
    aws_secret_access_key: str = field(default="", repr=False)
    aws_session_token: str = field(default="", repr=False)
    geoip_database: str = ""
    trusted_proxies: tuple[Network, ...] = ()

    session_idle: timedelta = timedelta(minutes=30)
    session_absolute: timedelta = timedelta(hours=12)
    step_up_valid: timedelta = timedelta(minutes=5)
    invitation_valid: timedelta = timedelta(hours=8)
    reset_valid: timedelta = timedelta(hours=1)
    email_change_valid: timedelta = timedelta(hours=1)
    enrolment_valid: timedelta = timedelta(hours=8)
    client_password_link_valid: timedelta = timedelta(hours=24)
    temporary_password_valid: timedelta = timedelta(hours=72)
    temporary_passwords_for_all: bool = False
    two_factor_groups: tuple[str, ...] = ("administrators",)
    view_as_notices: bool = False
    dormant_after: timedelta = timedelta(days=90)

    password_min_length: int = field(default=15, metadata={"minimum": 8})
    password_min_length_two_factor: int = field(default=12, metadata={"minimum": 8})
    password_max_length: int = field(default=128, metadata={"maximum": 4096})
    argon2_memory_kib: int = field(default=19 * 1024, metadata={"maximum": 4 * 2**20})
    argon2_time_cost: int = field(default=2, metadata={"maximum": 100})
    failures_per_5_minutes: int = 5
    failures_per_hour: int = 20
    failures_per_day: int = 50
    code_failures_per_address: int = 10
    email_code_valid: timedelta = timedelta(minutes=5)
    email_codes_per_10_minutes: int = 3
    links_per_10_minutes: int = 3
    links_per_day: int = 10
    default_country: str = ""
    csv_bom: bool = True
    log_json: bool = False
    events_anchor: tuple[str, ...] = ()

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
    uploads_per_hour: int = 300
    denials_per_minute: int = 20
    web_threads: int = 8
    hashing_slots: int = 2
    picture_slots: int = 1
    export_slots: int = 2

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings from the environment.

        Each name is that of the field in capitals, but `BACKOFFICE_ENV` for `environment`.
        Durations are whole seconds. Raises SettingsError with all faults and what to do about them.
        """
        environ = os.environ if environ is None else environ
        values, faults = _read(environ, fields(cls))
        settings = cls(**_with_defaults(values))
        already_named = {_name_in(fault) for fault in faults}
        faults += [fault for fault in settings.faults() if _name_in(fault) not in already_named]
        if settings.production and _is_debugging(environ):
            faults.append("FLASK_DEBUG is on: unset it, it shows code to strangers.")
        if faults:
            refuse(faults)
        return settings

    def __post_init__(self) -> None:
        """Parse the addresses that were given as plain text. Raises ValueError for invalid ones."""
        for name, type_ in ENDPOINTS.items():
            value = getattr(self, name)
            if value and not isinstance(value, type_):
                object.__setattr__(self, name, type_(value))

    @property
    def production(self) -> bool:
        return self.environment == "production"

    @property
    def home(self) -> BaseURL:
        """The base URL with its parts; this machine's if it is missing, which `faults` reports."""
        return self.base_url if isinstance(self.base_url, BaseURL) else BaseURL("http://localhost")

    @property
    def tls(self) -> bool:
        """Whether people reach the product by https, so that cookies and headers may require it."""
        return self.home.scheme == "https"

    @property
    def host(self) -> str:
        """The base URL's host for display, with its port if it is not the usual one."""
        return self.home.netloc

    @property
    def mail_server(self) -> MailServer | None:
        return self.smtp_url if isinstance(self.smtp_url, MailServer) else None

    @property
    def bucket_credentials(self) -> tuple[str, str, str]:
        """The id of the key to the bucket, the key, and its token if it has one."""
        return self.aws_access_key_id, self.aws_secret_access_key, self.aws_session_token

    @property
    def issuer(self) -> str:
        """The name of this installation in authenticator apps."""
        # Other installations must not look like production.
        if self.production:
            return self.product_name
        return f"{self.product_name} ({self.environment})"

    @property
    def active_keys(self) -> tuple[str, ...]:
        """The keys for encrypting secrets: the first for new ones, any of them for old ones."""
        return self.encryption_keys or (self.secret_key,)

    @property
    def portal(self) -> PortalURL | None:
        """The page on which clients choose a password; the demo has one of its own."""
        url = self.client_portal_url
        if not url and self.environment == "demo":
            return PortalURL(f"{self.home}{DEMO_PORTAL}")
        return url if isinstance(url, PortalURL) else None

    @property
    def sender(self) -> Sender:
        """The sender of mails: the configured one, or an address at the base URL's host."""
        return self.mail_from if isinstance(self.mail_from, Sender) else Sender.at(self.home.host)

    def faults(self) -> list[str]:
        """Return what is missing or contradictory, in one sentence each."""
        return [sentence for is_broken, sentence in _rules(self) if is_broken]


def _rules(settings: Settings) -> Iterator[tuple[bool, str]]:
    """Yield, for each rule, whether the settings break it, and the sentence that says so."""
    yield (
        settings.environment not in ENVIRONMENTS,
        f"BACKOFFICE_ENV is {settings.environment!r}; use one of {', '.join(ENVIRONMENTS)}.",
    )
    yield (
        not settings.base_url,
        "BASE_URL is missing: set the address people open, such as https://admin.example.com.",
    )
    yield _is_weak(settings.secret_key), WEAK_SECRET
    yield (
        any(_is_weak(key) for key in settings.encryption_keys),
        "ENCRYPTION_KEYS has a weak key: each needs at least 32 random characters.",
    )
    fewest = max(settings.password_min_length, settings.password_min_length_two_factor)
    yield (
        settings.password_max_length < fewest,
        "PASSWORD_MAX_LENGTH must not be less than the fewest characters of a password.",
    )
    country = settings.default_country
    yield (
        bool(country) and country not in SUPPORTED_REGIONS,
        "DEFAULT_COUNTRY must be two capital letters, such as DE (ISO 3166), or unset.",
    )
    yield (
        bool(settings.uploads_url) and not all(settings.bucket_credentials[:2]),
        "UPLOADS_URL needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: set both.",
    )
    yield _rule_of_places(settings)
    if settings.production:
        yield from _rules_of_production(settings)


def _rule_of_places(settings: Settings) -> tuple[bool, str]:
    path = settings.geoip_database
    why = geoip.unreadable(path) if path else ""
    sentence = f"GEOIP_DATABASE cannot be read: {why}. Give the path of a file in MaxMind's format."
    return bool(why), sentence


def _rules_of_production(settings: Settings) -> Iterator[tuple[bool, str]]:
    yield _mails_in_the_clear(settings), f"SMTP_URL {SMTP}"
    yield (
        _stores_in_the_clear(settings),
        "UPLOADS_URL must have an endpoint_url with https:// in production.",
    )
    yield (
        bool(settings.base_url) and not settings.tls,
        "BASE_URL must begin with https:// in production: sign-in cookies need TLS.",
    )
    yield (
        settings.portal is not None and settings.portal.is_open,
        "CLIENT_PORTAL_URL must begin with https:// in production: tokens need TLS.",
    )


def _stores_in_the_clear(settings: Settings) -> bool:
    return isinstance(settings.uploads_url, BucketURL) and settings.uploads_url.is_open


def _is_weak(key: str) -> bool:
    return len(key) < 32 or len(set(key)) < 8


def _mails_in_the_clear(settings: Settings) -> bool:
    """Return whether unencrypted mail leaves this machine."""
    server = settings.mail_server
    return server is not None and server.mode == "plain" and not server.is_local


def _name_in(fault: str) -> str:
    """Return the name of the setting that the sentence begins with."""
    return fault.partition(" ")[0]


def _is_debugging(environ: Mapping[str, str]) -> bool:
    return environ.get("FLASK_DEBUG", "0").lower() not in ("", "0", "false", "no")


def _read(
    environ: Mapping[str, str], specs: Iterable[Field[Any]]
) -> tuple[dict[str, Any], list[str]]:
    """Return the values that the environment sets, by field, and a sentence for every fault."""
    values: dict[str, Any] = {}
    faults: list[str] = []
    for spec in specs:
        name = "BACKOFFICE_ENV" if spec.name == "environment" else spec.name.upper()
        text = environ.get(name, "").strip()
        if not text:
            continue
        try:
            values[spec.name] = _parsed(spec, text)
        except ValueError as error:
            faults.append(f"{name} {error}")
    return values, faults


def _with_defaults(values: dict[str, Any]) -> dict[str, Any]:
    """Add defaults outside production: an address, a random key, and no required second factor."""
    if values.get("environment", "production") != "production":
        values.setdefault("base_url", f"http://127.0.0.1:{os.environ.get('PORT', '8000')}")
        values.setdefault("secret_key", secrets.token_urlsafe(48))
        values.setdefault("two_factor_groups", ())
    return values


def _parsed(spec: Field[object], text: str) -> object:
    """Return the value that the text stands for.

    Raises ValueError with the end of a sentence that begins with the name of the setting.
    """
    if spec.name in ENDPOINTS:
        return ENDPOINTS[spec.name](text)
    if spec.name == "product_name":
        return setting_values.name(text)
    if spec.name == "backoffice_databases":
        return tuple(named_database(part) for part in _parts(text))
    if spec.name == "events_anchor":
        return tuple(map(setting_values.anchor, _parts(text)))
    if spec.name == "trusted_proxies":
        return tuple(setting_values.network(part) for part in text.split(","))
    return _parsed_like(spec.default, spec.metadata, text)


def _parsed_like(default: object, metadata: Mapping[str, Any], text: str) -> object:
    """Return the value of the text, whose type is that of the field's default."""
    if isinstance(default, tuple):
        return _parts(text)
    if isinstance(default, bool):
        return setting_values.yes(text)
    if isinstance(default, int):
        least, most = metadata.get("minimum", 1), metadata.get("maximum", LARGEST_NUMBER)
        return setting_values.number(text, least, most)
    if isinstance(default, timedelta):
        longest: timedelta = metadata.get("maximum", LONGEST)
        seconds = setting_values.number(text, 1, int(longest.total_seconds()), " of seconds")
        return timedelta(seconds=seconds)
    if isinstance(default, Path):
        return Path(text)
    return text


def _parts(text: str) -> tuple[str, ...]:
    """Return the parts between commas; "none" alone is how to set an empty list."""
    parts = (part.strip() for part in text.split(","))
    return tuple(part for part in parts if part and part != "none")


def configured() -> Settings:
    """Return the settings of the running application, for code that is not passed them."""
    settings: Settings = current_app.extensions["settings"]
    return settings
