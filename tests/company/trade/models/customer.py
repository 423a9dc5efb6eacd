"""Customer, Order and Position: tables of the ERP. Visit is the company's own, and Load a query."""

from datetime import date

from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from backoffice.models.base import Entity
from backoffice.models.columns import column
from backoffice.models.external import External, SqlView


class Elsewhere(DeclarativeBase):
    """The base of another application's classes."""


class LegacyStaff(Elsewhere):
    __tablename__ = "STAFF"

    NAME: Mapped[str] = mapped_column(String(20), primary_key=True)


class Staff(External):
    __like__ = LegacyStaff


class Customer(External):
    __table_name__ = "KUNDEN"
    __singular__ = "customer"
    __plural__ = "customers"

    status = column(choices=("open", "shut"), colours={"open": "green"})
    keeper: Mapped[Staff | None] = relationship()
    orders: Mapped[list["Order"]] = relationship(back_populates="customer")


class Order(External):
    __table_name__ = "ORDERS"

    customer: Mapped[Customer | None] = relationship(back_populates="orders")


class Position(External):
    __table_name__ = "POSITIONS"

    order: Mapped[Order] = relationship()


class Visit(Entity):
    __tablename__ = "visits"
    __label__ = "note"

    note: Mapped[str] = mapped_column(String(80))
    day: Mapped[date | None] = mapped_column()
    customer_no: Mapped[str] = mapped_column(ForeignKey("KUNDEN.KDNR"), index=True)

    customer: Mapped[Customer] = relationship()


class Load(SqlView):
    __key__ = ("kdnr",)

    @staticmethod
    def __query__() -> object:
        orders = func.count().label("orders")
        return select(Order.kdnr, orders, func.max(Order.placed).label("latest")).group_by(
            Order.kdnr
        )


class Tally(SqlView):
    __query__ = staticmethod(lambda: select(Position.item, Position.amount))
