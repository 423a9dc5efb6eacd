"""What is typed becomes what is kept: names, addresses and phone numbers by one rule each, whosever they are."""

from collections.abc import Callable
from typing import Any

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select, true

from backoffice.errors import RuleBroken
from backoffice.extensions import configured, db
from backoffice.models.client_tag import ClientTag
from backoffice.models.group import Group
from backoffice.text import fault, name_key, phones, tidied
from backoffice.text.addresses import pasted
from backoffice.text.looks import skeleton


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
    text = tidied(pasted(text))
    try:
        return validate_email(text, check_deliverability=False).normalized if text else ""
    except EmailNotValidError as error:
        raise RuleBroken(f"This is not an e-mail address. {error}", field=field) from None


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
