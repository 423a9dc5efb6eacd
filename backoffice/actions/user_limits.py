"""Actions on what people are limited to: countries of clients, and their personal data."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, literal, select

from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.parameters import Stored
from backoffice.actions.engine.rules import Counted, Rule
from backoffice.actions.engine.set_action import is_same
from backoffice.actions.engine.values import OneOf, Value
from backoffice.actions.users import UserAction
from backoffice.extensions import db
from backoffice.models.base import Entity
from backoffice.models.bulk_run import BulkItem
from backoffice.models.row_keys import RowKey
from backoffice.models.user import LISTED, SCOPE_MODES, SCOPE_WORDS, User
from backoffice.people.client_limits import MASK, SCOPE, require_countries
from backoffice.policy import client_limits
from backoffice.policy.actor import Actor
from backoffice.policy.client_limits import Limit


class SetCountries(UserAction):
    """Limit which clients people see by country; an undo gives no more than the actor has."""

    name = "set_countries"
    permission = SCOPE
    label = _l("Set countries")
    title = Counted("Set the countries of {n} person", "Set the countries of {n} people")
    event = _l("{actor} set which countries' clients {subject} sees")
    done = _l("limited to these countries")
    result = Counted("Countries of {n} person set.", "Countries of {n} people set.")
    parameters: ClassVar = {
        "mode": OneOf(choices=SCOPE_MODES, words=SCOPE_WORDS, label=_l("Which clients")),
        "countries": Value(User.countries, label=_l("Countries"), shown_when={"mode": LISTED}),
    }
    watches = ("countries_mode", "countries")
    restores = ("countries_mode", "countries")

    def checked(
        self, actor: Actor, given: Mapping[str, Sequence[object]], *, locked: bool = False
    ) -> Stored:
        stored = super().checked(actor, given, locked=locked)
        chosen = _values(self.chosen(stored))
        require_countries(actor, Limit(chosen["countries_mode"], frozenset(chosen["countries"])))
        return stored

    def noted(self, _stored: Stored) -> dict[str, object]:
        return {}  # what is set is watched

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        values = _values(context.parameters)
        return and_(*(is_same(getattr(User, name), value) for name, value in values.items()))

    def apply(self, context: ActionContext, rows: Ids) -> None:
        self.update(rows, **_values(context.parameters))

    def judges_each_row(self) -> bool:
        return True

    def refusals(self, context: ActionContext, rows: Sequence[Entity]) -> dict[RowKey, str]:
        if not context.undo_of:
            return {}
        own = client_limits.countries_of(context.actor)
        remembered = select(BulkItem.row_id, BulkItem.memory).where(
            BulkItem.run_id == context.undo_of, BulkItem.row_id.in_([row.id for row in rows])
        )
        before = {
            row_id: Limit(memory["countries_mode"], frozenset(memory["countries"]))
            for row_id, memory in db.session.execute(remembered)
        }
        sentence = _("This would show more clients than you see yourself.")
        return {
            row_id: sentence
            for row_id, limit in before.items()
            if not client_limits.within_countries(limit, own)
        }


def _values(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is set, by column."""
    return {
        "countries_mode": parameters["mode"],
        "countries": parameters.get("countries") or [],
    }


class MaskData(UserAction):
    name = "mask_data"
    permission = MASK
    label = _l("Mask data")
    title = Counted("Mask clients' data for {n} person", "Mask clients' data for {n} people")
    event = _l("{actor} masked clients' data for {subject}")
    done = _l("with masked data")
    result = Counted("Data masked for {n} person.", "Data masked for {n} people.")
    watches = ("mask_data",)
    inverse = "show_data"

    def unchanged(self, _context: ActionContext) -> ColumnElement[bool]:
        return User.mask_data.is_(True)

    def apply(self, _context: ActionContext, rows: Ids) -> None:
        self.update(rows, mask_data=True)


class ShowData(UserAction):
    """Take off the mask that people have themselves; one of a group stays."""

    name = "show_data"
    permission = MASK
    label = _l("Show data")
    title = Counted("Show clients' data to {n} person", "Show clients' data to {n} people")
    event = _l("{actor} showed clients' data to {subject}")
    done = _l("without a mask of their own")
    result = Counted("Data shown to {n} person.", "Data shown to {n} people.")
    watches = ("mask_data",)
    inverse = "mask_data"
    rules = (
        *UserAction.rules,
        Rule(
            "masked",
            _l("You see masked data yourself, so you show {label} no more."),
            lambda context: literal(context.actor.mask_data),
        ),
    )

    def unchanged(self, _context: ActionContext) -> ColumnElement[bool]:
        return User.mask_data.is_(False)

    def apply(self, _context: ActionContext, rows: Ids) -> None:
        self.update(rows, mask_data=False)
