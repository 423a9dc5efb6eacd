"""Depot, Pallet and Crate: goods in places."""

from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Numeric,
    String,
    Table,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import Base, Entity, Searchable
from backoffice.models.client_tag import ClientTag
from backoffice.models.columns import column
from backoffice.models.types import BigInt

# The columns stand the other way round, as they may.
depot_tags = Table(
    "depot_tags",
    Base.metadata,
    Column("client_tag_id", BigInt, ForeignKey("client_tags.id"), primary_key=True),
    Column("depot_id", BigInt, ForeignKey("depots.id", ondelete="CASCADE"), primary_key=True),
)


depot_neighbours = Table(
    "depot_neighbours",
    Base.metadata,
    Column("depot_id", BigInt, ForeignKey("depots.id", ondelete="CASCADE"), primary_key=True),
    Column("neighbour_id", BigInt, ForeignKey("depots.id", ondelete="CASCADE"), primary_key=True),
)


class Hazard(Enum):
    NONE = "none"
    FIRE = "fire"


class Depot(Entity):
    __tablename__ = "depots"

    name: Mapped[str] = mapped_column(String(80), unique=True)
    is_active: Mapped[bool] = mapped_column(default=True)

    client_tags: Mapped[list[ClientTag]] = relationship(secondary=depot_tags)
    neighbours: Mapped[list["Depot"]] = relationship(
        secondary=depot_neighbours,
        primaryjoin=lambda: Depot.id == depot_neighbours.c.depot_id,
        secondaryjoin=lambda: Depot.id == depot_neighbours.c.neighbour_id,
    )
    # A shelf has no relation back.
    shelves: Mapped[list["Shelf"]] = relationship(order_by=lambda: Shelf.id)


class Shelf(Entity):
    __tablename__ = "shelves"

    name: Mapped[str] = mapped_column(String(80))
    depot_id: Mapped[int] = mapped_column(BigInt, ForeignKey("depots.id"))


class Pallet(Searchable, Entity):
    __tablename__ = "pallets"
    __label__ = "code"
    __search__ = ("code", "goods")

    code: Mapped[str] = mapped_column(String(20))
    goods: Mapped[str] = mapped_column(String(80), default="")
    serial: Mapped[str | None] = mapped_column(String(20), unique=True)
    weight: Mapped[Decimal | None] = column(Numeric(8, 2), most=1000)
    pieces: Mapped[int] = mapped_column(default=0)
    ratio: Mapped[float | None] = mapped_column(Float)
    status: Mapped[str] = column(
        String(10), default="here", choices=("here", "moving"), words={"here": "On the spot"}
    )
    hazard: Mapped[Hazard] = mapped_column(default=Hazard.NONE)
    is_fragile: Mapped[bool] = mapped_column(default=False)
    due: Mapped[date | None]
    at: Mapped[datetime | None]
    opens: Mapped[time | None]
    facts: Mapped[dict[str, Any] | None]
    raw: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    # Tells something about groups, so those who see no groups do not see it.
    rating: Mapped[int] = column(default=5, info={"tells_of": "groups"})
    marks: Mapped[list[str]] = mapped_column(default=list)
    uuid: Mapped[UUID | None]
    note: Mapped[str | None] = column(String(2000), kind="long_text")
    depot_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("depots.id", ondelete="SET NULL")
    )

    depot: Mapped[Depot | None] = relationship()

    __table_args__ = (
        Index("ix_pallets_depot_id", "depot_id"),
        Index("ix_pallets_created_at_id", "created_at", "id"),
        Index("ix_pallets_due_id", "due", "id"),
        CheckConstraint(
            "status <> 'moving' OR pieces > 0",
            name="moves_something",
            info={"sentence": "An empty pallet does not move.", "field": "status"},
        ),
    )


class Crate(Entity):
    """Whose weight a function checks."""

    __tablename__ = "crates"

    name: Mapped[str] = mapped_column(String(80))
    weight: Mapped[int] = mapped_column(default=0)
    strength: Mapped[int] = mapped_column(default=10)
    label_text: Mapped[str] = mapped_column(String(80), default="")
    locked: Mapped[bool] = mapped_column(default=False)
