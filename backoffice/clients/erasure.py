"""Erase what the database says about a deleted client, so that only their number is left.

The external number stays too: by it the company's own product is told that the client is gone, and
does not bring them back.
"""

from sqlalchemy import ColumnElement, Select, delete, select, update

from backoffice import events
from backoffice.clients import tokens
from backoffice.data import search_keys, uploaded_files
from backoffice.extensions import db
from backoffice.models import fields, personal
from backoffice.models.associations import client_client_tags
from backoffice.models.base import Base
from backoffice.models.client import Client
from backoffice.models.client_sign_in import ClientSignIn
from backoffice.models.client_token import ClientToken
from backoffice.models.handover import Handover
from backoffice.models.kyc_case import KycCase
from backoffice.models.message import Message
from backoffice.models.reveal import Reveal
from backoffice.people import erasure
from backoffice.policy.permissions import area_of


def emptied() -> dict[str, object]:
    """Return what the row of a deleted client has.

    Their company may be deleted once all its clients are.
    """
    return {**personal.emptied(Client), "company_id": None}


def forget(clients: Select[int]) -> None:
    """Erase what other tables, files and events say about `clients`.

    Their own rows are emptied after this call, not before.
    """
    erasure.forget_runs(Client, clients)
    _forget_cases(clients)
    _forget_traces(clients)
    events.redact(subject_type=area_of(Client), subject_ids=clients)


def _forget_cases(clients: Select[int]) -> None:
    """Remove the documents of KYC cases, and what was written about them."""
    are_theirs = KycCase.client_id.in_(clients)
    uploaded_files.forget_column(fields.column(KycCase, "documents"), are_theirs)
    _empty(KycCase, are_theirs)
    cases = select(KycCase.id).where(are_theirs)
    events.redact(subject_type=area_of(KycCase), subject_ids=cases)


def _forget_traces(clients: Select[int]) -> None:
    """Forget where the clients were reached and came from, and delete what waits for them."""
    tokens.end(None, clients, "revoked")
    _empty(ClientToken, ClientToken.client_id.in_(clients))
    _empty(ClientSignIn, ClientSignIn.client_id.in_(clients))
    for model in (Message, Handover):
        db.session.execute(delete(model).where(model.client_id.in_(clients)))
    tags = client_client_tags
    db.session.execute(delete(tags).where(tags.c.client_id.in_(clients)))
    reveals = (Reveal.area == area_of(Client), Reveal.row_id.in_(clients))
    db.session.execute(delete(Reveal).where(*reveals))


def remake_search(clients: Select[int]) -> None:
    """Let the search forget the clients, whose rows are emptied."""
    search_keys.remake(Client, clients, Client.__search__)


def _empty(model: type[Base], which: ColumnElement[bool]) -> None:
    change = update(model).where(which).values(**personal.emptied(model))
    db.session.execute(change, execution_options={"synchronize_session": False})
