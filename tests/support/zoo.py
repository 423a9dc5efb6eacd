"""A larger world than the cast.

It has enough people for three pages, many of them alike, and a bulk run that is over.
"""

from datetime import timedelta

from sqlalchemy import insert, select

from backoffice import clock
from backoffice.actions.engine.action import find
from backoffice.actions.engine.plan import Selection, preview
from backoffice.actions.engine.run import run
from backoffice.extensions import db
from backoffice.models.associations import user_client_tags, user_groups
from backoffice.models.client_tag import COLOURS, ClientTag
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.settings import Settings
from backoffice.testing import cast

PEOPLE = 65  # more than three pages of 20; more than one of 50
TAGS = 45
ALIKE = 13  # every so many people share name, status and times: ties for every order


def build(settings: Settings) -> None:
    """Add the cast, people of whom many are alike, groups, tags, and a bulk run by olivia."""
    cast.build(settings)
    people = [_person(number) for number in range(PEOPLE)]
    tags = [
        ClientTag(name=f"Tag {number:02}", colour=COLOURS[number % 3]) for number in range(TAGS)
    ]
    groups = [
        Group(name=f"Group {n:02}", description="same" if n % 2 else "", permissions=[])
        for n in range(45)
    ]
    db.session.add_all([*people, *tags, *groups])
    db.session.flush()
    _join(people, tags)
    _block(people[:6])
    db.session.commit()


def add_people(number: int, *, first_name: str = "Pia", first: int = 0) -> list[int]:
    """Add many more people quickly, and return their ids in order."""
    rows = [
        {"first_name": first_name, "last_name": f"Number {n:05}",
         "search_key": f"{first_name.lower()} number {n:05}",
         "email": f"more{n}@example.com", "email_key": f"more{n}@example.com"}
        for n in range(first, first + number)
    ]  # fmt: skip
    ids = db.session.scalars(
        insert(User).returning(User.id, sort_by_parameter_order=True), rows
    ).all()
    db.session.commit()
    return list(ids)


def _person(number: int) -> User:
    then = clock.now().replace(microsecond=0) - timedelta(days=number // ALIKE)
    person = User(
        first_name=f"Same {number // ALIKE}", last_name="Name",
        phone="+49301234567" if number % 2 else "",
        status="invited" if number % 3 else "active", last_login_at=None if number % 4 else then,
        client_tags_mode="only" if number % 5 == 0 else "all", created_at=then, updated_at=then,
    )  # fmt: skip
    person.set_email(f"zoo{number:03}@example.com")
    return person


def _join(people: list[User], tags: list[ClientTag]) -> None:
    groups = db.session.scalars(
        select(Group.id).where(Group.key.in_(["viewers", "employee", "dispatcher"]))
    ).all()
    db.session.execute(
        insert(user_groups), [{"user_id": p.id, "group_id": g} for p in people for g in groups]
    )
    pairs = [{"user_id": p.id, "client_tag_id": t.id} for p in people for t in tags[:3]]
    db.session.execute(insert(user_client_tags), pairs)


def _block(people: list[User]) -> None:
    actor, action = cast.Cast().actor("olivia"), find("users.block")
    assert action is not None
    chosen = Selection(ids=[person.id for person in people])
    planned = preview(actor=actor, action=action, selection=chosen).run
    run(actor=actor, token=planned.token, action=action, reason="=1+1")
