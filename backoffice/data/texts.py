"""Check typed texts that are no value of a column, and names that have to be free."""

from flask_babel import gettext as _
from sqlalchemy import select, true

from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.models import fields, keys, kinds
from backoffice.models.base import Entity
from backoffice.models.kinds.texts import Text
from backoffice.text import name_key
from backoffice.text.looks import skeleton


def normalised(text: str, *, field: str, kind: str = "text") -> str:
    """Return the text in the form in which its kind stores it, such as an address without blanks.

    Raises RuleBroken with `field` and a sentence that says what is wrong.
    """
    what = kinds.named(kind)
    assert isinstance(what, Text)
    try:
        return what.normalise(text)
    except ValueError as error:
        raise RuleBroken(str(error), field=field) from None


def require_free(model: type[Entity], name: str, row: Entity | None) -> None:
    """Raise RuleBroken with the field "name" if another row than `row` has the name.

    A name that looks the same counts too. The model has the key and the skeleton of its names.
    """
    key = fields.attribute(model, f"name{keys.SUFFIX}")
    looks = fields.attribute(model, f"name{keys.LOOKS}")
    others = select(model).where(model.id != row.id if row else true()).limit(1)
    if db.session.scalar(others.where(key == name_key(name))):
        text = _("Another %(noun)s has this name.", noun=model.noun())
        raise RuleBroken(text, field="name")
    if like := db.session.scalar(others.where(looks == skeleton(name))):
        noun = model.noun()
        text = _("This looks like the %(noun)s “%(name)s”.", noun=noun, name=like.label)
        raise RuleBroken(text, field="name")
