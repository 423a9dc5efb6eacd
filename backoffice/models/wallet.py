"""Wallet: an account of a client in the company's own product, and who else works with it."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Numeric,
    String,
    UniqueConstraint,
    cast,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import Entity, Searchable
from backoffice.models.client import Client
from backoffice.models.columns import column
from backoffice.models.types import BigInt

STATUSES = ("active", "blocked", "closed")
ROLES = ("owner", "staff")


class Wallet(Searchable, Entity):
    """An account of a client in one currency.

    Its balance comes from the company's own product, and is written by nobody here.

    Attributes:
        external_id: its number in that product.
        currency: as ISO 4217 has it.
    """

    __tablename__ = "wallets"
    __node_of__ = ("client",)
    __verbs__ = ("view", "edit", "export")
    __search__ = ("name", "external_id")
    __trigrams__ = ("search_key",)

    client_id: Mapped[int] = mapped_column(BigInt, ForeignKey("clients.id"))
    name: Mapped[str] = mapped_column(String(80))
    external_id: Mapped[str | None] = mapped_column(String(64), unique=True, info={"key": False})
    currency: Mapped[str] = column(String(3), kind="currency")
    balance: Mapped[Decimal] = column(Numeric(15, 4), default=0)
    status: Mapped[str] = column(
        String(10),
        default="active",
        choices=STATUSES,
        colours={"active": "green", "blocked": "red"},
    )
    opened_at: Mapped[datetime | None]

    client: Mapped[Client] = relationship()

    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES}", name="status"),
        Index("ix_wallets_search_key_id", "search_key", "id"),
        Index("ix_wallets_client_id_id", "client_id", "id"),
        Index("ix_wallets_currency_id", "currency", "id"),
        Index("ix_wallets_status_id", "status", "id"),
        Index("ix_wallets_opened_at_id", "opened_at", "id"),
    )


class WalletMember(Entity):
    """A client who works with a wallet: an owner, or somebody of their staff."""

    __tablename__ = "wallet_members"
    __node_of__ = ("wallet", "client")
    __singular__ = "wallet member"
    __plural__ = "wallet members"
    __label__ = "title"

    wallet_id: Mapped[int] = mapped_column(BigInt, ForeignKey("wallets.id", ondelete="CASCADE"))
    client_id: Mapped[int] = mapped_column(BigInt, ForeignKey("clients.id"))
    role: Mapped[str] = column(
        String(10), default="staff", choices=ROLES, colours={"owner": "green", "staff": "blue"}
    )

    wallet: Mapped[Wallet] = relationship()
    client: Mapped[Client] = relationship()

    __table_args__ = (
        UniqueConstraint("wallet_id", "client_id"),
        CheckConstraint(f"role IN {ROLES}", name="role"),
        Index("ix_wallet_members_client_id_id", "client_id", "id"),
    )

    @hybrid_property
    def title(self) -> str:
        return f"Wallet member {self.id}"

    @title.inplace.expression
    @classmethod
    def _title_in_sql(cls) -> ColumnElement[str]:
        return "Wallet member " + cast(cls.id, String)


# By name in neither class, because the module of clients is imported by this one.
Client.wallets = relationship(Wallet, viewonly=True, order_by=Wallet.id)
Wallet.members = relationship(WalletMember, viewonly=True, order_by=WalletMember.id)
