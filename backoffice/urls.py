"""The addresses in the settings: each is parsed once into a text that also knows its parts."""

import re
from contextlib import suppress
from email.headerregistry import Address
from ipaddress import IPv6Address, ip_address
from typing import Self
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import idna
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
USUAL_PORTS = {"http": 80, "https": 443}
ENGINES = ("sqlite", "postgresql+psycopg")
SMTP_MODES = {"smtp": ("starttls", 587), "smtps": ("tls", 465), "smtp+plain": ("plain", 25)}
HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*", re.ASCII)
HOST_HEADER = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::\d{1,5})?", re.ASCII | re.IGNORECASE)
DOT_ATOM = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
NAME_AND_ADDRESS = re.compile(r"(?P<name>[^<>]*?)\s*<(?P<address>[^<>]+)>")
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
LONGEST_NAME = 100  # characters

BASE = "must be the address people open, such as https://admin.example.com"
NO_PATH = f"{BASE}, without a path: the product needs a host, or a port, of its own."
PORTAL = (
    "must be a page of your own product on which clients choose a password, such as "
    "https://portal.example.com/password; the link has ?token=... behind it."
)
DATABASE = "must begin with sqlite:/// or postgresql+psycopg://."
SMTP = (
    "must look like smtp://user:password@mail.example.com:587 (smtps:// for TLS at once; "
    "smtp+plain://localhost for a relay on this machine), special characters written as %40."
)
BUCKET = (
    "must look like s3://bucket/prefix?region=eu-central-1, for another service than AWS with "
    "&endpoint_url=https://s3.example.com; the keys stand in AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY."
)
SENDER = "must look like backoffice@example.com or Backoffice <backoffice@example.com>."


class BaseURL(str):
    """The address that people open, without a slash at its end.

    Attributes:
        scheme: http or https.
        host: the host name as used in the network, in lower case; IPv6 without brackets.
        netloc: the host, IPv6 in brackets, with the port if it is not the scheme's usual one.
        port: the port number.
    """

    __slots__ = ("host", "netloc", "port", "scheme")
    scheme: str
    host: str
    netloc: str
    port: int

    def __new__(cls, text: str) -> Self:
        """Parse `text`. Raises ValueError with a sentence about what the address must be."""
        parts, port = _split(text, f"{BASE}.")
        _check_base(parts)
        host = host_of(parts.hostname or "", f"{BASE}.")
        if "_" in host:  # browsers send such a host, but Werkzeug does not accept it
            raise ValueError(f"{BASE}.")
        usual_port = USUAL_PORTS[parts.scheme]
        netloc = f"[{host}]" if ":" in host else host
        if port not in (0, usual_port):
            netloc += f":{port}"
        made = super().__new__(cls, f"{parts.scheme}://{netloc}")
        made.scheme = parts.scheme
        made.host = host
        made.netloc = netloc
        made.port = port or usual_port
        return made

    def matches_host_header(self, header: str, *, any_loopback_name: bool) -> bool:
        """Return whether a `Host` header names this address.

        The port is ignored, because proxies leave it out. With `any_loopback_name`, all names of
        this machine (`LOOPBACK`) count as the same.
        """
        match = HOST_HEADER.fullmatch(header)
        if match is None:
            return False
        host = match[1].lower().rstrip(".").strip("[]")
        with suppress(ValueError):
            host = str(ip_address(host))
        if host == self.host:
            return True
        return any_loopback_name and {host, self.host} <= LOOPBACK


def _check_base(parts: SplitResult) -> None:
    """Raise ValueError unless the parts are those of a base URL: a scheme and a host."""
    has_user = parts.username is not None or parts.password is not None
    if parts.scheme not in USUAL_PORTS or not parts.hostname or has_user:
        raise ValueError(f"{BASE}.")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(NO_PATH)


class PortalURL(str):
    """A page of the company's own product, which a token is added to.

    Attributes:
        is_open: whether tokens would go there without TLS.
    """

    __slots__ = ("is_open",)
    is_open: bool

    def __new__(cls, text: str) -> Self:
        """Parse `text`. Raises ValueError with a sentence about what the address must be."""
        parts, _port = _split(text, PORTAL)
        has_user = parts.username is not None or parts.password is not None
        if parts.scheme not in USUAL_PORTS or not parts.hostname or has_user:
            raise ValueError(PORTAL)
        if parts.fragment:
            raise ValueError(PORTAL)
        host_of(parts.hostname, PORTAL)
        made = super().__new__(cls, text)
        made.is_open = parts.scheme != "https"
        return made

    def with_token(self, value: str) -> str:
        """Return the address with the token as its last parameter."""
        sign = "&" if "?" in self else "?"
        return f"{self}{sign}token={value}"


class DatabaseURL(str):
    """The address of the database; `url` is the same, parsed by SQLAlchemy."""

    __slots__ = ("url",)
    url: URL

    def __new__(cls, text: str) -> Self:
        """Parse `text`. Raises ValueError with a sentence about what the address must be."""
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


def named_database(text: str) -> tuple[str, DatabaseURL]:
    """Return the name and the address in a text such as `erp=postgresql://host/erp`.

    Raises ValueError with a sentence about what it must be.
    """
    name, _sign, address = text.partition("=")
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name) or not address:
        raise ValueError("must be names with addresses, such as erp=postgresql+psycopg://...")
    try:
        return name, DatabaseURL(address)
    except ValueError as error:
        raise ValueError(f"has an address that cannot be used: it {error}") from None


