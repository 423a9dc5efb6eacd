"""ClientTag: a mark on clients; which tags a user is allowed restricts the clients they see."""

from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from backoffice.models.base import Entity, Searchable
from backoffice.models.user import user_client_tags
from backoffice.text import name_key

if TYPE_CHECKING:
    from backoffice.models.user import User

COLOURS = ("grey", "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink")


class ClientTag(Searchable, Entity):
    """A named, coloured mark."""

    __tablename__ = "client_tags"
    __search__ = ("name",)

    name: Mapped[str] = mapped_column(String(60))
    name_key: Mapped[str] = mapped_column(String(60), unique=True, info={"hidden": True})
    colour: Mapped[str] = mapped_column(String(10), default="grey", info={"choices": COLOURS})

    users: Mapped[list["User"]] = relationship(secondary=user_client_tags, back_populates="client_tags")

    __table_args__ = (CheckConstraint(f"colour IN {COLOURS}", name="colour"),)

    @validates("name")
    def _keep_key(self, _attribute: str, name: str) -> str:
        self.name_key = name_key(name)
        return name
