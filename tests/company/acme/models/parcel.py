"""Parcel: what arrives with pictures and papers."""

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Entity
from backoffice.models.columns import column
from backoffice.models.files import File, Picture


class Parcel(Entity):
    __tablename__ = "parcels"

    name: Mapped[str] = mapped_column(String(80))
    weight: Mapped[int] = column(default=0, least=0, most=100)
    photo: Mapped[Picture | None]
    views: Mapped[list[Picture]] = column(default=list, holds=3)
    slip: Mapped[File | None] = column(accepts=("pdf", "txt"), largest=100_000)
    papers: Mapped[list[File]] = column(default=list, holds=3)


class Keepsake(Entity):
    """Belongs to a person, and goes with them."""

    __tablename__ = "keepsakes"

    name: Mapped[str] = mapped_column(String(80))
    picture: Mapped[Picture | None]
    user_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
