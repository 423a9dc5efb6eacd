"""Good and Item: the same rows, with a number and with a text as their key."""

from decimal import Decimal

from sqlalchemy import Index, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Entity
from backoffice.models.columns import column
from backoffice.models.external import External

STATUSES = ("new", "used", "sold", "lost")


class Good(Entity):
    __tablename__ = "goods"

    code: Mapped[str] = mapped_column(String(12), unique=True)
    name: Mapped[str] = mapped_column(String(40))
    status: Mapped[str] = column(String(10), choices=STATUSES)
    amount: Mapped[Decimal] = mapped_column(Numeric(10, 2))

    __table_args__ = (Index("ix_goods_status_id", "status", "id"),)


class Item(External):
    __table_name__ = "ITEMS"

    status = column(choices=STATUSES)
