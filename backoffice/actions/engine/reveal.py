"""Reveal: see one row without masks for some minutes, with a reason that everybody can read."""

from datetime import timedelta
from typing import ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, true

from backoffice import limits
from backoffice.actions.engine.action import Action
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.extensions import db
from backoffice.models import masks, row_keys
from backoffice.models.reveal import Reveal as Revealed
from backoffice.places import DeclarationError
from backoffice.policy.permissions import area_of

LASTS = timedelta(seconds=limits.REVEALED)


class Reveal(Action):
    """Show a row without its masks to the actor; a subclass says its model.

    It ends by itself, and with the permission `<area>.reveal` (auth/actors.py). The details of the
    row tell everybody until when.
    """

    label = _l("Reveal")
    event = _l("{actor} saw the full data of {subject}")
    done = _l("revealed")
    reason_required = True
    most_rows = 1
    changes_rows = False
    irreversible: ClassVar[tuple[str, ...]] = (_l("What was seen cannot be taken back."),)

    @classmethod
    def _complete(cls) -> None:
        if "model" in vars(cls):
            _check(cls)
            cls.name = "reveal"
            cls.meaning = cls.meaning or _l(
                "See the full data of single %(plural)s for some minutes",
                plural=_l(cls.model.__plural__),
            )
        super()._complete()

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        if not context.actor.mask_data:
            return true()
        revealed = context.actor.revealed.get(area_of(self.model), frozenset())
        return self.model.id.in_(sorted(revealed))

    def apply(self, context: ActionContext, rows: Ids) -> None:
        db.session.add_all(
            Revealed(
                user_id=context.actor.user_id,
                area=area_of(self.model),
                row_id=row_id,
                reason=context.reason,
                ends_at=context.now + LASTS,
            )
            for row_id in db.session.scalars(rows).all()
        )


def _check(cls: type[Reveal]) -> None:
    """Raise DeclarationError if there is nothing to reveal, or no number to keep of a row."""
    if not masks.names(cls.model):
        raise DeclarationError(
            f"{cls.__name__}: {cls.model.__name__} has no column with a mask: leave it out"
        )
    if not row_keys.is_numbered(cls.model):
        raise DeclarationError(f"{cls.__name__}: rows of {cls.model.__name__} have no numbers")
