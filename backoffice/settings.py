"""One typed object read from the environment; it refuses to start half-configured, with a hint."""

import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

from phonenumbers import SUPPORTED_REGIONS

from backoffice.endpoints import SMTP, BaseURL, DatabaseURL, MailServer, Sender

ENVIRONMENTS = ("production", "demo", "development", "test")
Network = IPv4Network | IPv6Network
A_FILE = DatabaseURL("sqlite:///backoffice.sqlite3")
# What a number or a duration is at most, unless its field says otherwise: more is a slip of the finger.
LARGEST_NUMBER = 1_000_000
LONGEST = timedelta(days=366)
YES, NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
UNFIT_FOR_A_NAME = frozenset(
    '<>:"/\\@'
)  # they mean something in mail headers and in what a QR code says
LONGEST_NAME = 40  # characters, of which authenticator apps show fewer
ENDPOINTS: dict[str, type[BaseURL | DatabaseURL | MailServer | Sender]] = {
    "base_url": BaseURL,
    "database_url": DatabaseURL,
    "smtp_url": MailServer,
    "mail_from": Sender,
}

APP_LOAD_ERROR = (
    4  # the exit status on which gunicorn gives up instead of starting its workers anew
)


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
    product_name: str = "Backoffice"
    database_url: DatabaseURL = field(default=A_FILE, repr=False)
    secret_key: str = field(default="", repr=False)
    encryption_keys: tuple[str, ...] = field(default=(), repr=False)
    base_url: BaseURL | str = ""
    smtp_url: MailServer | str = field(default="", repr=False)
    mail_from: Sender | str = ""
    special_use_domains: bool = False
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

    password_min_length: int = field(default=15, metadata={"least": 8})
    password_min_length_two_factor: int = field(default=12, metadata={"least": 8})
    password_max_length: int = field(default=128, metadata={"most": 4096})
    argon2_memory_kib: int = field(default=19 * 1024, metadata={"most": 4 * 2**20})
    argon2_time_cost: int = field(default=2, metadata={"most": 100})
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
                    values[spec.name] = _parsed(spec, text)
                except ValueError as error:
                    faults.append(f"{name} {error}")
        settings = cls(**_with_defaults(values))
        named = {fault.partition(" ")[0] for fault in faults}
        faults += [fault for fault in settings.faults() if fault.partition(" ")[0] not in named]
        if settings.production and environ.get("FLASK_DEBUG", "0").lower() not in (
            "",
            "0",
            "false",
            "no",
        ):
            faults.append("FLASK_DEBUG is on: unset it, it shows code to strangers.")
        if faults:
            refusal = SettingsError(faults)
            sys.stderr.write(f"{refusal}\n")
            raise refusal
        return settings

    def __post_init__(self) -> None:
        """Texts are read into what they stand for, once. Raises ValueError where one cannot be."""
        for name, kind in ENDPOINTS.items():
            if given := getattr(self, name):
                object.__setattr__(self, name, given if isinstance(given, kind) else kind(given))

    @property
    def production(self) -> bool:
        return self.environment == "production"

    @property
    def home(self) -> BaseURL:
        """The base URL with its parts; without one, which only a faulty installation lacks, this machine."""
        return self.base_url if isinstance(self.base_url, BaseURL) else BaseURL("http://localhost")

    @property
    def tls(self) -> bool:
        """Whether people reach the product by https, so that cookies and headers may insist on it."""
        return self.home.scheme == "https"

    @property
    def host(self) -> str:
        """The base URL's host, with its port if it is not the usual one, as people may read it."""
        return self.home.netloc

    @property
    def mail_server(self) -> MailServer | None:
        return self.smtp_url if isinstance(self.smtp_url, MailServer) else None

    @property
    def issuer(self) -> str:
        """What authenticator apps call this installation: one that is no production must not look like one."""
        return self.product_name if self.production else f"{self.product_name} ({self.environment})"

    @property
    def active_keys(self) -> tuple[str, ...]:
        """The keys that secrets are encrypted with: the first for new ones, any for old ones."""
        return self.encryption_keys or (self.secret_key,)

    @property
    def sender(self) -> Sender:
        """The name, if one is configured, and the address that mails come from."""
        return self.mail_from if isinstance(self.mail_from, Sender) else Sender.at(self.home.host)

    def faults(self) -> list[str]:
        """What is missing or contradictory, one sentence each."""
        found = []
        if self.environment not in ENVIRONMENTS:
            found.append(
                f"BACKOFFICE_ENV is {self.environment!r}; use one of {', '.join(ENVIRONMENTS)}."
            )
        if not self.base_url:
            found.append(
                "BASE_URL is missing: set the address people open, such as https://admin.example.com."
            )
        if len(self.secret_key) < 32 or len(set(self.secret_key)) < 8:
            found.append(
                "SECRET_KEY is missing or weak: set at least 32 random characters, for instance from "
                "python -c 'import secrets; print(secrets.token_urlsafe(48))'."
            )
        if any(len(key) < 32 or len(set(key)) < 8 for key in self.encryption_keys):
            found.append(
                "ENCRYPTION_KEYS has a weak key: each needs at least 32 random characters."
            )
        if (
            self.production
            and self.mail_server
            and self.mail_server.mode == "plain"
            and not self.mail_server.is_here
        ):
            found.append(f"SMTP_URL {SMTP}")
        if self.password_max_length < max(
            self.password_min_length, self.password_min_length_two_factor
        ):
            found.append(
                "PASSWORD_MAX_LENGTH must not be less than the fewest characters of a password."
            )
        if self.default_country and self.default_country not in SUPPORTED_REGIONS:
            found.append(
                "DEFAULT_COUNTRY must be two capital letters, such as DE (ISO 3166), or unset."
            )
        if self.production and self.base_url and not self.tls:
            found.append(
                "BASE_URL must begin with https:// in production: sign-in cookies need TLS."
            )
        return found


