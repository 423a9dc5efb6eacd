"""Texts: of one line or several, addresses, phone numbers, logins, codes and links."""

from typing import ClassVar
from urllib.parse import urlsplit

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from flask_babel import gettext as _
from sqlalchemy import String
from sqlalchemy import Text as TextType

from backoffice.models.kinds.kind import Kind
from backoffice.models.types import TableColumn
from backoffice.settings import configured
from backoffice.text import LONGEST, address_key, fault, fold, login_key, phones, tidied
from backoffice.text.addresses import pasted

STAND_IN = ".example"  # a top-level domain that the address validator accepts


class Text(Kind[str]):
    """One line that people write.

    `lines` says whether it may contain line breaks and tabs.
    """

    name = "text"
    types = (String,)
    shape = "text"
    sorts = True
    searched = True
    lines: ClassVar[bool] = False

    def key(self, text: str) -> str:
        """Return the form in which texts of this kind are compared (models/keys.py)."""
        return fold(text)

    def clean(self, column: TableColumn, value: object) -> str:
        text = self.normalise(str(value))
        limit = length(column)
        if len(text) > limit:
            raise ValueError(_("Use at most %(limit)s characters.", limit=limit))
        return text

    def normalise(self, text: str) -> str:
        """Return the text in its stored form, however long it is."""
        text = tidied(text)
        if wrong := fault(text, lines=self.lines):
            raise ValueError(wrong)
        return text

    def parse(self, column: TableColumn, text: str) -> str | None:
        value = self.clean(column, text)
        return value if value or not column.nullable else None


class LongText(Text):
    """Several lines that people write."""

    name = "long_text"
    types = (TextType,)
    lines = True


class Email(Text):
    """An e-mail address."""

    name = "email"

    def key(self, text: str) -> str:
        return address_key(text)

    def normalise(self, text: str) -> str:
        """Validate and normalise an e-mail address.

        Domains that exist only in a private network, such as .local, need SPECIAL_USE_DOMAINS.
        """
        text = tidied(pasted(text))
        is_special = is_special_use(text)
        if is_special and not configured().special_use_domains:
            raise ValueError(
                _(
                    "No mail from elsewhere reaches a domain of this name. "
                    "For addresses that only your own network knows, "
                    "whoever runs the server sets SPECIAL_USE_DOMAINS."
                )
            )
        if not text:
            return ""
        # The library always refuses these domains. With a suffix that it accepts, it checks the
        # rest.
        suffix = STAND_IN if is_special else ""
        try:
            checked = validate_email(text + suffix, check_deliverability=False, strict=True)
        except EmailNotValidError as error:
            sentence = _("This is not an e-mail address. %(why)s", why=str(error))
            raise ValueError(sentence) from None
        return checked.normalized.removesuffix(suffix)


class Login(Text):
    """A name that a person signs in with."""

    name = "login"

    def key(self, text: str) -> str:
        return login_key(text)


class Phone(Text):
    """A telephone number, stored as E.164 has it."""

    name = "phone"

    def key(self, text: str) -> str:
        return phones.digits(text)

    def normalise(self, text: str) -> str:
        text = tidied(text)
        return phones.canonical(text, configured().default_country) if text else ""

    def write(self, _column: TableColumn, value: str | None) -> str:
        return phones.shown(value) if value else ""

    def plain(self, _column: TableColumn, value: str | None) -> str | None:
        return value


class Url(Text):
    """The address of a web page."""

    name = "url"

    def normalise(self, text: str) -> str:
        text = super().normalise(text)
        if not text:
            return ""
        try:
            parts = urlsplit(text)
            is_url = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            is_url = False
        if not is_url or " " in text:
            raise ValueError(_("Give an address such as https://example.com/page."))
        return text


class Code(Text):
    """One of a few words that programs write, and that are not known beforehand."""

    name = "code"
    shape = "code"


def is_special_use(address: str) -> bool:
    """Return whether the address has a domain that no mail from elsewhere reaches (RFC 6761)."""
    domain = address.rpartition("@")[2].casefold().rstrip(".")
    return any(domain == name or domain.endswith(f".{name}") for name in SPECIAL_USE_DOMAIN_NAMES)


def length(column: TableColumn) -> int:
    """Return how many characters the column takes."""
    return getattr(column.type, "length", None) or LONGEST
