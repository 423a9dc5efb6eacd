"""Company: a business that clients belong to."""

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.models.base import Entity, Searchable
from backoffice.models.columns import column
from backoffice.models.node import Node, of_node


class Company(Searchable, Entity):
    """A business that is a customer, with what it says of itself.

    Attributes:
        external_id: its number in the company's own product.
        country_of_incorporation: where it is registered, as ISO 3166-1 has it.
        operations_area: where it does business, in its own words.
    """

    __tablename__ = "companies"
    __singular__ = "company"
    __label__ = "business_name"
    __search__ = ("business_name", "legal_name", "registration_number")
    __trigrams__ = ("search_key",)

    external_id: Mapped[str | None] = mapped_column(String(64), unique=True, info={"key": False})
    business_name: Mapped[str] = mapped_column(String(120))
    legal_name: Mapped[str] = mapped_column(String(120), default="")
    country_of_incorporation: Mapped[str | None] = column(String(2), kind="country")
    registration_number: Mapped[str] = mapped_column(String(60), default="")
    business_type: Mapped[str] = mapped_column(String(60), default="")
    business_site: Mapped[str] = column(String(255), default="", kind="url")
    address: Mapped[str] = mapped_column(String(500), default="", info={"key": False})
    employees_number: Mapped[int | None] = column(least=0, most=10_000_000)
    description: Mapped[str] = mapped_column(String(2000), default="", info={"key": False})
    operations_area: Mapped[str] = mapped_column(String(255), default="", info={"key": False})
    other_contact_info: Mapped[str] = column(
        String(500), default="", mask="text", info={"key": False}
    )
    communication_language: Mapped[str | None] = column(String(8), kind="language")
    node_id: Mapped[int] = of_node()

    node: Mapped[Node] = relationship()

    __table_args__ = (
        Index("ix_companies_search_key_id", "search_key", "id"),
        Index("ix_companies_country_of_incorporation_id", "country_of_incorporation", "id"),
        Index("ix_companies_created_at_id", "created_at", "id"),
        Index("ix_companies_node_id_id", "node_id", "id"),
    )
