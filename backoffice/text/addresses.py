"""E-mail addresses and logins: when two spellings are one mailbox or one account."""

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
    """An address without what copying brings: blanks, unseen characters, `mailto:`, `Name <...>`.

    >>> pasted(" Jo <mailto:jo@example.com?subject=Hi> ")
    'jo@example.com'
    """
    text = "".join(c for c in text[:LONGEST] if c.isspace() or not is_unseen(c)).strip()
    if found := IN_BRACKETS.fullmatch(text):
        text = found[1].strip()
    if found := MAILTO.fullmatch(text):
        text = unquote(found[1]).strip()
    return text


def address_key(text: str) -> str:
    """The form in which two spellings of one e-mail address are equal, or a part of one that is sought.

    Accents stay: jose@ and josé@ are two mailboxes, and so are straße@ and strasse@, for case folding is not applied
    (only NFKC and lower case). The domain is the one of IDNA 2008, in letters: punycode and Unicode are one.
    """
    local, at, domain = unicodedata.normalize("NFKC", pasted(text)).rpartition("@")
    if at:
        return f"{login_key(local)}@{_domain(domain)}"
    return PUNYCODE.sub(lambda found: _letters(found[0]) or found[0], login_key(domain))


def is_address(text: str) -> bool:
    """Whether what somebody looks for is an e-mail address or a domain, whole or in part."""
    return "@" in text or "＠" in text or PUNYCODE.search(text) is not None


def login_key(text: str) -> str:
    """The form in which two spellings of one login are equal."""
    known, text = "", "".join(c for c in text[:LONGEST] if not is_unseen(c)).strip()
    while known != text:
        known, text = text, unicodedata.normalize("NFKC", text.lower()).replace("ς", "σ").strip()
    return text


def _domain(text: str) -> str:
    text = text.strip(" .。")
    if text.isascii() and "xn--" not in text.lower():
        return text.lower()
    return _letters(text) or login_key(text)


def _letters(domain: str) -> str:
    """The domain in Unicode; '' if it is none."""
    try:
        return idna.decode(idna.encode(domain[:LONGEST_DOMAIN], uts46=True))
    except (idna.IDNAError, UnicodeError):
        return ""
