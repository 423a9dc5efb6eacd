"""Managers see only their warehouses."""

from sqlalchemy import true

from acme.models.warehouse import Pallet, Warehouse
from backoffice.policy.rules import scope, scoped


# feature: permissions
@scoped(Warehouse)
def warehouses(actor):
    return true() if actor.all_permissions else Warehouse.manager_id == actor.user_id


@scoped(Pallet)
def pallets(actor):
    return Pallet.warehouse.has(scope(actor, Warehouse))
