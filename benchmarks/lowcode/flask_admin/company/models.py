"""Warehouses, pallets, people, and what was there before."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

from flask_login import UserMixin
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, Column, ForeignKey, Numeric, String, Table, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy_utils import EmailType, URLType


class Base(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Base)
user_groups = Table(
    "user_groups",
    db.metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("group_id", ForeignKey("groups.id"), primary_key=True),
)
warehouse_tags = Table(
    "warehouse_tags",
    db.metadata,
    Column("warehouse_id", ForeignKey("warehouses.id"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id"), primary_key=True),
)


class Group(db.Model):
    __tablename__ = "groups"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    permissions: Mapped[list[str]] = mapped_column(JSON, default=list)

    def __str__(self):
        return self.name


class User(UserMixin, db.Model):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    password: Mapped[str] = mapped_column(String(200))
    is_owner: Mapped[bool] = mapped_column(default=False)
    groups: Mapped[list[Group]] = relationship(secondary=user_groups)

    def __str__(self):
        return self.name


class Tag(db.Model):
    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)

    def __str__(self):
        return self.name


class Warehouse(db.Model):
    __tablename__ = "warehouses"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    code: Mapped[str] = mapped_column(String(10), unique=True)
    country: Mapped[str | None] = mapped_column(String(2))
    opened_on: Mapped[date | None]
    capacity: Mapped[int] = mapped_column(default=0)
    rent: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    is_active: Mapped[bool] = mapped_column(default=True)
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    note: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(EmailType)
    website: Mapped[object | None] = mapped_column(URLType)
    facts: Mapped[dict | None] = mapped_column(JSON)
    picture: Mapped[str | None] = mapped_column(String(200))
    contract: Mapped[str | None] = mapped_column(String(200))

    manager: Mapped[User | None] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary=warehouse_tags)
    pallets: Mapped[list["Pallet"]] = relationship(back_populates="warehouse")

    def __str__(self):
        return self.name


class Status(StrEnum):
    HERE = "here"
    MOVING = "moving"


class Pallet(db.Model):
    __tablename__ = "pallets"

    id: Mapped[int] = mapped_column(primary_key=True)
    warehouse_id: Mapped[int] = mapped_column(ForeignKey("warehouses.id"))
    weight: Mapped[Decimal] = mapped_column(Numeric(8, 2), default=0)
    status: Mapped[Status] = mapped_column(default=Status.HERE)
    note: Mapped[str | None] = mapped_column(Text)

    warehouse: Mapped[Warehouse] = relationship(back_populates="pallets")

    def __str__(self):
        return f"Pallet {self.id}"


class Change(db.Model):
    __tablename__ = "changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))
    who: Mapped[str] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(40))
    table: Mapped[str] = mapped_column(String(40))
    row: Mapped[str] = mapped_column(String(200))


class Customer(db.Model):
    __tablename__ = "KUNDEN"

    number: Mapped[str] = mapped_column("KDNR", String(10), primary_key=True)
    name: Mapped[str] = mapped_column("NAME", String(80))
    city: Mapped[str | None] = mapped_column("ORT", String(80))


class Stock(db.Model):
    __tablename__ = "STOCK"

    site: Mapped[str] = mapped_column("SITE", String(10), primary_key=True)
    item: Mapped[str] = mapped_column("ITEM", String(10), primary_key=True)
    pieces: Mapped[int] = mapped_column("PIECES")


class Load(db.Model):
    __tablename__ = "loads"

    id: Mapped[int] = mapped_column(ForeignKey("warehouses.id"), primary_key=True)
    pallets: Mapped[int]
    weight: Mapped[Decimal] = mapped_column(Numeric(12, 2))

    warehouse: Mapped[Warehouse] = relationship()
