"""A person's own account: the first administrator, the first password, a changed one."""

from sqlalchemy import select

from backoffice import clock
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.models.group import ADMINISTRATORS, Group
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.services import events, groups, passwords, records, sessions, tokens
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


def invitation_link(*, user: User, settings: Settings) -> str:
    """A link by which `user` sets a first password; it works once, for as long as invitations are valid."""
    value = tokens.issue(user=user, purpose="invitation", valid=settings.invitation_valid)
    return f"{settings.base_url}/invitations/{value}"


def accept_invitation(*, value: str, new_password: str, settings: Settings, actor_ip: str = "") -> User:
    """Use an invitation: the person is active, with a password only they know.

    Raises NotFound or Expired for the link, RuleBroken (field new_password) for the password.
    """
    looked = tokens.find(value=value, purpose="invitation")
    # The person first, as actions do; whoever blocks them meanwhile has then withdrawn the link, which is read anew.
    user = db.session.get_one(User, looked.user_id, with_for_update=True, populate_existing=True)
    token = tokens.find(value=value, purpose="invitation", for_use=True)
    if user.status != "invited":
        raise RuleBroken("This account is not waiting for an invitation any more.")
    passwords.check(user, new_password, settings)
    passwords.keep(user, new_password, settings)
    token.used_at = user.email_verified_at = clock.now()
    user.status, user.version = "active", user.version + 1
    themselves = Actor(user.id, user.email or "", ip=actor_ip)
    events.record(actor=themselves, action="invitations.accept", subject=events.subject_of(user))
    return user


def change_password(*, actor: Actor, current: str, new: str, settings: Settings) -> None:
    """Replace one's own password; every other session of one's own ends.

    Raises RuleBroken with the field current_password or new_password.
    """
    user = db.session.get_one(User, actor.user_id, with_for_update=True)
    if not passwords.matches(user, current, settings):
        raise RuleBroken("This is not your current password.", field="current_password")
    if passwords.normalised(current) == passwords.normalised(new):
        raise RuleBroken("Choose a password that differs from the current one.", field="new_password")
    passwords.check(user, new, settings)
    passwords.keep(user, new, settings)
    mine = select(User.id).where(User.id == user.id)
    sessions.end_all(mine, reason="password changed", keep=actor.session_id)
    events.record(actor=actor, action="account.change_password", subject=events.subject_of(user))
