"""Warehouses, their tags and their pallets."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Numeric, String, Table, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import Base, Entity, Searchable
from backoffice.models.columns import column
from backoffice.models.files import File, Picture
from backoffice.models.types import BigInt
from backoffice.models.user import User

warehouse_tags = Table(
    "warehouse_tags",
    Base.metadata,
    Column(
        "warehouse_id", BigInt, ForeignKey("warehouses.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("tag_id", BigInt, ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True),
)


class Tag(Entity):
    __tablename__ = "tags"

    name: Mapped[str] = mapped_column(String(60), unique=True)


class Warehouse(Searchable, Entity):
    __tablename__ = "warehouses"
    __search__ = ("name", "code", "email")

    name: Mapped[str] = mapped_column(String(80))
    code: Mapped[str] = mapped_column(String(10), unique=True)
    country: Mapped[str | None] = column(String(2), kind="country")
    opened_on: Mapped[date | None]
    capacity: Mapped[int] = column(default=0, least=0)
    rent: Mapped[Decimal | None] = column(Numeric(12, 2), kind="money", currency="EUR")
    is_active: Mapped[bool] = mapped_column(default=True)
    manager_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("users.id", ondelete="SET NULL")
    )
    note: Mapped[str] = column(Text, default="")
    email: Mapped[str | None] = column(String(254), kind="email")
    website: Mapped[str | None] = column(String(200), kind="url")
    facts: Mapped[dict[str, Any] | None]
    picture: Mapped[Picture | None]
    contract: Mapped[File | None]

    manager: Mapped[User | None] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary=warehouse_tags)

    __table_args__ = (
        Index("ix_warehouses_search_key_id", "search_key", "id"),
        Index("ix_warehouses_manager_id", "manager_id"),
    )


class Pallet(Entity):
    __tablename__ = "pallets"
    __label__ = "id"

    warehouse_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("warehouses.id", ondelete="CASCADE")
    )
    weight: Mapped[Decimal] = column(Numeric(8, 2), default=0, least=0)
    status: Mapped[str] = column(String(10), default="here", choices=("here", "moving"))
    note: Mapped[str] = column(Text, default="")

    warehouse: Mapped[Warehouse] = relationship()

    __table_args__ = (Index("ix_pallets_warehouse_id", "warehouse_id"),)
