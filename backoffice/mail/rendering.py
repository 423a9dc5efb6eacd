"""Render messages in the language of their recipients, and build mails with their headers."""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

import flask_babel
import idna
from babel.core import negotiate_locale
from babel.dates import format_timedelta
from jinja2 import UndefinedError

from backoffice import clock, languages
from backoffice.mail import outbox, templates
from backoffice.models import mails
from backoffice.models.mails import Format
from backoffice.models.message import Message
from backoffice.policy import permissions
from backoffice.secrets import encryption
from backoffice.settings import Settings
from backoffice.text import N_, UNITS, translated, without_invisible
from backoffice.text.devices import device_name

# For unknown recipients, and for people whose language has no translation.
LANGUAGE = languages.DEFAULT
# Characters that could begin another header or address.
UNFIT = re.compile(r"[\x00-\x20\x7f-\xa0<>(),;:\\\"\[\]\u2028\u2029]")
LONGEST = 200  # characters of a value that people wrote
# Values that are made by the product, not by people.
OURS = ("link", "code", "valid", "ip", "at", "base_url", "host", "product")
ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+")  # of e-mail, which no mail program opens as a page
LINKISH = re.compile(r"://|www\.|\w\.[a-z]{2,}\b", re.IGNORECASE)
SECONDS = {word: size for size, word in UNITS} | {"second": 1}
SPAN = re.compile(r"([\d,]+) (second|minute|hour|day)s?")


class Unwritable(Exception):
    """The mail cannot be made, now or later. The text says why in English, without the address."""


@dataclass(frozen=True)
class Mail:
    """The content of a mail: its subject and its body, as plain text and as HTML."""

    subject: str
    text: str
    html: str


def rendered(message: Message, settings: Settings) -> Mail:
    """Render the message in the language of its recipient.

    Raises Unwritable if the values of the message are not kept any more.
    """
    try:
        values = outbox.values_of(message, settings)
    except encryption.Unreadable:
        raise Unwritable(
            N_("What it says was encrypted with a key that is not configured any more.")
        ) from None
    language = language_of(message)
    with flask_babel.force_locale(language):
        filled = _filled(message, values, language, settings)
        try:
            subject = templates.render(message.purpose, "subject", filled, language)
            text = templates.render(message.purpose, "txt", filled, language)
            html = templates.render(message.purpose, "html", filled, language)
        except UndefinedError:
            raise Unwritable(N_("What it was to say is not kept any more.")) from None
    return Mail(" ".join(subject.split()), text.strip() + "\n", html)


def _filled(
    message: Message, values: Mapping[str, str], language: str, settings: Settings
) -> dict[str, str]:
    """Return the values that the templates get, translated and made safe to show."""
    known = {
        **values,
        "name": _name(message),
        "base_url": settings.base_url,
        "host": settings.host,
        "product": settings.product_name,
    }
    formats = mails.named(message.purpose).formats
    return {
        name: _tame(name, _formatted(text, formats.get(name), language))
        for name, text in known.items()
    }


def _name(message: Message) -> str:
    """Return what the recipient is called; '' for somebody unknown."""
    if client := message.client:
        return f"{client.first_name} {client.last_name}".strip()
    return message.user.name if message.user else ""


def composed(message: Message, settings: Settings) -> EmailMessage:
    """Build the mail with its headers, as a mail server accepts it. Raises Unwritable."""
    mail = rendered(message, settings)
    to = _recipient(message.address)
    policy = SMTP if to.addr_spec.isascii() else SMTP.clone(utf8=True)
    made = EmailMessage(policy=policy)
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
    """Return the Message-ID of the message, which is the same at every attempt.

    A mail that arrives twice can thus be recognised as one. Nobody else can guess the id.
    """
    text = f"message {message.id}".encode()
    mark = hmac.new(settings.secret_key.encode(), text, hashlib.sha256).hexdigest()
    domain = settings.sender.address.rpartition("@")[2]
    return f"<{message.id}.{mark[:32]}@{domain}>"


def language_of(message: Message) -> str:
    """Return the language of the recipient if mails are translated into it, or else the default."""
    wanted = [language.replace("-", "_") for language in _spoken(message) if language]
    return negotiate_locale(wanted, languages.translated(), sep="_") or LANGUAGE


def _spoken(message: Message) -> Sequence[str | None]:
    """Return the languages of the recipient, the preferred one first."""
    if client := message.client:
        return client.communication_language, client.language
    return (message.user.language,) if message.user else ()


def _tame(name: str, text: str) -> str:
    """Return the text as one line without invisible characters.

    Text that people wrote is cut, and broken where a mail program would turn it into a link.
    """
    line = " ".join(without_invisible(text).split())
    if name in OURS:
        return line
    if LINKISH.search(line) and not ADDRESS.fullmatch(line):
        line = re.sub(r"(?<=\w)\.(?=\w)", ". ", line.replace("://", " "))
    return line[:LONGEST]


def _formatted(text: str, format_: Format | None, language: str) -> str:
    """Return a value as its reader is to see it."""
    if format_ is None or not text:
        return text
    match format_:
        case Format.DEVICE:
            return device_name(text) if "/" in text else text
        case Format.SENTENCE:
            return translated(text)
        case Format.PERMISSION:
            return permissions.meaning(text)
        case Format.DURATION:
            return _duration(text, language)


def _duration(text: str, language: str) -> str:
    """Translate a time span such as `8 hours` into the language; leave other texts unchanged."""
    match = SPAN.fullmatch(text)
    if match is None:
        return text
    number = int(match[1].replace(",", ""))
    unit = match[2]
    # Keeps the unit: 90 minutes must not become two hours.
    exactly: Any = {"granularity": unit, "threshold": 10**9}
    return str(format_timedelta(number * SECONDS[unit], **exactly, locale=language))


def _recipient(address: str) -> Address:
    """Return the recipient, with the domain in ASCII. Raises Unwritable."""
    name, _at, domain = address.rpartition("@")
    try:
        plain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
        to = Address(username=name, domain=plain)
        if not name or not domain or UNFIT.search(address):
            raise ValueError
    except (ValueError, IndexError, MessageError, idna.IDNAError):
        raise Unwritable(N_("This is not an address that mail can go to.")) from None
    return to


def _sender(settings: Settings) -> Address:
    """Return the address in `MAIL_FROM`, with its name or else the name of the product."""
    sender = settings.sender
    return Address(display_name=sender.name or settings.product_name, addr_spec=sender.address)
