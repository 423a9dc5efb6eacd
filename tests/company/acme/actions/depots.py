"""What people do to pallets."""

from typing import ClassVar

from acme.models.depot import Depot, Pallet
from sqlalchemy import update

from backoffice.actions.engine import (
    Action,
    ActionContext,
    Append,
    Choose,
    Date,
    Ids,
    Number,
    OneOf,
    SetAction,
    Switch,
    Text,
    Value,
)
from backoffice.errors import RuleBroken
from backoffice.extensions import db


class Move(SetAction):
    model, label = Pallet, "Move to depot"
    sets = {Pallet.depot: Choose(Depot, Depot.is_active, refusal="This depot is closed.")}


class SetWeight(SetAction):
    model, label = Pallet, "Set weight"
    sets = {Pallet.weight: Number(least=0, unit="kg")}


class Rename(SetAction):
    model, label = Pallet, "Rename goods"
    sets = {Pallet.goods: Text(label="Goods now")}
    meaning = "Rename goods"


class AddNote(SetAction):
    model, label = Pallet, "Add note"
    sets = {Pallet.note: Append(label="Text")}


class Empty(SetAction):
    model, label, done = Pallet, "Empty", "emptied"
    sets = {Pallet.pieces: 0, Pallet.weight: None}


class Send(SetAction):
    model, label = Pallet, "Send off"
    sets = {Pallet.status: "moving"}


class Count(Action):
    """Needs no rows."""

    model, name, label = Pallet, "count", "Count again"
    meaning = "Count pallets again"
    is_global = True
    changes_rows = False
    reason_required = True
    parameters: ClassVar = {"pieces": Number(least=1)}

    def apply(self, context: ActionContext, rows: Ids) -> None:
        if context.parameters["pieces"] == 13:
            raise RuleBroken("Thirteen is no number to count to.", field="pieces")
        db.session.execute(update(Pallet).values(pieces=context.parameters["pieces"]))


class Praise(SetAction):
    """Sets what not everybody may read."""

    model, label = Pallet, "Praise"
    sets = {Pallet.rating: 10}


class Weigh(Action):
    """Asks for a value of the same name as the column that it watches."""

    model, name, label = Pallet, "weigh", "Weigh"
    permission = "pallets.edit"
    watches = ("weight",)
    parameters: ClassVar = {"weight": Value(Pallet.weight)}

    def apply(self, context: ActionContext, rows: Ids) -> None:
        self.update(rows, weight=context.parameters["weight"])


class Report(Action):
    """Asks for everything, and changes nothing."""

    model, name, label, done = Pallet, "report", "Report damage", "reported"
    meaning = "Report damage"
    changes_rows = False
    parameters: ClassVar = {
        "how": OneOf(choices=("wet", "other"), words={"wet": "Got wet"}),
        "what": Text(lines=True, length=200, shown_when={"how": "other"}, description="In words."),
        "litres": Number(least=1, most=50, places=1, unit="l", shown_when={"how": "wet"}),
        "since": Date(required=False, required_when={"how": "other"}),
        "hurry": Switch(),
        "depots": Choose(Depot, multiple=True, required=False),
    }

    def apply(self, context: ActionContext, rows: Ids) -> None:
        pass
