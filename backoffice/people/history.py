"""Collect what the page of a person shows: permissions, sessions, sign-ins and messages."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.associations import is_current, user_groups
from backoffice.models.direct_grant import DirectGrant
from backoffice.models.message import Message
from backoffice.models.session import Session
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.token import Token
from backoffice.models.user import User
from backoffice.people import access
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import catalogue
from backoffice.policy.rules import scope

ENTRIES_SHOWN = 50


def ends_of_groups(user: User) -> dict[int, datetime]:
    """Return when the person's memberships end, by the id of the group; of those that do."""
    columns = (user_groups.c.group_id, user_groups.c.ends_at)
    ending = select(*columns).where(
        user_groups.c.user_id == user.id, is_current(), user_groups.c.ends_at.is_not(None)
    )
    return dict(db.session.execute(ending).all())


def extra_permissions(user: User) -> list[tuple[DirectGrant, str]]:
    """Return the person's extra permissions with their meanings, by their codes."""
    meanings = {code: str(permission.meaning) for code, permission in catalogue().items()}
    held = access.extra_of(user.alone())
    return [(grant, meanings.get(grant.permission, grant.permission)) for grant in held]


def live_sessions(actor: Actor, user: User) -> Sequence[Session]:
    """Return the person's sessions that have not ended, the latest first."""
    is_live = Session.live(clock.now())
    statement = select(Session).where(scope(actor, Session), Session.user_id == user.id, is_live)
    statement = statement.order_by(Session.id.desc())
    return db.session.scalars(statement.limit(ENTRIES_SHOWN)).all()


def attempts(actor: Actor, user: User) -> Sequence[SignInAttempt]:
    """Return the person's latest attempts to sign in."""
    statement = (
        select(SignInAttempt)
        .where(scope(actor, SignInAttempt), SignInAttempt.user_id == user.id)
        .order_by(SignInAttempt.at.desc(), SignInAttempt.id.desc())
    )
    return db.session.scalars(statement.limit(ENTRIES_SHOWN)).all()


def messages(actor: Actor, user: User) -> list[tuple[Message, str]]:
    """Return the latest messages to the person, each with the status of its link or code.

    The status is that of `token_status`: '' where the message has no link or code.
    """
    statement = (
        select(Message, Token)
        .outerjoin(Token, Token.id == Message.token_id)
        .where(scope(actor, Message), Message.user_id == user.id)
        .order_by(Message.id.desc())
    )
    rows = db.session.execute(statement.limit(ENTRIES_SHOWN))
    return [(message, token_status(token)) for message, token in rows]


def token_status(token: Token | None) -> str:
    """Return whether the token still works, and if not, why; '' if there is none."""
    if token is None:
        return ""
    endings = {
        "used": token.used_at,
        "superseded": token.superseded_at,
        "revoked": token.revoked_at,
    }
    for status, ended_at in endings.items():
        if ended_at:
            return status
    return "live" if token.expires_at > clock.now() else "expired"
