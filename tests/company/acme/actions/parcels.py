"""What people do with parcels."""

from typing import ClassVar

from acme.models.parcel import Parcel

from backoffice.actions.engine import Action, ActionContext, File, Ids, SetAction, Value
from backoffice.data import files


class Measure(Action):
    """Reads the file that it is given."""

    model, name, label, done = Parcel, "measure", "Measure", "measured"
    permission = "parcels.edit"
    watches = ("weight",)
    parameters: ClassVar = {
        "letter": File(accepts=("pdf",), largest=1000),
        "more": File(several=True, required=False),
    }

    def apply(self, context: ActionContext, rows: Ids) -> None:
        self.update(rows, weight=len(files.content(context.parameters["letter"])))


class Attach(SetAction):
    model, label, done = Parcel, "Attach", "attached"
    sets = {Parcel.slip: Value()}