def _with_defaults(values: dict[str, Any]) -> dict[str, Any]:
    """Outside production an address and a key are made up, and nobody is made to use a second factor."""
    if values.get("environment", "production") != "production":
        values.setdefault("base_url", f"http://127.0.0.1:{os.environ.get('PORT', '8000')}")
        values.setdefault("secret_key", secrets.token_urlsafe(48))
        values.setdefault("two_factor_groups", ())
    return values


def _parsed(spec: Field[Any], text: str) -> object:
    """The value that the text stands for. Raises ValueError with what it must be."""
    if spec.name in ENDPOINTS:
        return ENDPOINTS[spec.name](text)
    if spec.name == "product_name":
        return _name(text)
    if spec.name == "trusted_proxies":
        return tuple(map(_network, text.split(",")))
    default = spec.default
    if isinstance(default, tuple):
        return tuple(part for part in map(str.strip, text.split(",")) if part and part != "none")
    if isinstance(default, bool):
        return _yes(text)
    if isinstance(default, int):
        return _number(
            text, spec.metadata.get("least", 1), spec.metadata.get("most", LARGEST_NUMBER)
        )
    if isinstance(default, timedelta):
        longest: timedelta = spec.metadata.get("most", LONGEST)
        return timedelta(seconds=_number(text, 1, int(longest.total_seconds()), " of seconds"))
    return Path(text) if isinstance(default, Path) else text


def _number(text: str, least: int, most: int, what: str = "") -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
    if not least <= number <= most:
        raise ValueError(f"must be a whole number{what} from {least:,} to {most:,}.")
    return number


def _yes(text: str) -> bool:
    if text.lower() not in YES + NO:
        raise ValueError("must be true or false.")
    return text.lower() in YES


def _name(text: str) -> str:
    if len(text) > LONGEST_NAME or not text.isprintable() or UNFIT_FOR_A_NAME & set(text):
        unfit = " ".join(sorted(UNFIT_FOR_A_NAME))
        raise ValueError(f"must be a name of at most {LONGEST_NAME} characters, without {unfit}")
    return text


def _network(text: str) -> Network:
    try:
        return ip_network(text.strip())
    except ValueError:
        raise ValueError(
            "must be addresses or networks such as 10.0.0.0/8, with commas between."
        ) from None
