"""One-time values: handed out once, stored hashed, one live per person and purpose, used once."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, func, insert, select, true, update

from backoffice import clock
from backoffice.auth.sessions import digest
from backoffice.errors import Expired, NotFound
from backoffice.extensions import db
from backoffice.models.token import Token
from backoffice.models.user import User

AT_ONCE = 500  # people in one statement


@dataclass(frozen=True)
class Issued:
    """A token that was just made: whose it is, where it goes, and the value, which is kept nowhere."""

    user_id: int
    address: str
    token_id: int
    value: str


def issue(
    *, user: User, purpose: str, valid: timedelta, sent_to: str = "", version: int | None = None
) -> Issued:
    """A new value for `user`; an older one for the same purpose no longer works.

    With the credential version at which it was asked for, whoever takes it compares that.
    """
    return _issue({user.id: sent_to or user.email or ""}, purpose, valid, version)[0]


def issue_many(people: Select[int], *, purpose: str, valid: timedelta) -> list[Issued]:
    """A new value for each of `people`, to be sent to their address."""
    found = db.session.execute(
        select(User.id, func.coalesce(User.email, "")).where(User.id.in_(people))
    )
    return _issue(dict(found.all()), purpose, valid)


def _issue(
    addresses: Mapping[int, str], purpose: str, valid: timedelta, version: int | None = None
) -> list[Issued]:
    now, everyone = clock.now(), list(addresses)
    for start in range(0, len(everyone), AT_ONCE):
        _end(purpose, Token.user_id.in_(everyone[start : start + AT_ONCE]))
    values = {user_id: secrets.token_urlsafe(32) for user_id in everyone}
    rows = [
        {
            "user_id": user_id,
            "purpose": purpose,
            "value_hash": digest(value),
            "credential_version": version,
            "sent_to": addresses[user_id],
            "created_at": now,
            "expires_at": now + valid,
        }
        for user_id, value in values.items()
    ]
    made = (
        db.session.execute(insert(Token).returning(Token.id, Token.user_id), rows).all()
        if rows
        else []
    )
    return [
        Issued(user_id, addresses[user_id], token_id, values[user_id]) for token_id, user_id in made
    ]


def find(*, value: str, purpose: str, for_use: bool = False) -> Token:
    """The live token behind a value. Looking consumes nothing; `for_use` keeps others from using it meanwhile.

    Raises NotFound for a value that never was, Expired with the reason for a genuine one.
    """
    statement = select(Token).where(Token.value_hash == digest(value), Token.purpose == purpose)
    if for_use:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    token = db.session.scalar(statement)
    if token is None:
        raise NotFound("This link is not complete. Copy all of it, or ask for a new one.")
    if token.used_at:
        raise Expired("This link was used already.")
    if token.superseded_at:
        raise Expired("A newer link was sent in place of this one.")
    if token.revoked_at:
        raise Expired("This link was withdrawn.")
    if token.expires_at <= clock.now():
        raise Expired("This link has expired. Ask for a new one.")
    return token


def supersede(user_ids: Select[int], purpose: str) -> None:
    """End the open tokens of these users for one purpose: newer ones are on their way."""
    _end(purpose, Token.user_id.in_(user_ids))


def revoke_all(user_ids: Select[int], *, purpose: str = "") -> None:
    """Withdraw every open token of these users, or those for one purpose."""
    db.session.execute(
        update(Token)
        .where(
            Token.user_id.in_(user_ids),
            Token.open(),
            Token.purpose == purpose if purpose else true(),
        )
        .values(revoked_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def count_open(user_ids: Select[int]) -> Select[int]:
    """In SQL: how many links of these users still work."""
    return select(func.count(Token.id)).where(Token.user_id.in_(user_ids), Token.live())


def _end(purpose: str, whose: ColumnElement[bool]) -> None:
    older = update(Token).where(whose, Token.purpose == purpose, Token.open())
    db.session.execute(
        older.values(superseded_at=clock.now()).execution_options(synchronize_session=False)
    )
