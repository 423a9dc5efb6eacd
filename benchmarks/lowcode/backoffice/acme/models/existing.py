"""Tables that were there before, and a query."""

from sqlalchemy import func, select

from acme.models.warehouse import Pallet
from backoffice.models.external import External, SqlView


class Customer(External):
    __table_name__ = "KUNDEN"
    __singular__, __plural__ = "customer", "customers"


class Stock(External):
    __table_name__ = "STOCK"
    __singular__, __plural__ = "item", "items"


class Load(SqlView):
    __key__ = ("warehouse_id",)
    __query__ = select(
        Pallet.warehouse_id,
        func.count().label("pallets"),
        func.sum(Pallet.weight).label("weight"),
    ).group_by(Pallet.warehouse_id)
