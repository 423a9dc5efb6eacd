"""The fixed cast: olivia owns, max manages, vera views, eve must never get in."""

from dataclasses import dataclass

from argon2 import PasswordHasher
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.settings import Settings

PASSWORD = "a harness of four long words"  # of everyone; long enough for the policy without a second factor


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
    """The e-mail address of a member of the cast; anything else is taken for an address already."""
    return f"{name}@example.com" if name in ROLES else name


class Cast:
    """`cast.olivia` is her row in the test's session, read afresh when it was forgotten."""

    def __getattr__(self, name: str) -> User:
        if name not in ROLES:
            raise AttributeError(f"{name} is not in the cast: {', '.join(ROLES)}")
        return db.session.scalars(select(User).where(User.email_key == address(name))).one()


def build(settings: Settings) -> None:
    """Make the cast; rows and nothing else, so that a test's events are its own."""
    groups = {group.key: group for group in db.session.scalars(select(Group))}
    hasher = PasswordHasher(
        time_cost=settings.argon2_time_cost, memory_cost=settings.argon2_memory_kib, parallelism=1
    )
    hashed = hasher.hash(PASSWORD)
    for name, role in ROLES.items():
        person = User(
            first_name=role.first_name,
            last_name=role.last_name,
            status=role.status,
            status_before="active" if role.status == "blocked" else None,
            password_hash=hashed,
            password_state="usable",
            groups=[groups[role.group]],
        )
        person.set_email(address(name))
        db.session.add(person)
    db.session.commit()
