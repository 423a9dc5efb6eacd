"""Who sees which parcels."""

from acme.models.parcel import Parcel
from sqlalchemy import ColumnElement, true

from backoffice.policy.actor import Actor
from backoffice.policy.rules import can, scoped


@scoped(Parcel)
def visible(actor: Actor) -> ColumnElement[bool]:
    """Hide secret parcels from those who only look."""
    return true() if can(actor, "parcels.edit") else Parcel.name != "Secret"
