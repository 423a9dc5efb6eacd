"""Append: add a text behind the one that each row has."""

from dataclasses import dataclass, field

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, false, func

from backoffice.actions.engine.context import ActionContext
from backoffice.actions.engine.rules import Rule
from backoffice.actions.engine.values import Text
from backoffice.models import fields
from backoffice.models.base import Entity
from backoffice.models.kinds.texts import length

NO_ROOM = "no_room"  # the code of the rule


@dataclass(frozen=True, eq=False)
class Append(Text):
    """A text that a SetAction adds behind the one that a row has.

    Attributes:
        separator: what stands between the two; by default, the text begins a line.
    """

    required: bool | None = field(default=True, kw_only=True)
    separator: str = field(default="\n", kw_only=True)

    def rule(self, model: type[Entity], name: str) -> Rule:
        """Return the rule that refuses rows whose text would become too long."""
        most = length(fields.column(model, name))

        def refuses(context: ActionContext) -> ColumnElement[bool]:
            if context.undo_of:  # which writes what was there before
                return false()
            added = len(self.separator) + len(context.parameters[name])
            return func.coalesce(func.length(fields.attribute(model, name)), 0) + added > most

        sentence = _l("The text of {label} has no room for so much more.")
        return Rule(NO_ROOM, sentence, refuses, of_choice=True)


@dataclass(frozen=True)
class Appended:
    """What is added to a text that only the row has."""

    text: str
    separator: str

    def to(self, present: object) -> str:
        """Return the whole text, where the row has `present`."""
        return f"{present}{self.separator}{self.text}" if present else self.text
