"""Turn typed texts into the form that is stored: names, e-mail addresses and phone numbers."""

from collections.abc import Callable
from typing import Any

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from sqlalchemy import select, true

from backoffice.errors import RuleBroken
from backoffice.extensions import configured, db
from backoffice.models.client_tag import ClientTag
from backoffice.models.group import Group
from backoffice.text import fault, name_key, phones, tidied
from backoffice.text.addresses import pasted
from backoffice.text.looks import skeleton

SPECIAL_USE = (
    "No mail from elsewhere reaches a domain of this name. "
    "For addresses that only your own network knows, "
    "whoever runs the server sets SPECIAL_USE_DOMAINS."
)
STAND_IN = ".example"  # a top-level domain that the address validator accepts


def kept(text: str, *, field: str, kind: str = "text", lines: bool = False) -> str:
    """Return the text in the form that is stored.

    `kind` is one of `fields.TEXTS`. `lines` says whether the text may contain line breaks and tabs.
    Raises RuleBroken with `field` and a sentence that says what is wrong.
    """
    return _KEEPERS.get(kind, _name)(text, field, lines)


def _name(text: str, field: str, lines: bool) -> str:
    text = tidied(text)
    if wrong := fault(text, lines=lines):
        raise RuleBroken(wrong, field=field)
    return text


def _email(text: str, field: str, _lines: bool) -> str:
    """Validate and normalise an e-mail address.

    Domains that exist only in a private network, such as .local, need SPECIAL_USE_DOMAINS.
    """
    text = tidied(pasted(text))
    is_special = is_special_use(text)
    if is_special and not configured().special_use_domains:
        raise RuleBroken(SPECIAL_USE, field=field)
    if not text:
        return ""
    # The library always refuses these domains. With a suffix that it accepts, it checks the rest.
    suffix = STAND_IN if is_special else ""
    try:
        checked = validate_email(text + suffix, check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        raise RuleBroken(f"This is not an e-mail address. {error}", field=field) from None
    return checked.normalized.removesuffix(suffix)


def is_special_use(address: str) -> bool:
    """Return whether the address has a domain that no mail from elsewhere reaches (RFC 6761)."""
    domain = address.rpartition("@")[2].casefold().rstrip(".")
    return any(domain == name or domain.endswith(f".{name}") for name in SPECIAL_USE_DOMAIN_NAMES)


def _phone(text: str, field: str, _lines: bool) -> str:
    text = tidied(text)
    if not text:
        return ""
    try:
        return phones.canonical(text, configured().default_country)
    except ValueError as error:
        raise RuleBroken(str(error), field=field) from None


_KEEPERS: dict[str, Callable[[str, str, bool], str]] = {"email": _email, "phone": _phone}


def require_free(model: Any, name: str, row: Group | ClientTag | None) -> None:
    """Raise RuleBroken with the field "name" if another row than `row` has the name.

    A name that looks the same counts too.
    """
    others = select(model).where(model.id != row.id if row else true()).limit(1)
    if db.session.scalar(others.where(model.name_key == name_key(name))):
        raise RuleBroken(f"Another {model.__singular__} has this name.", field="name")
    if like := db.session.scalar(others.where(model.name_skeleton == skeleton(name))):
        raise RuleBroken(f"This looks like the {model.__singular__} “{like.name}”.", field="name")
