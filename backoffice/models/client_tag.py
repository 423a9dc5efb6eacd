"""ClientTag: a mark on clients; the tags that a user is allowed limit the clients they see."""

from typing import Any

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import Entity, Searchable
from backoffice.models.columns import column
from backoffice.models.keys import key_type
from backoffice.models.kinds.choices import COLOURS


class ClientTag(Searchable, Entity):
    """A mark with a name and a colour.

    `name_skeleton` is what the name looks like (text/looks.py), so that no two look the same. It
    is empty where another name looked the same before that was forbidden.
    """

    __tablename__ = "client_tags"
    __search__ = ("name",)

    name: Mapped[str] = mapped_column(String(60))
    name_key: Mapped[str] = mapped_column(key_type(60), unique=True, info={"hidden": True})
    name_skeleton: Mapped[str | None] = mapped_column(
        key_type(200), info={"hidden": True}, sort_order=94
    )
    colour: Mapped[str] = column(String(10), default="grey", choices=COLOURS)

    # By name, because the module of User imports this one.
    users: Mapped[list[Any]] = relationship(
        "User", secondary="user_client_tags", back_populates="client_tags"
    )

    __table_args__ = (
        CheckConstraint(f"colour IN {COLOURS}", name="colour"),
        Index("ix_client_tags_name_skeleton", "name_skeleton", unique=True),
    )
