"""Warehouses, pallets, people, and what was there before."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from fastapi_storages import FileSystemStorage
from fastapi_storages.integrations.sqlalchemy import FileType, ImageType
from sqladmin.contrib.rbac import GroupAccessMixin, GroupMixin, user_group_table
from sqlalchemy import JSON, Column, ForeignKey, Numeric, String, Table, Text, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, sessionmaker
from sqlalchemy_utils import EmailType, URLType

engine = create_engine("sqlite:///company.sqlite3")
session_maker = sessionmaker(engine)


class Base(DeclarativeBase):
    pass


Path("uploads").mkdir(exist_ok=True)
storage = FileSystemStorage("uploads")
user_groups = user_group_table(Base, "users")
warehouse_tags = Table(
    "warehouse_tags",
    Base.metadata,
    Column("warehouse_id", ForeignKey("warehouses.id"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id"), primary_key=True),
)


class Group(GroupMixin, Base):
    __tablename__ = "admin_groups"


class GroupAccess(GroupAccessMixin, Base):
    __tablename__ = "admin_group_accesses"


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    password: Mapped[str] = mapped_column(String(200))
    is_superuser: Mapped[bool] = mapped_column(default=False)
    groups: Mapped[list[Group]] = relationship(secondary=user_groups)

    def __str__(self):
        return self.name


class Tag(Base):
    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)

    def __str__(self):
        return self.name


class Warehouse(Base):
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
    picture: Mapped[object | None] = mapped_column(ImageType(storage))
    contract: Mapped[object | None] = mapped_column(FileType(storage))

    manager: Mapped[User | None] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary=warehouse_tags)
    pallets: Mapped[list["Pallet"]] = relationship(back_populates="warehouse")

    def __str__(self):
        return self.name


class Status(StrEnum):
    HERE = "here"
    MOVING = "moving"


class Pallet(Base):
    __tablename__ = "pallets"

    id: Mapped[int] = mapped_column(primary_key=True)
    warehouse_id: Mapped[int] = mapped_column(ForeignKey("warehouses.id"))
    weight: Mapped[Decimal] = mapped_column(Numeric(8, 2), default=0)
    status: Mapped[Status] = mapped_column(default=Status.HERE)
    note: Mapped[str | None] = mapped_column(Text)

    warehouse: Mapped[Warehouse] = relationship(back_populates="pallets")

    def __str__(self):
        return f"Pallet {self.id}"


class Change(Base):
    __tablename__ = "changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))
    who: Mapped[str] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(40))
    table: Mapped[str] = mapped_column(String(40))
    row: Mapped[str] = mapped_column(String(200))
    values: Mapped[dict | None] = mapped_column(JSON)


class Customer(Base):
    __tablename__ = "KUNDEN"

    KDNR: Mapped[str] = mapped_column(String(10), primary_key=True)
    name: Mapped[str] = mapped_column("NAME", String(80))
    city: Mapped[str | None] = mapped_column("ORT", String(80))


class Stock(Base):
    __tablename__ = "STOCK"

    SITE: Mapped[str] = mapped_column(String(10), primary_key=True)
    ITEM: Mapped[str] = mapped_column(String(10), primary_key=True)
    pieces: Mapped[int] = mapped_column("PIECES")


class Load(Base):
    __tablename__ = "loads"

    id: Mapped[int] = mapped_column(ForeignKey("warehouses.id"), primary_key=True)
    pallets: Mapped[int]
    weight: Mapped[Decimal] = mapped_column(Numeric(12, 2))

    warehouse: Mapped[Warehouse] = relationship()
