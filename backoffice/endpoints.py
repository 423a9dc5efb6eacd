"""Where things are: the addresses of the settings, each read once into a text that knows its parts."""

import re
from contextlib import suppress
from email.headerregistry import Address
from ipaddress import IPv6Address, ip_address
from typing import Self
from urllib.parse import SplitResult, unquote, urlsplit

import idna
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
PORTS = {"http": 80, "https": 443}
ENGINES = ("sqlite", "postgresql+psycopg")
SMTP_MODES = {"smtp": ("starttls", 587), "smtps": ("tls", 465), "smtp+plain": ("plain", 25)}
HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*", re.ASCII)
ASKED = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::\d{1,5})?", re.ASCII | re.IGNORECASE)
DOT_ATOM = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
NAMED = re.compile(r"(?P<name>[^<>]*?)\s*<(?P<address>[^<>]+)>")
LONGEST_NAME = 100  # characters

BASE = "must be the address people open, such as https://admin.example.com"
NO_PATH = f"{BASE}, without a path: the product needs a host, or a port, of its own."
DATABASE = "must begin with sqlite:/// or postgresql+psycopg://."
SMTP = (
    "must look like smtp://user:password@mail.example.com:587 (smtps:// for TLS at once; "
    "smtp+plain://localhost for a relay on this machine), special characters written as %40."
)
SENDER = "must look like backoffice@example.com or Backoffice <backoffice@example.com>."


class BaseURL(str):
    """The address that people open, without a slash at its end.

    Attributes:
        scheme: http or https.
        host: as the network has it, in lower case; IPv6 without brackets.
        netloc: the same with brackets, and the port where it is not the scheme's own.
        port: the number.
    """

    __slots__ = ("host", "netloc", "port", "scheme")
    scheme: str
    host: str
    netloc: str
    port: int

    def __new__(cls, text: str) -> Self:
        """Raises ValueError with what the address must be."""
        parts, port = _split(text, f"{BASE}.")
        scheme = parts.scheme
        if (
            scheme not in PORTS
            or not parts.hostname
            or parts.username is not None
            or parts.password is not None
        ):
            raise ValueError(f"{BASE}.")
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError(NO_PATH)
        host = host_of(parts.hostname, f"{BASE}.")
        if "_" in host:  # browsers send it, and Werkzeug takes it for no host
            raise ValueError(f"{BASE}.")
        port = port or PORTS[scheme]
        netloc = (f"[{host}]" if ":" in host else host) + (
            "" if port == PORTS[scheme] else f":{port}"
        )
        made = super().__new__(cls, f"{scheme}://{netloc}")
        made.scheme, made.host, made.netloc, made.port = scheme, host, netloc, port
        return made

    def is_meant_by(self, asked: str, *, loosely: bool) -> bool:
        """Whether a `Host` header names this address; the port does not matter, for proxies leave it out.

        `loosely`: all names of this machine are one.
        """
        found = ASKED.fullmatch(asked)
        if found is None:
            return False
        host = found[1].lower().rstrip(".").strip("[]")
        with suppress(ValueError):
            host = str(ip_address(host))
        return host == self.host or (loosely and {host, self.host} <= LOOPBACK)


class DatabaseURL(str):
    """Where the data is; `url` is the same for SQLAlchemy."""

    __slots__ = ("url",)
    url: URL

    def __new__(cls, text: str) -> Self:
        """Raises ValueError with what the address must be."""
        for short in ("postgres://", "postgresql://"):  # as hosting companies hand them out
            if text.startswith(short):
                text = f"postgresql+psycopg://{text.removeprefix(short)}"
        try:
            url = make_url(text)
        except (ArgumentError, ValueError):
            raise ValueError(DATABASE) from None
        if url.drivername not in ENGINES:
            raise ValueError(DATABASE)
        made = super().__new__(cls, text)
        made.url = url
        return made

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"


class MailServer(str):
    """Where mail is handed over.

    Attributes:
        mode: starttls, tls (from the first byte) or plain.
        host, port: the port is the usual one of the mode where none is given.
        user, password: empty where the server asks for none.
    """

    __slots__ = ("host", "mode", "password", "port", "user")
    mode: str
    host: str
    port: int
    user: str
    password: str

    def __new__(cls, text: str) -> Self:
        """Raises ValueError with what the address must be; it does not repeat the password."""
        parts, port = _split(text, SMTP)
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        fits = parts.scheme in SMTP_MODES and parts.hostname and parts.path in ("", "/")
        if not fits or parts.query or parts.fragment or not f"{user}{password}".isascii():
            raise ValueError(SMTP)
        made = super().__new__(cls, text)
        made.mode, usual = SMTP_MODES[parts.scheme]
        made.port, made.user, made.password = port or usual, user, password
        made.host = host_of(parts.hostname or "", SMTP)
        return made

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine, so that what is not encrypted does not leave it."""
        return self.host in LOOPBACK


class Sender(str):
    """Who mails come from: `name` may be empty, `address` is as the network has it."""

    __slots__ = ("address", "name")
    name: str
    address: str

    def __new__(cls, text: str) -> Self:
        """Raises ValueError with what it must look like. A name may hold commas and quotation marks, and be quoted."""
        named = NAMED.fullmatch(text)
        name, address = (named["name"], named["address"]) if named else ("", text)
        if len(name) > 1 and name[0] == name[-1] == '"':
            name = re.sub(r"\\(.)", r"\1", name[1:-1])
        local, _, domain = address.strip().rpartition("@")
        if (
            not DOT_ATOM.fullmatch(local)
            or len(name) > LONGEST_NAME
            or not name.isprintable()
            or "=?" in name
        ):
            raise ValueError(SENDER)
        made = super().__new__(cls, text)
        made.name, made.address = name, f"{local}@{host_of(domain, SENDER)}"
        Address(display_name=name, addr_spec=made.address)  # what the header is made of
        return made

    @classmethod
    def at(cls, host: str) -> Self:
        """The sender where none is configured; an IPv6 address is no place that mail comes from."""
        return cls(f"backoffice@{'localhost' if ':' in host else host}")


def host_of(text: str, refusal: str) -> str:
    """The host as the network has it: in lower case, IDNA encoded, an address canonical. Raises ValueError(refusal)."""
    plain = text.lower().rstrip(".")
    try:
        address = ip_address(plain)
    except ValueError:
        pass
    else:
        if isinstance(address, IPv6Address) and address.scope_id:
            raise ValueError(refusal)
        return str(address)
    try:
        encoded = plain if plain.isascii() else idna.encode(plain, uts46=True).decode()
    except idna.IDNAError:
        raise ValueError(refusal) from None
    if not HOST.fullmatch(encoded):
        raise ValueError(refusal)
    return encoded


def _split(text: str, refusal: str) -> tuple[SplitResult, int]:
    """The parts, and the port or 0. Raises ValueError(refusal)."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(refusal) from None
    if port == 0 or any(character.isspace() or not character.isprintable() for character in text):
        raise ValueError(refusal)
    return parts, port or 0
