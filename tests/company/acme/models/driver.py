"""Driver: of whom some people see no more than a mask."""

from acme.models.depot import Depot
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, relationship

from backoffice.models.base import Entity
from backoffice.models.columns import column
from backoffice.models.types import BigInt


class Driver(Entity):
    __tablename__ = "drivers"

    name: Mapped[str] = column(String(80), mask="name")
    phone: Mapped[str] = column(String(32), default="", kind="phone", mask="phone")
    licence: Mapped[str] = column(String(40), default="", mask="text")
    truck: Mapped[str] = column(String(20), default="")
    depot_id: Mapped[int | None] = column(
        BigInt, ForeignKey("depots.id", ondelete="SET NULL"), index=True
    )

    depot: Mapped[Depot | None] = relationship()
