"""Check typed texts that are no value of a column, and names that have to be free."""

from typing import TypeVar

from flask_babel import gettext as _
from sqlalchemy import select, true

from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.models import kinds
from backoffice.models.client_tag import ClientTag
from backoffice.models.group import Group
from backoffice.models.kinds.texts import Text
from backoffice.text import name_key
from backoffice.text.looks import skeleton

Named = TypeVar("Named", Group, ClientTag)


def kept(text: str, *, field: str, kind: str = "text") -> str:
    """Return the text in the form that is stored, as its kind has it.

    Raises RuleBroken with `field` and a sentence that says what is wrong.
    """
    what = kinds.named(kind)
    assert isinstance(what, Text)
    try:
        return what.clean(text)
    except ValueError as error:
        raise RuleBroken(str(error), field=field) from None


def require_free(model: type[Named], name: str, row: Named | None) -> None:
    """Raise RuleBroken with the field "name" if another row than `row` has the name.

    A name that looks the same counts too.
    """
    others = select(model).where(model.id != row.id if row else true()).limit(1)
    if db.session.scalar(others.where(model.name_key == name_key(name))):
        text = _("Another %(noun)s has this name.", noun=model.noun())
        raise RuleBroken(text, field="name")
    if like := db.session.scalar(others.where(model.name_skeleton == skeleton(name))):
        noun = model.noun()
        text = _("This looks like the %(noun)s “%(name)s”.", noun=noun, name=like.name)
        raise RuleBroken(text, field="name")
