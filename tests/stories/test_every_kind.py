"""Test an entity that has a column of every kind, in each of the ways it can be declared.

The entity is added to a copy of the code, in which `walk_kinds.py` and `walk_kinds_typed.py` run.
"""

from pathlib import Path

import pytest

from tests.docs.tutorial import Block, Copy

MODEL = '''"""Specimen: a row with a column of every kind."""

from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger, CheckConstraint, Column, Float, ForeignKey, LargeBinary, Numeric, SmallInteger,
    String, Table, Text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import Base, Entity, Searchable
from backoffice.models.client_tag import ClientTag
from backoffice.models.columns import column
from backoffice.models.files import File, Picture
from backoffice.models.types import BigInt
from backoffice.models.user import User

specimen_tags = Table(
    "specimen_tags",
    Base.metadata,
    Column("specimen_id", BigInt, ForeignKey("specimens.id", ondelete="CASCADE"), primary_key=True),
    Column("client_tag_id", BigInt, ForeignKey("client_tags.id"), primary_key=True),
)


class Level(Enum):
    LOW = "low water"
    HIGH = "high water"


class Specimen(Searchable, Entity):
    __tablename__ = "specimens"

    name: Mapped[str] = mapped_column(String(80))
    title: Mapped[str | None] = mapped_column(String(254))
    note: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = column(String(254), kind="email")
    login: Mapped[str | None] = column(String(64), kind="login")
    phone: Mapped[str] = column(String(40), kind="phone", default="")
    url: Mapped[str | None] = column(String(300), kind="url")
    code: Mapped[str | None] = column(String(20), kind="code")
    ip: Mapped[str | None] = column(String(45), kind="ip")
    network: Mapped[str | None] = column(String(50), kind="network")
    amount: Mapped[int | None]
    large: Mapped[int | None] = mapped_column(BigInteger)
    small: Mapped[int] = mapped_column(SmallInteger, default=1)
    percent: Mapped[int | None] = column(least=0, most=100)
    weight: Mapped[Decimal | None] = mapped_column(Numeric(8, 3))
    rough: Mapped[Decimal | None] = mapped_column(Numeric)
    price: Mapped[Decimal | None] = column(Numeric(12, 2), kind="money", currency="EUR", least=0)
    ratio: Mapped[float | None] = mapped_column(Float)
    is_open: Mapped[bool] = mapped_column(default=False)
    is_known: Mapped[bool | None]
    day: Mapped[date | None]
    at: Mapped[datetime | None]
    opens: Mapped[time | None]
    status: Mapped[str] = column(
        String(10), default="new", choices=("new", "used"),
        words={"new": "Brand-new"}, colours={"new": "green"},
    )
    grade: Mapped[str | None] = column(String(10), choices=("a", "b"))
    level: Mapped[Level | None]
    country: Mapped[str | None] = column(String(2), kind="country")
    tongue: Mapped[str | None] = column(String(20), kind="language")
    coin: Mapped[str | None] = column(String(3), kind="currency")
    places: Mapped[list[str]] = column(default=list, kind="countries")
    facts: Mapped[dict[str, Any] | None]
    marks: Mapped[list[str]] = mapped_column(default=list)
    uuid: Mapped[UUID | None]
    letter: Mapped[File | None]
    papers: Mapped[list[File]] = mapped_column(default=list)
    photo: Mapped[Picture | None]
    photos: Mapped[list[Picture]] = mapped_column(default=list)
    blob: Mapped[bytes | None] = column(LargeBinary, hidden=True)
    manager_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id"))
    deputy_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("users.id"))

    manager: Mapped[User] = relationship(foreign_keys=[manager_id])
    deputy: Mapped[User | None] = relationship(foreign_keys=[deputy_id])
    tags: Mapped[list[ClientTag]] = relationship(secondary=specimen_tags)

    __table_args__ = (
        CheckConstraint("grade <> 'b' OR amount IS NOT NULL", name="b_needs_an_amount",
            info={"sentence": "Grade b needs an amount.", "field": "amount"}),
        CheckConstraint("small <> 13", name="small"),
        CheckConstraint("amount <> 13 OR percent <> 13", name="unlucky"),
    )
'''
SCREEN = '''"""Specimens."""

from backoffice.models import fields
from backoffice.models.specimen import Specimen
from views.screen import Screen

WRITTEN = tuple(
    name for name in fields.visible(Specimen) if name not in ("id", "created_at", "updated_at")
)


class Specimens(Screen):
    model = Specimen
    column_list = (*fields.visible(Specimen), "manager", "deputy", "tags")
    column_export_list = (*fields.visible(Specimen), "manager", "tags")
    form_columns = (*WRITTEN, "manager", "deputy", "tags")
'''
ACTION = '''"""Give a specimen to another manager."""

from typing import ClassVar

from backoffice.actions.engine.action import Action
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.parameters import Choose
from backoffice.models.specimen import Specimen
from backoffice.models.user import User


class Give(Action):
    model = Specimen
    name = "give"
    label = "Give"
    done = "given"
    meaning = "Give specimens to somebody else"
    parameters: ClassVar = {"to": Choose(User)}
    watches = ("manager", "level", "weight", "facts")

    def apply(self, context: ActionContext, rows: Ids) -> None:
        self.update(rows, manager_id=context.parameters["to"][0])
'''
FILES = (
    Block("backoffice/models/specimen.py", "python", MODEL),
    Block("views/admin/specimens.py", "python", SCREEN),
    Block("backoffice/actions/specimens.py", "python", ACTION),
)
WALKS = ("tests/stories/walk_kinds.py", "tests/stories/walk_kinds_typed.py")


@pytest.mark.slow
def test_every_kind_keeps_its_values(tmp_path: Path) -> None:
    copy = Copy.of_repository(tmp_path / "copy")
    for block in FILES:
        copy.write(block)
    assert copy.passed(*WALKS) > 0
