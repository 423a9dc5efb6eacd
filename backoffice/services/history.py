"""What is known about one person or row: permissions with their source, sign-ins, sessions, events."""

from collections.abc import Sequence

from sqlalchemy import select

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.session import Session
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import Permission, catalogue
from backoffice.policy.rules import scope

SHOWN = 50


def permissions(user: User) -> list[tuple[Permission, list[str]]]:
    """Every permission of the person, each with the groups that give it."""
    found = []
    for code, permission in catalogue().items():
        givers = [group.name for group in user.groups if group.all_permissions or code in group.permissions]
        if givers:
            found.append((permission, givers))
    return found


def live_sessions(user: User) -> Sequence[Session]:
    """The person's sessions that have not ended, the latest first."""
    statement = select(Session).where(Session.user_id == user.id, Session.live(clock.now()))
    return db.session.scalars(statement.order_by(Session.id.desc()).limit(SHOWN)).all()


def attempts(user: User) -> Sequence[SignInAttempt]:
    """The person's latest tries to sign in."""
    statement = select(SignInAttempt).where(SignInAttempt.user_id == user.id)
    return db.session.scalars(statement.order_by(SignInAttempt.id.desc()).limit(SHOWN)).all()


def events(actor: Actor, area: str, row_id: int) -> Sequence[Event]:
    """The latest events about a row that the actor may see."""
    about = (Event.subject_type == area, Event.subject_id == row_id)
    statement = select(Event).where(scope(actor, Event), *about).order_by(Event.id.desc())
    return db.session.scalars(statement.limit(SHOWN)).all()
