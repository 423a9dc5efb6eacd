"""What is known about one person or row: permissions with their source, sign-ins, sessions, messages, events."""

from collections.abc import Sequence

from sqlalchemy import select

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.base import Record
from backoffice.models.event import Event
from backoffice.models.message import Message
from backoffice.models.session import Session
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.token import Token
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import Permission, area_of, catalogue
from backoffice.policy.rules import named, scope

ENTRIES_SHOWN = 50


def permissions(user: User) -> list[tuple[Permission, list[str]]]:
    """Every permission of the person, each with the groups that give it."""
    found = []
    for code, permission in catalogue().items():
        givers = [
            group.name
            for group in user.groups
            if group.all_permissions or code in group.permissions
        ]
        if givers:
            found.append((permission, givers))
    return found


def live_sessions(actor: Actor, user: User) -> Sequence[Session]:
    """The person's sessions that have not ended, the latest first."""
    mine = (Session.user_id == user.id, Session.live(clock.now()))
    statement = select(Session).where(scope(actor, Session), *mine).order_by(Session.id.desc())
    return db.session.scalars(statement.limit(ENTRIES_SHOWN)).all()


def attempts(actor: Actor, user: User) -> Sequence[SignInAttempt]:
    """The person's latest tries to sign in."""
    statement = select(SignInAttempt).where(
        scope(actor, SignInAttempt), SignInAttempt.user_id == user.id
    )
    return db.session.scalars(
        statement.order_by(SignInAttempt.at.desc(), SignInAttempt.id.desc()).limit(ENTRIES_SHOWN)
    ).all()


def messages(actor: Actor, user: User) -> list[tuple[Message, str]]:
    """The latest messages to the person, each with what became of the link or code in it: '' where there is none."""
    statement = (
        select(Message, Token)
        .outerjoin(Token, Token.id == Message.token_id)
        .where(scope(actor, Message), Message.user_id == user.id)
        .order_by(Message.id.desc())
    )
    return [
        (message, token_status(token))
        for message, token in db.session.execute(statement.limit(ENTRIES_SHOWN))
    ]


def token_status(token: Token | None) -> str:
    """Whether the value still works, and if not, why; '' where there is none."""
    if token is None:
        return ""
    ends = {"used": token.used_at, "superseded": token.superseded_at, "revoked": token.revoked_at}
    ended = next((status for status, at in ends.items() if at), "")
    return ended or ("live" if token.expires_at > clock.now() else "expired")


def events(actor: Actor, area: str, row_id: int) -> Sequence[Event]:
    """The latest events about a row that the actor may see."""
    about = (Event.subject_type == area, Event.subject_id == row_id)
    statement = select(Event).where(scope(actor, Event), *about).order_by(Event.id.desc())
    return db.session.scalars(statement.limit(ENTRIES_SHOWN)).all()


def last_author(actor: Actor, row: Record) -> str:
    """Whoever changed the row last, as the actor may call them."""
    about = (
        Event.subject_type == area_of(type(row)),
        Event.subject_id == row.id,
        Event.result == "done",
    )
    statement = select(named(actor, User)).join(Event, Event.actor_id == User.id).where(*about)
    return db.session.scalar(statement.order_by(Event.id.desc()).limit(1)) or "Somebody"
