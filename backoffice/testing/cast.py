"""The fixed cast: olivia owns, max manages, vera views, and eve must never get in."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from backoffice.auth import passwords
from backoffice.auth.actors import actor_of
from backoffice.extensions import db
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.people import groups
from backoffice.policy.actor import Actor
from backoffice.policy.shipped import SHIPPED
from backoffice.settings import Settings

# Everybody's password; it is long enough for the policy without a second factor.
PASSWORD = "a harness of four long words"


@dataclass(frozen=True)
class Role:
    """What makes a member of the cast: the key of their group and their status."""

    first_name: str
    last_name: str
    group: str
    status: str = "active"


ROLES = {
    "olivia": Role("Olivia", "Owen", "administrators"),
    "max": Role("Max", "Mander", "managers"),
    "vera": Role("Vera", "Vance", "viewers"),
    # Eve was an administrator and knows her password: only the block keeps her out.
    "eve": Role("Eve", "Evers", "administrators", status="blocked"),
}


def address(name: str) -> str:
    """Return the e-mail address of a member of the cast or staff; an address stays as it is."""
    return name if "@" in name else f"{name}@example.com"


class Cast:
    """The cast: `cast.olivia` is her row in the test's session, read afresh if it was forgotten."""

    def __getattr__(self, name: str) -> User:
        wanted = select(User).where(User.email_key == address(name))
        found = db.session.scalars(wanted).one_or_none()
        if found is None:
            raise AttributeError(
                f"nobody is called {name!r}: the fixture `cast` adds olivia, max, vera and eve, "
                "`staff` also a member of every group, called like its key"
            )
        return found

    def actor(self, name: str, **others: Any) -> Actor:
        """Return the actor of this name, for functions that are called without a request."""
        return replace(
            actor_of(getattr(self, name), ip="127.0.0.1", request_id="test", confirmed=True),
            **others,
        )


def build(settings: Settings) -> None:
    """Add the shipped groups and the cast.

    There are no events, because those of a test should be the only ones.
    """
    groups.install_shipped()
    for name, role in ROLES.items():
        person = add(name, group=role.group, settings=settings)
        person.first_name, person.last_name = role.first_name, role.last_name
        if role.status == "blocked":
            person.status, person.status_before = "blocked", "active"
    db.session.commit()


def build_staff(settings: Settings) -> None:
    """Add the cast, and an active member of every shipped group who is named like its key."""
    build(settings)
    for shipped in SHIPPED:
        add(shipped.key, group=shipped.key, settings=settings)
    db.session.commit()


def add(name: str, *, group: str, settings: Settings) -> User:
    """Add an active person with the common password to the group of this key."""
    person = User(groups=[db.session.scalars(select(Group).where(Group.key == group)).one()])
    person.set_email(address(name))
    passwords.store(person, PASSWORD, settings)
    db.session.add(person)
    return person
