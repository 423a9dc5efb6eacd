"""Tank: whose form has sections, and fields that depend on others."""

from acme.models.depot import Depot
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import Entity
from backoffice.models.columns import column
from backoffice.models.types import BigInt


class Tank(Entity):
    __tablename__ = "tanks"

    name: Mapped[str] = mapped_column(String(80), unique=True)
    code: Mapped[str] = mapped_column(String(20))
    content: Mapped[str] = column(String(10), default="water", choices=("water", "gas"))
    pressure: Mapped[int | None]
    is_cooled: Mapped[bool] = mapped_column(default=False)
    degrees: Mapped[int | None] = column(most=20)
    filled: Mapped[int] = mapped_column(default=0)
    depot_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("depots.id", ondelete="SET NULL"), index=True
    )

    depot: Mapped[Depot | None] = relationship()