class MailServer(str):
    """The address of the mail server that takes outgoing mail.

    Attributes:
        mode: starttls, tls (from the first byte) or plain.
        host: the host name as used in the network.
        port: the port number, by default the usual one of the mode.
        user: the user name; empty if the server needs none.
        password: the password; empty if the server needs none.
    """

    __slots__ = ("host", "mode", "password", "port", "user")
    mode: str
    host: str
    port: int
    user: str
    password: str

    def __new__(cls, text: str) -> Self:
        """Parse `text`.

        Raises ValueError with a sentence about what the address must be, which does not repeat
        the password.
        """
        parts, port = _split(text, SMTP)
        user = unquote(parts.username or "")
        password = unquote(parts.password or "")
        is_server = parts.scheme in SMTP_MODES and parts.hostname and parts.path in ("", "/")
        if not is_server or parts.query or parts.fragment or not f"{user}{password}".isascii():
            raise ValueError(SMTP)
        mode, usual_port = SMTP_MODES[parts.scheme]
        made = super().__new__(cls, text)
        made.mode = mode
        made.host = host_of(parts.hostname or "", SMTP)
        made.port = port or usual_port
        made.user = user
        made.password = password
        return made

    @property
    def is_local(self) -> bool:
        """Whether the server is on this machine, where unencrypted mail does not leave it."""
        return self.host in LOOPBACK


class BucketURL(str):
    """The address of the bucket that keeps uploaded files.

    Attributes:
        bucket: its name.
        prefix: what the names of its objects begin with, a slash at its end, or nothing.
        region: where it is; `us-east-1` is what services without regions expect.
        endpoint: the address of the service; empty for AWS.
    """

    __slots__ = ("bucket", "endpoint", "prefix", "region")
    bucket: str
    prefix: str
    region: str
    endpoint: str

    def __new__(cls, text: str) -> Self:
        """Parse `text`. Raises ValueError with a sentence about what the address must be."""
        parts, port = _split(text, BUCKET)
        is_bucket = parts.scheme == "s3" and BUCKET_NAME.fullmatch(parts.netloc) and not port
        if not is_bucket or parts.fragment:
            raise ValueError(BUCKET)
        given = _options(parts.query)
        prefix = unquote(parts.path).strip("/")
        made = super().__new__(cls, text)
        made.bucket = parts.netloc
        made.prefix = f"{prefix}/" if prefix else ""
        made.region = given.get("region") or "us-east-1"
        made.endpoint = given.get("endpoint_url", "")
        return made

    @property
    def is_open(self) -> bool:
        """Whether files leave this machine unencrypted."""
        parts = urlsplit(self.endpoint)
        return parts.scheme == "http" and parts.hostname not in LOOPBACK


def _options(query: str) -> dict[str, str]:
    """Return the options of a bucket. Raises ValueError for any that it does not have."""
    given = dict(parse_qsl(query, keep_blank_values=True))
    endpoint, _port = _split(given.get("endpoint_url", "https://s3"), BUCKET)
    is_service = endpoint.scheme in USUAL_PORTS and bool(endpoint.hostname)
    if not is_service or not set(given) <= {"endpoint_url", "region"}:
        raise ValueError(BUCKET)
    return given


class Sender(str):
    """The sender of mails.

    Attributes:
        name: the display name, which may be empty.
        address: the e-mail address, its domain as used in the network.
    """

    __slots__ = ("address", "name")
    name: str
    address: str

    def __new__(cls, text: str) -> Self:
        """Parse `text`: an address, or a name and an address in angle brackets.

        The name may hold commas and quotation marks, and may be quoted itself. Raises ValueError
        with a sentence about what the text must look like.
        """
        name, address = _name_and_address(text)
        local, _, domain = address.strip().rpartition("@")
        # "=?" begins an encoded word (RFC 2047).
        fits_header = len(name) <= LONGEST_NAME and name.isprintable() and "=?" not in name
        if not DOT_ATOM.fullmatch(local) or not fits_header:
            raise ValueError(SENDER)
        made = super().__new__(cls, text)
        made.name = name
        made.address = f"{local}@{host_of(domain, SENDER)}"
        # The header is made of this: better it fails here than when a mail is sent.
        Address(display_name=name, addr_spec=made.address)
        return made

    @classmethod
    def at(cls, host: str) -> Self:
        """Return the sender that is used if none is configured.

        Mail cannot come from an IPv6 address, so `localhost` takes its place.
        """
        domain = "localhost" if ":" in host else host
        return cls(f"backoffice@{domain}")


def _name_and_address(text: str) -> tuple[str, str]:
    """Split `Name <address>` into the name, without its quotes, and the address."""
    match = NAME_AND_ADDRESS.fullmatch(text)
    if match is None:
        return "", text
    name = match["name"]
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return name, match["address"]


def host_of(text: str, refusal: str) -> str:
    """Return the host as used in the network, or raise ValueError(refusal).

    Names are in lower case and IDNA encoded, IP addresses in their canonical form.
    """
    plain = text.lower().rstrip(".")
    try:
        address = ip_address(plain)
    except ValueError:
        return _host_name(plain, refusal)
    if isinstance(address, IPv6Address) and address.scope_id:
        raise ValueError(refusal)
    return str(address)


def _host_name(plain: str, refusal: str) -> str:
    try:
        encoded = plain if plain.isascii() else idna.encode(plain, uts46=True).decode()
    except idna.IDNAError:
        raise ValueError(refusal) from None
    if not HOST.fullmatch(encoded):
        raise ValueError(refusal) from None
    return encoded


def _split(text: str, refusal: str) -> tuple[SplitResult, int]:
    """Return the parts of the address and its port, or 0 for none; raise ValueError(refusal)."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(refusal) from None
    if port == 0 or any(character.isspace() or not character.isprintable() for character in text):
        raise ValueError(refusal)
    return parts, port or 0
