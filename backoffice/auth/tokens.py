"""One-time values: handed out once, stored hashed, one live per person and purpose, used once."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, func, insert, select, update

from backoffice import clock
from backoffice.auth.sessions import digest
from backoffice.errors import Expired, NotFound
from backoffice.extensions import db
from backoffice.models.token import Token
from backoffice.models.user import User

UNKNOWN: str = _l("This link is not complete. Copy all of it, or ask for a new one.")
AT_ONCE = 500  # people in one statement


@dataclass(frozen=True)
class Issued:
    """A token that was just made for the person `user_id`, to be sent to `address`.

    Its `value` is stored nowhere.
    """

    user_id: int
    address: str
    token_id: int
    value: str


def issue(
    *, user: User, purpose: str, valid: timedelta, sent_to: str = "", version: int | None = None
) -> Issued:
    """Make a new value for `user`; an older one for the same purpose no longer works.

    `version` is the credential version at which it was requested, for kinds of links that are bound
    to it.
    """
    addresses = {user.id: sent_to or user.email or ""}
    (issued,) = _issue(addresses, purpose, valid, version)
    return issued


def issue_many(people: Select[int], *, purpose: str, valid: timedelta) -> list[Issued]:
    """Make a new value for each of `people`, to be sent to their address."""
    statement = select(User.id, func.coalesce(User.email, "")).where(User.id.in_(people))
    addresses = dict(db.session.execute(statement).all())
    return _issue(addresses, purpose, valid)


def _issue(
    addresses: Mapping[int, str], purpose: str, valid: timedelta, version: int | None = None
) -> list[Issued]:
    """Replace the tokens of these people, given with the address that each value goes to."""
    now = clock.now()
    _end_older(purpose, list(addresses))
    values = {user_id: secrets.token_urlsafe(32) for user_id in addresses}
    rows: list[dict[str, Any]] = [
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
    return [
        Issued(user_id, addresses[user_id], token_id, values[user_id])
        for token_id, user_id in _insert(rows)
    ]


def _end_older(purpose: str, user_ids: list[int]) -> None:
    """End the open tokens of these people for one purpose, some people at a time."""
    # Databases limit the number of values in one statement.
    for start in range(0, len(user_ids), AT_ONCE):
        _end(purpose, Token.user_id.in_(user_ids[start : start + AT_ONCE]))


def _insert(rows: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """Insert tokens and return the id and the user's id of each."""
    if not rows:
        return []
    # The database may return the rows in another order, hence the user's id beside each.
    statement = insert(Token).returning(Token.id, Token.user_id)
    return [(token_id, user_id) for token_id, user_id in db.session.execute(statement, rows)]


def get(*, value: str, purpose: str) -> tuple[Token, User]:
    """Return the live token that a value belongs to, and its person, without using it up.

    Raises NotFound for a value that never was, and Expired with the reason for a genuine one.
    """
    # One statement reads both. If it took two, a change between them could go unnoticed in the one
    # and show in the other, and the person would get another reason than the token's.
    statement = (
        select(Token, User)
        .join(User, User.id == Token.user_id)
        .where(*_matches(value, purpose))
        .execution_options(populate_existing=True)
    )
    row = db.session.execute(statement).one_or_none()
    if row is None:
        raise NotFound(UNKNOWN)
    token, user = row
    _require_live(token)
    return token, user


def lock(*, value: str, purpose: str) -> Token:
    """Lock the token that a value belongs to until the transaction ends, and return it if valid.

    Raises what `get` raises.
    """
    statement = select(Token).where(*_matches(value, purpose)).with_for_update()
    token = db.session.scalar(statement.execution_options(populate_existing=True))
    if token is None:
        raise NotFound(UNKNOWN)
    _require_live(token)
    return token


def _matches(value: str, purpose: str) -> tuple[ColumnElement[bool], ...]:
    return Token.value_hash == digest(value), Token.purpose == purpose


def _require_live(token: Token) -> None:
    """Raise Expired, with what ended the token, unless it lives."""
    if token.used_at:
        raise Expired(_("This link was used already."))
    if token.superseded_at:
        raise Expired(_("A newer link was sent in place of this one."))
    if token.revoked_at:
        raise Expired(_("This link was withdrawn."))
    if token.expires_at <= clock.now():
        raise Expired(_("This link has expired. Ask for a new one."))


def supersede(user_ids: Select[int], purpose: str) -> None:
    """End the open tokens of these users for one purpose: newer ones are on their way."""
    _end(purpose, Token.user_id.in_(user_ids))


def revoke_all(user_ids: Select[int], *, purposes: Collection[str]) -> None:
    """Withdraw the open tokens of these users for these purposes."""
    db.session.execute(
        update(Token)
        .where(Token.user_id.in_(user_ids), Token.purpose.in_(purposes), Token.open())
        .values(revoked_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def count_open(user_ids: Select[int]) -> Select[int]:
    """Return a statement that counts the links of these users that still work."""
    return select(func.count(Token.id)).where(Token.user_id.in_(user_ids), Token.live())


def _end(purpose: str, whose: ColumnElement[bool]) -> None:
    """Mark the open tokens as replaced by newer ones."""
    db.session.execute(
        update(Token)
        .where(whose, Token.purpose == purpose, Token.open())
        .values(superseded_at=clock.now())
        .execution_options(synchronize_session=False)
    )
