"""What people do to pallets."""

from acme.models.warehouse import Pallet, Warehouse
from backoffice.actions.engine import Append, Choose, Number, SetAction


# feature: move
class Move(SetAction):
    model, label = Pallet, "Move to warehouse"
    sets = {Pallet.warehouse: Choose(Warehouse, Warehouse.is_active)}


# feature: set-weight
class SetWeight(SetAction):
    model, label = Pallet, "Set weight"
    sets = {Pallet.weight: Number(least=0, unit="kg")}


# feature: add-note
class AddNote(SetAction):
    model, label = Pallet, "Add note"
    sets = {Pallet.note: Append(label="Text")}
