"""What only one row may have: an e-mail address among clients, a pending case among those of one.

The database would refuse it too, but with the whole batch. Lines are judged in their order.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, select

from backoffice.clients.sync.lines import Refused
from backoffice.extensions import db
from backoffice.models.base import Record
from backoffice.models.client import Client
from backoffice.models.kyc_case import KycCase
from backoffice.text import address_key

Values = Mapping[str, Any]


class Claims:
    """Who has what only one row may have: the database's rows, and lines that came before.

    Attributes:
        field: the field of which a line is told.
    """

    field = ""

    def __init__(self) -> None:
        self.holders: dict[object, object] = {}

    def load(self, rows: Iterable[Values]) -> None:
        """Read from the database who has now what these values claim."""
        wanted = {claimed for values in rows if (claimed := self.claimed(values))}
        if wanted:
            self.holders = dict(db.session.execute(self.query(wanted)).all())

    def take(self, holder: object, before: Values, after: Values) -> None:
        """Take what the new values claim, and give back the old. Raises Refused if it is taken."""
        wanted = self.claimed(after)
        if wanted and self.holders.get(wanted, holder) != holder:
            raise Refused(self.sentence(), self.field)
        given_back = self.claimed(before)
        if given_back and self.holders.get(given_back) == holder:
            del self.holders[given_back]
        if wanted:
            self.holders[wanted] = holder

    def claimed(self, values: Values) -> Any:
        """Return what the row with these values has alone; None for nothing."""
        return None

    def query(self, wanted: set[Any]) -> Select[Any, Any]:
        """Return the statement for the (claimed, id of the holder) of these."""
        raise NotImplementedError

    def sentence(self) -> str:
        raise NotImplementedError


class Addresses(Claims):
    field = "email"

    def claimed(self, values: Values) -> str | None:
        return address_key(values["email"]) if values.get("email") else None

    def query(self, wanted: set[str]) -> Select[Any, Any]:
        return select(Client.email_key, Client.id).where(Client.email_key.in_(wanted))

    def sentence(self) -> str:
        return _("Another %(noun)s has this already.", noun=Client.noun())


class PendingCases(Claims):
    field = "state"

    def claimed(self, values: Values) -> int | None:
        return values.get("client_id") if values.get("state") == "pending" else None

    def query(self, wanted: set[int]) -> Select[Any, Any]:
        pending = (KycCase.state == "pending", KycCase.client_id.in_(wanted))
        return select(KycCase.client_id, KycCase.id).where(*pending)

    def sentence(self) -> str:
        return _("The client has a pending KYC case already.")


OF_MODELS: dict[type[Record], Callable[[], Claims]] = {Client: Addresses, KycCase: PendingCases}


def of(model: type[Record]) -> Claims:
    """Return the claims of the rows of a model, with nothing read yet."""
    return OF_MODELS.get(model, Claims)()
