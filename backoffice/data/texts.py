"""What is typed becomes what is kept: names, addresses and phone numbers by one rule each, whosever they are."""

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
    "No mail from elsewhere reaches a domain of this name. For addresses that only your own network knows, "
    "whoever runs the server sets SPECIAL_USE_DOMAINS."
)
STAND_IN = ".example"


def kept(text: str, *, field: str, kind: str = "text", lines: bool = False) -> str:
    """The text as it is kept. Raises RuleBroken with `field` and the sentence that says what is wrong.

    `kind` is one of `fields.TEXTS`; `lines`: it may have line breaks and tabs.
    """
    return _KEEPERS.get(kind, _name)(text, field, lines)


def _name(text: str, field: str, lines: bool) -> str:
    text = tidied(text)
    if wrong := fault(text, lines=lines):
        raise RuleBroken(wrong, field=field)
    return text


def _email(text: str, field: str, _lines: bool) -> str:
    """Domains that only an own network knows, such as .local, are for those whose SPECIAL_USE_DOMAINS says so."""
    text = tidied(pasted(text))
    special = is_special_use(text)
    if special and not configured().special_use_domains:
        raise RuleBroken(SPECIAL_USE, field=field)
    # The library knows no exception for them: below a name that it takes, the rest is judged as ever.
    below = STAND_IN if special else ""
    try:
        checked = (
            validate_email(text + below, check_deliverability=False, strict=True).normalized
            if text
            else ""
        )
    except EmailNotValidError as error:
        raise RuleBroken(f"This is not an e-mail address. {error}", field=field) from None
    return checked.removesuffix(below)


def is_special_use(address: str) -> bool:
    """Whether the domain is one that no mail from elsewhere reaches (RFC 6761 and its kin)."""
    domain = address.rpartition("@")[2].casefold().rstrip(".")
    return any(domain == name or domain.endswith(f".{name}") for name in SPECIAL_USE_DOMAIN_NAMES)


def _phone(text: str, field: str, _lines: bool) -> str:
    text = tidied(text)
    try:
        return phones.canonical(text, configured().default_country) if text else ""
    except ValueError as error:
        raise RuleBroken(str(error), field=field) from None


_KEEPERS: dict[str, Callable[[str, str, bool], str]] = {"email": _email, "phone": _phone}


def require_free(model: Any, name: str, row: Group | ClientTag | None) -> None:
    """Raises RuleBroken (field name) if another row than `row` is called like that, or like something that looks so."""
    others = select(model).where(model.id != row.id if row else true()).limit(1)
    if db.session.scalar(others.where(model.name_key == name_key(name))):
        raise RuleBroken(f"Another {model.__singular__} has this name.", field="name")
    if like := db.session.scalar(others.where(model.name_skeleton == skeleton(name))):
        raise RuleBroken(f"This looks like the {model.__singular__} “{like.name}”.", field="name")
