"""Accounts: the first administrator, and one's own password."""

from sqlalchemy import select

from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.models.group import ADMINISTRATORS, Group
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.services import (
    attempts,
    challenges,
    events,
    groups,
    links,
    notices,
    passwords,
    records,
    sessions,
    throttle,
    tokens,
)
from backoffice.services.attempts import From
from backoffice.settings import Settings


def create_administrator(*, actor: Actor, email: str, first_name: str = "", last_name: str = "") -> User:
    """A member of Administrators without a password yet. Raises RuleBroken for a bad or taken address."""
    groups.install_shipped()
    administrators = db.session.scalars(select(Group.id).where(Group.key == ADMINISTRATORS)).all()
    values = {"email": email, "first_name": first_name, "last_name": last_name, "groups": administrators}
    user = records.create(actor=actor, model=User, values=values)
    user.status = "invited"
    db.session.flush()
    return user


def change_password(*, actor: Actor, current: str, new: str, origin: From, settings: Settings) -> None:
    """Replace one's own password; every other session and every link to reset it end, and the person is told.

    Raises RuleBroken with the field current_password or new_password, or TooMany. Every try of the current password
    is recorded: commit whatever comes of it.
    """
    user = db.session.get_one(User, actor.user_id)
    key = user.email_key or user.login_key or ""
    throttle.enter(key, user, origin, settings)  # before the person is locked, as at sign-in
    db.session.refresh(user, with_for_update=True)
    if not passwords.matches(user, current, settings):
        attempts.note(key, user, "failed", "current password", origin)
        raise RuleBroken("This is not your current password.", field="current_password")
    if passwords.normalised(current) == passwords.normalised(new):
        raise RuleBroken("Choose a password that differs from the current one.", field="new_password")
    passwords.check(user, new, settings)
    passwords.keep(user, new, settings)
    mine = select(User.id).where(User.id == user.id)
    sessions.end_all(mine, reason="password changed", keep=actor.session_id)
    challenges.end_all(mine)
    tokens.revoke_all(mine, purpose=links.PASSWORD.purpose)  # whoever has one would choose yet another
    notices.password_changed(user, origin, settings)
    events.record(actor=actor, action="account.change_password", subject=events.subject_of(user))
