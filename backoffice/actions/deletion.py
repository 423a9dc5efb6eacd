"""The action Delete: its base, and one for every entity that declares none of its own."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete

from backoffice.actions.engine.action import Action, find
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.data import constraints, uploaded_files
from backoffice.models import fields
from backoffice.models.base import Entity, records
from backoffice.policy.permissions import area_of, verbs_of


class Delete(Action):
    """Delete rows for good; their events stay."""

    label = _l("Delete")
    event = _l("{actor} deleted {subject}")
    done = _l("deleted")
    danger = True
    typed_confirmation = True
    changes_rows = False
    irreversible = (_l("Deleted rows do not come back; the events log keeps what they said."),)

    def apply(self, context: ActionContext, rows: Ids) -> None:
        uploaded_files.forget_rows(self.model, rows)
        statement = delete(self.model).where(self.model.id.in_(rows))
        constraints.carry_out(self.model, rows, statement)


def declare_missing() -> None:
    """Declare Delete for every entity that may be deleted and does not have it yet."""
    for model in records():
        deletable = issubclass(model, Entity) and "delete" in verbs_of(model)
        if deletable and find(f"{area_of(model)}.delete") is None:
            attributes = {"model": model, "name": "delete", "watches": fields.visible(model)}
            type(f"Delete{model.__name__}", (Delete,), attributes)  # registers itself
