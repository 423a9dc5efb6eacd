"""What people do to pallets."""

from sqlalchemy import func

from acme.models.warehouse import Pallet, Warehouse
from backoffice.actions.engine import Action, Choose, Number, SetAction, Text


# feature: move
class Move(SetAction):
    model, label = Pallet, "Move to warehouse"
    sets = {Pallet.warehouse: Choose(Warehouse, Warehouse.is_active)}


# feature: set-weight
class SetWeight(SetAction):
    model, label = Pallet, "Set weight"
    sets = {Pallet.weight: Number(least=0, unit="kg")}


# feature: add-note
class AddNote(Action):
    model, name, label = Pallet, "add_note", "Add note"
    permission = "pallets.edit"
    parameters = {"text": Text(lines=True)}
    watches = restores = ("note",)

    def apply(self, context, rows):
        self.update(rows, note=func.ltrim(Pallet.note + "\n" + context.parameters["text"], "\n"))
