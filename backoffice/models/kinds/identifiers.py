"""Identifiers: UUIDs, Internet addresses and networks."""

from ipaddress import ip_address, ip_network
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import Uuid as UuidType

from backoffice.models.kinds.kind import Kind
from backoffice.models.kinds.texts import Text
from backoffice.models.types import TableColumn


class Uuid(Kind[UUID]):
    """A universally unique identifier (RFC 9562)."""

    name = "uuid"
    types = (UuidType,)
    shape = "exact"

    def clean(self, _column: TableColumn, value: object) -> UUID:
        if isinstance(value, UUID):
            return value
        try:
            return UUID(str(value))
        except ValueError:
            raise ValueError(_("Write it as 123e4567-e89b-12d3-a456-426614174000.")) from None


class IpAddress(Text):
    """An Internet address, which is filtered as a whole or by its beginning."""

    name = "ip"

    def normalise(self, text: str) -> str:
        try:
            return str(ip_address(text.strip())) if text.strip() else ""
        except ValueError:
            raise ValueError(_("Give an address such as 203.0.113.7.")) from None


class IpNetwork(IpAddress):
    """An Internet address or a network of them, in CIDR notation (RFC 4632)."""

    name = "network"

    def normalise(self, text: str) -> str:
        try:
            return str(ip_network(text.strip(), strict=False)) if text.strip() else ""
        except ValueError:
            sentence = _("Give an address or network such as 203.0.113.0/24 or 2001:db8::/32.")
            raise ValueError(sentence) from None
