"""Client: a customer of the company, who never signs in to the back office."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID, uuid4

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    Uuid,
    cast,
    func,
    select,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice import clock
from backoffice.models import client_groups
from backoffice.models.associations import client_client_tags
from backoffice.models.base import Entity, Searchable
from backoffice.models.client_groups import CLIENT_GROUPS
from backoffice.models.client_tag import ClientTag
from backoffice.models.columns import column
from backoffice.models.company import Company
from backoffice.models.keys import key_type
from backoffice.models.node import Node, of_node
from backoffice.models.types import BigInt

TYPES = ("enterprise", "merchant")
STATUSES = ("active", "blocked", "deleted")
PASSWORD_STATES = ("none", "usable", "temporary", "expired")
TWO_FACTORS = ("disabled", "email", "totp")
KYC_STATES = ("none", "pending", "approved", "rejected", "expired")


class Client(Searchable, Entity):
    """A customer, with how they sign in to the company's own product.

    Attributes:
        external_id: their number in the company's own product.
        client_group: what is known of them, and what they are to the company (client_groups.py).
        company_owner: whether they own their company.
        is_staff: whether they work in somebody else's company or wallet.
        extra_permissions: what they may do in the company's own product beside what their group
            may, as codes of that product.
        kyc_state: the state of their latest KYC case, which is written with it.
        sessions_valid_from: sessions and tokens of the company's own product that began before
            are void.
    """

    __tablename__ = "clients"
    __search__ = ("first_name", "last_name", "email", "phone", "external_id")
    __trigrams__ = ("search_key",)
    __masks__: ClassVar = {"name": "name"}
    __derived__: ClassVar = {"is_company_user": ("yes", "no")}

    uuid: Mapped[UUID] = mapped_column(Uuid, default=uuid4, unique=True, info={"personal": False})
    external_id: Mapped[str | None] = mapped_column(
        String(64), unique=True, info={"key": False, "personal": False}
    )
    type: Mapped[str] = column(String(10), default="merchant", choices=TYPES, personal=False)
    client_group: Mapped[str] = column(
        String(20),
        default=client_groups.EMAIL_NOT_VERIFIED,
        choices=CLIENT_GROUPS,
        words=client_groups.WORDS,
        colours=client_groups.COLOURS,
        personal=False,
    )
    first_name: Mapped[str] = column(
        String(100), default="", mask="name", personal=True, info={"key": False}
    )
    last_name: Mapped[str] = column(
        String(100), default="", mask="name", personal=True, info={"key": False}
    )
    email: Mapped[str | None] = column(String(254), kind="email", mask="email", personal=True)
    email_key: Mapped[str | None] = column(key_type(254), unique=True, hidden=True, personal=True)
    email_verified_at: Mapped[datetime | None] = column(personal=True)
    phone: Mapped[str] = column(String(32), default="", kind="phone", mask="phone", personal=True)
    phone_verified_at: Mapped[datetime | None] = column(personal=True)
    country: Mapped[str | None] = column(String(2), kind="country", personal=False)
    language: Mapped[str | None] = column(String(8), kind="language", personal=True)
    communication_language: Mapped[str | None] = column(String(8), kind="language", personal=True)
    status: Mapped[str] = column(
        String(10),
        default="active",
        choices=STATUSES[:-1],
        colours={"active": "green", "blocked": "red"},
        personal=False,
    )
    company_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("companies.id", ondelete="SET NULL")
    )
    company_owner: Mapped[bool] = column(default=False, personal=True)
    is_staff: Mapped[bool] = column(default=False, personal=False)
    kyc_state: Mapped[str] = column(
        String(10),
        default="none",
        choices=KYC_STATES,
        colours={"pending": "blue", "approved": "green", "rejected": "red", "expired": "orange"},
        personal=False,
    )
    password_hash: Mapped[str | None] = column(String(255), hidden=True, personal=True)
    password_state: Mapped[str] = column(
        String(10), default="none", choices=PASSWORD_STATES, personal=True
    )
    password_expires_at: Mapped[datetime | None] = column(hidden=True, personal=True)
    two_factor: Mapped[str] = column(
        String(10),
        default="disabled",
        choices=TWO_FACTORS,
        words={"disabled": "No 2FA", "email": "E-mail code", "totp": "Authenticator app"},
        colours={"email": "blue", "totp": "green"},
        personal=True,
    )
    ip_whitelist: Mapped[list[str]] = column(default=list, personal=True)
    extra_permissions: Mapped[list[str]] = column(default=list, personal=True)
    joined_at: Mapped[datetime] = column(default=clock.now, personal=False)
    last_login_at: Mapped[datetime | None] = column(personal=True)
    sessions_valid_from: Mapped[datetime | None] = column(hidden=True, personal=False)
    node_id: Mapped[int] = of_node(personal=False)

    node: Mapped[Node] = relationship()
    company: Mapped[Company | None] = relationship()
    tags: Mapped[list[ClientTag]] = relationship(secondary=client_client_tags)

    __table_args__ = (
        CheckConstraint(f"type IN {TYPES}", name="type"),
        CheckConstraint(f"status IN {STATUSES}", name="status"),
        CheckConstraint(f"client_group IN {CLIENT_GROUPS}", name="client_group"),
        CheckConstraint(f"kyc_state IN {KYC_STATES}", name="kyc_state"),
        CheckConstraint(f"password_state IN {PASSWORD_STATES}", name="password_state"),
        CheckConstraint(f"two_factor IN {TWO_FACTORS}", name="two_factor"),
        Index("ix_clients_search_key_id_status", "search_key", "id", "status"),
        # The scope of those who see some countries is asked of this index alone.
        Index("ix_clients_id_country_status", "id", "country", "status"),
        Index("ix_clients_country_id", "country", "id"),
        Index("ix_clients_phone_key_id", "phone_key", "id"),
        Index("ix_clients_joined_at_id", "joined_at", "id"),
        Index("ix_clients_company_id_id", "company_id", "id"),
        Index("ix_clients_node_id_id_status", "node_id", "id", "status"),
        Index("ix_clients_status_id_country", "status", "id", "country"),
        # Every list asks for the status, so that these are counted without the table.
        Index("ix_clients_is_staff_id_status", "is_staff", "id", "status"),
        Index("ix_clients_type_id_status", "type", "id", "status"),
        Index("ix_clients_client_group_id_status", "client_group", "id", "status"),
        Index("ix_clients_kyc_state_id_status", "kyc_state", "id", "status"),
        Index("ix_clients_two_factor_id_status", "two_factor", "id", "status"),
    )

    @hybrid_property
    def name(self) -> str:
        """The name for people: the full name, else the e-mail address, or the id."""
        full_name = f"{self.first_name} {self.last_name}".strip()
        return full_name or self.email or f"Client {self.id}"

    @name.inplace.expression
    @classmethod
    def _name_in_sql(cls) -> ColumnElement[str]:
        full_name = func.nullif(func.trim(cls.first_name + " " + cls.last_name), "")
        return func.coalesce(full_name, cls.email, "Client " + cast(cls.id, String))

    @hybrid_property
    def is_company_user(self) -> str:
        """Whether they belong to a company: "yes" or "no"."""
        return "yes" if self.company_id else "no"

    @is_company_user.inplace.expression
    @classmethod
    def _is_company_user_in_sql(cls) -> ColumnElement[str]:
        return cls.derived_case("is_company_user")

    def alone(self) -> Select[int]:
        """Select the id of this client, for functions that take the ids of many."""
        return select(Client.id).where(Client.id == self.id)

    @classmethod
    def derived(cls, _name: str, value: str) -> ColumnElement[bool]:
        if value == "yes":
            return cls.company_id.is_not(None)
        return cls.company_id.is_(None)


# By name in neither class, because this module imports that of companies.
Company.clients = relationship(Client, viewonly=True, order_by=Client.id)
