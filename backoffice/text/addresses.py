"""Decide when two spellings of an e-mail address or a login mean the same mailbox or account."""

import re
import unicodedata
from urllib.parse import unquote

import idna

from backoffice.text.characters import LONGEST, is_unseen

IN_BRACKETS = re.compile(r"[^<>]*<([^<>]*@[^<>]*)>[^<>]*")
MAILTO = re.compile(r"mailto:([^?]*)(?:\?.*)?", re.IGNORECASE | re.DOTALL)
PUNYCODE = re.compile(r"xn--[a-z0-9-]+", re.IGNORECASE)
LONGEST_DOMAIN = 255


def pasted(text: str) -> str:
    """Strip what copying adds to an address: blanks, invisible characters, `mailto:`, `Name <...>`.

    >>> pasted(" Jo <mailto:jo@example.com?subject=Hi> ")
    'jo@example.com'
    """
    text = text[:LONGEST]
    if not (text.isascii() and text.isprintable()):
        text = "".join(c for c in text if c.isspace() or not is_unseen(c))
    text = text.strip()
    if match := IN_BRACKETS.fullmatch(text):
        text = match[1].strip()
    if match := MAILTO.fullmatch(text):
        text = unquote(match[1]).strip()
    return text


def address_key(text: str) -> str:
    """Return the form in which all spellings of one e-mail address are equal.

    The text may also be a part of an address, as people type it to search. Accents stay: jose@ and
    josé@ are two mailboxes. So are straße@ and strasse@, because only NFKC and lower case are
    applied, not case folding. The domain is converted to Unicode by IDNA 2008, which makes its
    punycode and Unicode spellings equal.
    """
    local, at, domain = unicodedata.normalize("NFKC", pasted(text)).rpartition("@")
    if at:
        return f"{login_key(local)}@{_domain(domain)}"
    return PUNYCODE.sub(lambda match: _decoded(match[0]) or match[0], login_key(domain))


def is_address(text: str) -> bool:
    """Return whether a search text is an e-mail address or a domain, whole or in part."""
    has_at = "@" in text or "＠" in text
    return has_at or PUNYCODE.search(text) is not None


def login_key(text: str) -> str:
    """Return the form in which all spellings of one login are equal."""
    text = text[:LONGEST]
    if text.isascii() and text.isprintable():
        return text.strip().lower()
    key = "".join(c for c in text if not is_unseen(c)).strip()
    previous = ""
    # Normalising may create capitals or blanks, which the next round handles.
    while key != previous:
        previous = key
        key = unicodedata.normalize("NFKC", key.lower()).replace("ς", "σ").strip()
    return key


def _domain(text: str) -> str:
    """Return the domain in lower case and in Unicode; treat an invalid domain like a login."""
    text = text.strip(" .。")
    if text.isascii() and "xn--" not in text.lower():
        return text.lower()
    return _decoded(text) or login_key(text)


def _decoded(domain: str) -> str:
    """Return the domain in Unicode, or '' if it is not a valid domain."""
    try:
        return idna.decode(idna.encode(domain[:LONGEST_DOMAIN], uts46=True))
    except (idna.IDNAError, UnicodeError):
        return ""
