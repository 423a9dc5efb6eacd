"""What a message says: its templates filled in the person's language, and the mail with its headers."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any

import flask_babel
import idna
from babel.dates import format_timedelta
from flask_babel import Domain
from jinja2 import Environment, FileSystemLoader, StrictUndefined, UndefinedError, select_autoescape

from backoffice import clock
from backoffice.languages import DEFAULT, FOLDER
from backoffice.mail import outbox
from backoffice.models.message import Message
from backoffice.secrets import encryption
from backoffice.settings import Settings
from backoffice.text import UNITS, cleaned
from backoffice.text.devices import device_name

TEXTS = Domain(
    domain="mails"
)  # apart from the pages', which may be translated into fewer languages
TEMPLATES = Path(__file__).parent.parent / "templates"
LANGUAGE = DEFAULT  # of whoever is not known, and of whoever chose a language that we do not have
UNFIT = re.compile(
    r"[\x00-\x20\x7f-\xa0<>(),;:\\\"\[\]\u2028\u2029]"
)  # in an address: what begins another header or address
LONGEST = 200  # characters of a value that somebody else wrote
OURS = (
    "link",
    "code",
    "valid",
    "ip",
    "at",
    "base_url",
    "host",
    "product",
)  # made by the product, not by people
LINKISH = re.compile(r"://|www\.|\w\.[a-z]{2,}\b", re.IGNORECASE)
SECONDS = {word: size for size, word in UNITS} | {"second": 1}
SPAN = re.compile(r"([\d,]+) (second|minute|hour|day)s?")


class Unwritable(Exception):
    """The mail cannot be made, now or later; the text says why, without the address."""


@dataclass(frozen=True)
class Mail:
    """A mail as somebody reads it."""

    subject: str
    text: str
    html: str


def rendered(message: Message, settings: Settings) -> Mail:
    """What the message says, in its person's language. Raises Unwritable where that is not kept any more."""
    try:
        values = outbox.values_of(message, settings)
    except encryption.Unreadable:
        raise Unwritable(
            "What it says was encrypted with a key that is not configured any more."
        ) from None
    language, name = language_of(message), message.user.name if message.user else ""
    known = {
        **values,
        "name": name,
        "base_url": settings.base_url,
        "host": settings.host,
        "product": settings.product_name,
    }
    filled = {key: _tame(key, text) for key, text in known.items()}
    with flask_babel.force_locale(language):
        if "device" in values:
            filled["device"] = _tame("device", _device(values["device"]))
        if values.get("what"):  # a whole sentence of ours
            filled["what"] = _tame("what", TEXTS.gettext(values["what"]))
        if "valid" in values:
            filled["valid"] = _span(values["valid"], language)
        try:
            parts = {
                kind: _template(message.purpose, kind, filled, language)
                for kind in ("subject", "txt", "html")
            }
        except UndefinedError:
            raise Unwritable("What it was to say is not kept any more.") from None
    return Mail(" ".join(parts["subject"].split()), parts["txt"].strip() + "\n", parts["html"])


def composed(message: Message, settings: Settings) -> EmailMessage:
    """The mail as a server takes it. Raises Unwritable."""
    mail = rendered(message, settings)
    to = _recipient(message.address)
    made = EmailMessage(policy=SMTP if to.addr_spec.isascii() else SMTP.clone(utf8=True))
    made["From"] = _sender(settings)
    made["To"] = to
    made["Subject"] = mail.subject
    made["Date"] = format_datetime(clock.now())
    made["Message-ID"] = message_id(message, settings)
    made["Content-Language"] = language_of(message)
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies to this
    made["X-Auto-Response-Suppress"] = "All"  # the same for Exchange
    made.set_content(mail.text, cte="quoted-printable")
    made.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    return made


def message_id(message: Message, settings: Settings) -> str:
    """The same for every try, so that a mail which comes twice can be seen to be one; nobody else can make it up."""
    mark = hmac.new(
        settings.secret_key.encode(), f"message {message.id}".encode(), hashlib.sha256
    ).hexdigest()
    return f"<{message.id}.{mark[:32]}@{_domain(settings)}>"


def language_of(message: Message) -> str:
    """The person's language, if mails are written in it."""
    wanted = message.user.language.replace("-", "_").partition("_")[0] if message.user else LANGUAGE
    return wanted if wanted in _spoken() else LANGUAGE


@cache
def _spoken() -> set[str]:
    return {path.parts[-3] for path in FOLDER.glob("*/LC_MESSAGES/mails.mo")} | {LANGUAGE}


@cache
def environment() -> Environment:
    """The templates of mails know neither a request nor a page: only what they are given."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(  # type: ignore[attr-defined]  # the extension adds it
        gettext=lambda text: TEXTS.get_translations().ugettext(text),
        ngettext=lambda one, many, number: TEXTS.get_translations().ungettext(one, many, number),
        newstyle=True,
    )
    return made


def _template(purpose: str, kind: str, values: Mapping[str, str], language: str) -> str:
    return environment().get_template(f"email/{purpose}.{kind}").render(values, language=language)


def _tame(name: str, text: str) -> str:
    """One line with no unseen character but those that scripts and emoji need; what people wrote becomes no link."""
    line = " ".join(cleaned(text).split())
    if name in OURS:
        return line
    if LINKISH.search(line) and not re.fullmatch(r"\S+@\S+", line):
        line = re.sub(r"(?<=\w)\.(?=\w)", ". ", line.replace("://", " "))
    return line[:LONGEST]


def _device(text: str) -> str:
    return device_name(text) if "/" in text else text


def _span(text: str, language: str) -> str:
    """`8 hours` in the language."""
    if found := SPAN.fullmatch(text):
        number, unit = int(found[1].replace(",", "")), found[2]
        exactly: Any = {"granularity": unit, "threshold": 10**9}  # 90 minutes are not two hours
        return str(format_timedelta(number * SECONDS[unit], **exactly, locale=language))
    return text


def _recipient(address: str) -> Address:
    """Where the mail goes; the domain as the network writes it."""
    name, _at, domain = address.rpartition("@")
    try:
        plain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
        to = Address(username=name, domain=plain)
        if not name or not domain or UNFIT.search(address):
            raise ValueError
    except (ValueError, IndexError, MessageError, idna.IDNAError):
        raise Unwritable("This is not an address that mail can go to.") from None
    return to


def _sender(settings: Settings) -> Address:
    """`MAIL_FROM`, under the product's name unless it has one of its own."""
    sender = settings.sender
    return Address(display_name=sender.name or settings.product_name, addr_spec=sender.address)


def _domain(settings: Settings) -> str:
    return settings.sender.address.rpartition("@")[2]
