"""Create the first administrator, whom nobody could invite."""

from sqlalchemy import select

from backoffice.data import records
from backoffice.extensions import db
from backoffice.models.group import ADMINISTRATORS, Group
from backoffice.models.user import User
from backoffice.people import groups
from backoffice.policy.actor import Actor


def create(*, actor: Actor, email: str, first_name: str = "", last_name: str = "") -> User:
    """Create a member of Administrators who has no password yet.

    Raises RuleBroken for a bad or taken address.
    """
    groups.install_shipped()
    administrators = db.session.scalars(select(Group.id).where(Group.key == ADMINISTRATORS)).all()
    values = {
        "email": email,
        "first_name": first_name,
        "last_name": last_name,
        "groups": administrators,
    }
    user = records.create(actor=actor, model=User, values=values)
    user.status = "invited"
    db.session.flush()
    return user
