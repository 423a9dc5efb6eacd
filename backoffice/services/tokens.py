"""One-time values: handed out once, stored hashed, one live per person and purpose, used once."""

import secrets
from datetime import timedelta

from sqlalchemy import Select, func, select, update

from backoffice import clock
from backoffice.errors import Expired, NotFound
from backoffice.extensions import db
from backoffice.models.token import Token
from backoffice.models.user import User
from backoffice.services.sessions import digest


def issue(*, user: User, purpose: str, valid: timedelta) -> str:
    """A new value for `user`; an older one for the same purpose no longer works."""
    now, value = clock.now(), secrets.token_urlsafe(32)
    db.session.execute(
        update(Token).where(Token.user_id == user.id, Token.purpose == purpose, Token.open()).values(superseded_at=now)
    )
    db.session.add(
        Token(
            user_id=user.id,
            purpose=purpose,
            value_hash=digest(value),
            sent_to=user.email or "",
            created_at=now,
            expires_at=now + valid,
        )
    )
    db.session.flush()
    return value


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


def revoke_all(user_ids: Select[int]) -> None:
    """Withdraw every open token of these users."""
    db.session.execute(
        update(Token)
        .where(Token.user_id.in_(user_ids), Token.open())
        .values(revoked_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def count_open(user_ids: Select[int]) -> Select[int]:
    """In SQL: how many links of these users still work."""
    return select(func.count(Token.id)).where(Token.user_id.in_(user_ids), Token.live())
