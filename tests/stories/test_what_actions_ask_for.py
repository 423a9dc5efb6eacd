"""Test actions that ask for values of many kinds, and those that set columns.

The entities are added to a copy of the code, in which the walks then run.
"""

from pathlib import Path

import pytest

from tests.docs.tutorial import Block, Copy

MODELS = '''"""Depot, Pallet and Crate: goods in places."""

from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint, Column, Float, ForeignKey, Index, Numeric, String, Table,
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


class Hazard(Enum):
    NONE = "none"
    FIRE = "fire"


class Depot(Entity):
    __tablename__ = "depots"

    name: Mapped[str] = mapped_column(String(80), unique=True)
    is_active: Mapped[bool] = mapped_column(default=True)

    client_tags: Mapped[list[ClientTag]] = relationship(secondary=depot_tags)


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
    marks: Mapped[list[str]] = mapped_column(default=list)
    uuid: Mapped[UUID | None]
    note: Mapped[str | None] = column(String(2000), kind="long_text")
    depot_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("depots.id", ondelete="SET NULL")
    )

    depot: Mapped[Depot | None] = relationship()

    __table_args__ = (
        Index("ix_pallets_depot_id", "depot_id"),
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
'''
RULES = '''"""Rules about crates."""

from typing import Any

from backoffice.data import records
from backoffice.errors import RuleBroken
from backoffice.models.depot import Crate
from backoffice.policy.actor import Actor


@records.checked(Crate)
def check(_actor: Actor, row: Crate | None, values: dict[str, Any]) -> None:
    strength = values.get("strength", row.strength if row else 10)
    if values.get("weight", 0) > strength:
        raise RuleBroken(f"This crate carries {strength}.", field="weight")
    if "weight" in values:
        values["label_text"] = f"{values['weight']} of {strength}"


@records.reached(Crate)
def reach(_actor: Actor, row: Crate) -> str:
    return "This crate is locked." if row.locked else ""
'''
SCREENS = '''"""Depots, pallets and crates."""

from backoffice.models.depot import Crate, Depot, Pallet
from views.screen import Rows, Screen


class Depots(Screen):
    model = Depot
    form_columns = ("name", "is_active")
    tabs = (Rows("pallets"), Rows("client_tags", attach=True))


class Pallets(Screen):
    model = Pallet
    form_columns = (
        "code", "goods", "weight", "pieces", "ratio", "status", "hazard", "is_fragile", "due", "at",
        "opens", "facts", "marks", "uuid", "note", "depot",
    )
    bulk_fields = form_columns


class Crates(Screen):
    model = Crate
    form_columns = ("name", "weight", "strength")
    bulk_fields = ("weight",)
'''
ACTIONS = '''"""What people do to pallets."""

from typing import ClassVar

from sqlalchemy import update

from backoffice.actions.engine import (
    Action, ActionContext, Choose, Date, Ids, Number, OneOf, SetAction, Switch, Text,
)
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.models.depot import Depot, Pallet


class Move(SetAction):
    model, label = Pallet, "Move to depot"
    sets = {Pallet.depot: Choose(Depot, Depot.is_active, refusal="This depot is closed.")}


class SetWeight(SetAction):
    model, label = Pallet, "Set weight"
    sets = {Pallet.weight: Number(least=0, unit="kg")}


class Rename(SetAction):
    model, label = Pallet, "Rename goods"
    sets = {Pallet.goods: Text(label="Goods now")}
    meaning = "Rename goods"


class Empty(SetAction):
    model, label, done = Pallet, "Empty", "emptied"
    sets = {Pallet.pieces: 0, Pallet.weight: None}


class Send(SetAction):
    model, label = Pallet, "Send off"
    sets = {Pallet.status: "moving"}


class Count(Action):
    """Needs no rows."""

    model, name, label = Pallet, "count", "Count again"
    meaning = "Count pallets again"
    is_global = True
    changes_rows = False
    reason_required = True
    parameters: ClassVar = {"pieces": Number(least=1)}

    def apply(self, context: ActionContext, rows: Ids) -> None:
        if context.parameters["pieces"] == 13:
            raise RuleBroken("Thirteen is no number to count to.", field="pieces")
        db.session.execute(update(Pallet).values(pieces=context.parameters["pieces"]))


class Report(Action):
    """Asks for everything, and changes nothing."""

    model, name, label, done = Pallet, "report", "Report damage", "reported"
    meaning = "Report damage"
    changes_rows = False
    parameters: ClassVar = {
        "how": OneOf(choices=("wet", "other"), words={"wet": "Got wet"}),
        "what": Text(lines=True, length=200, shown_when={"how": "other"}, description="In words."),
        "litres": Number(least=1, most=50, places=1, unit="l", shown_when={"how": "wet"}),
        "since": Date(required=False, required_when={"how": "other"}),
        "hurry": Switch(),
        "depots": Choose(Depot, multiple=True, required=False),
    }

    def apply(self, context: ActionContext, rows: Ids) -> None:
        pass
'''
FILES = (
    Block("backoffice/models/depot.py", "python", MODELS),
    Block("backoffice/people/crates.py", "python", RULES),
    Block("views/admin/depots.py", "python", SCREENS),
    Block("backoffice/actions/depots.py", "python", ACTIONS),
)
WALKS = (
    "tests/stories/walk_parameters.py",
    "tests/stories/walk_related_rows.py",
    "tests/stories/walk_set_actions.py",
)


@pytest.mark.slow
def test_actions_ask_for_values_and_set_columns(tmp_path: Path) -> None:
    copy = Copy.of_repository(tmp_path / "copy")
    for block in FILES:
        copy.write(block)
    assert copy.passed(*WALKS) > 0
