"""One-time values for clients: sent once, stored hashed, one live per client and purpose.

The company's own product asks here whether one works, and uses it up.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, exists, func, insert, or_, select, update

from backoffice import clock
from backoffice.auth.sessions import digest
from backoffice.extensions import db
from backoffice.models.client import Client
from backoffice.models.client_token import ClientToken
from backoffice.text import masks

PASSWORD = "password"  # the purpose of a token
AT_ONCE = 500  # clients in one statement


@dataclass(frozen=True)
class Issued:
    """A token that was just made for a client. Its `value` is stored nowhere."""

    client_id: int
    address: str
    token_id: int
    value: str


@dataclass(frozen=True)
class Answer:
    """What became of a token.

    Attributes:
        state: "ok" if it works, or has just been used; else "used", "expired", "superseded",
            "revoked" or "unknown".
        client: whose token it is; None where it is unknown.
    """

    state: str
    client: Client | None = None


def issue_many(clients: Select[int], *, purpose: str, valid: timedelta) -> list[Issued]:
    """Make a new value for the address of each of `clients`; an older one works no longer."""
    rows = select(Client.id, Client.email).where(Client.id.in_(clients), Client.email.is_not(None))
    addresses = {client_id: email or "" for client_id, email in db.session.execute(rows)}
    end(purpose, clients, "superseded")
    now = clock.now()
    values = {client_id: secrets.token_urlsafe(32) for client_id in addresses}
    made = [
        {
            "client_id": client_id,
            "at": now,
            "recipient": masks.email(addresses[client_id]),
            "purpose": purpose,
            "expires_at": now + valid,
            "value_hash": digest(value),
        }
        for client_id, value in values.items()
    ]
    return [
        Issued(client_id, addresses[client_id], token_id, values[client_id])
        for token_id, client_id in _inserted(made)
    ]


def _inserted(made: Sequence[dict[str, object]]) -> list[tuple[int, int]]:
    """Insert tokens and return the id and the client's id of each."""
    if not made:
        return []
    statement = insert(ClientToken).returning(ClientToken.id, ClientToken.client_id)
    return [(token_id, client_id) for token_id, client_id in db.session.execute(statement, made)]


def end(purpose: str | None, clients: Select[int], state: str) -> None:
    """Give the open tokens of `clients` their last state; without a purpose, all of them."""
    open_ones = [ClientToken.client_id.in_(clients), ClientToken.state == "sent"]
    if purpose:
        open_ones.append(ClientToken.purpose == purpose)
    change = update(ClientToken).where(*open_ones).values(state=state)
    db.session.execute(change, execution_options={"synchronize_session": False})


def count_live(clients: Select[int]) -> Select[int]:
    """Return a statement that counts the tokens of these clients that still work."""
    live = (ClientToken.client_id.in_(clients), ClientToken.live())
    return select(func.count(ClientToken.id)).where(*live)


def number_sent_since(moment: datetime) -> ColumnElement[int]:
    """SQL: how many password links a client was sent since then."""
    links = (ClientToken.purpose == PASSWORD, ClientToken.at > moment)
    number = select(func.count(ClientToken.id)).where(ClientToken.client_id == Client.id, *links)
    return number.correlate(Client).scalar_subquery()


def check_token(value: str, purpose: str = PASSWORD) -> Answer:
    """Say whether a value works, without using it up."""
    token = db.session.scalar(
        select(ClientToken).where(*_is(value, purpose)).execution_options(populate_existing=True)
    )
    if token is None:
        return Answer("unknown")
    client = db.session.get_one(Client, token.client_id, populate_existing=True)
    if token.state != "sent":
        return Answer(token.state, client)
    if token.expires_at and token.expires_at <= clock.now():
        return Answer("expired", client)
    return Answer("ok" if _lets_in(client, token) else "revoked", client)


def _lets_in(client: Client, token: ClientToken) -> bool:
    """Return whether the client may use tokens, and voided none since this one was made."""
    began = client.sessions_valid_from
    return client.status == "active" and (began is None or began <= token.at)


def use_token(value: str, purpose: str = PASSWORD) -> Answer:
    """Use a value up, and say whether it worked; of several uses at once, one does."""
    change = update(ClientToken).where(*_is(value, purpose), ClientToken.live(), _is_let_in())
    used = change.values(state="used").returning(ClientToken.client_id)
    client_id = db.session.scalar(used.execution_options(synchronize_session=False))
    if client_id is None:
        return check_token(value, purpose)
    return Answer("ok", db.session.get_one(Client, client_id, populate_existing=True))


def _is_let_in() -> ColumnElement[bool]:
    """SQL: what `_lets_in` returns."""
    began = Client.sessions_valid_from
    return exists().where(
        Client.id == ClientToken.client_id,
        Client.status == "active",
        or_(began.is_(None), began <= ClientToken.at),
    )


def _is(value: str, purpose: str) -> tuple[ColumnElement[bool], ...]:
    return ClientToken.value_hash == digest(value), ClientToken.purpose == purpose
