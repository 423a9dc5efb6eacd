"""Tell people that their access ends soon, and clear away what has ended.

What has ended counts as none already: whoever decides something asks for that. What is removed
here is only seen no more, and the events say so.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    delete,
    select,
    tuple_,
    union,
    update,
)

from backoffice import clock, events
from backoffice.auth.actors import actor_of
from backoffice.events import EventDraft
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.mail.outbox import OutgoingMail
from backoffice.models import mails
from backoffice.models.associations import user_groups
from backoffice.models.base import Record
from backoffice.models.direct_grant import DirectGrant
from backoffice.models.group import Group
from backoffice.models.membership_ends import SOON
from backoffice.models.user import User
from backoffice.people import access
from backoffice.policy.actor import Actor
from backoffice.policy.grants import ADMINISTRATORS_LOCK
from backoffice.policy.rules import sees
from backoffice.settings import Settings
from backoffice.text import in_utc
from backoffice.transactions import begin, lock

AT_ONCE = 500  # rows or people in one transaction
ENDED = "users.end_access"  # the action of the events
LOCK = "access_ends"  # so that nobody is told twice


def tell(settings: Settings, stopping: Callable[[], bool]) -> int:
    """Mail people what ends within a week, and those who gave it; return how many ends were told.

    Each end is told once.
    """
    told = 0
    for told_of in (_tell_memberships, _tell_extra):
        number = AT_ONCE
        while number == AT_ONCE and not stopping():
            begin(writing=True)
            lock(LOCK)
            number = told_of(settings)
            db.session.commit()
            told += number
    return told


def _tell_memberships(settings: Settings) -> int:
    table = user_groups.c
    columns = (table.user_id, table.given_by_id, Group.name, table.ends_at, table.group_id)
    near = select(*columns).join(Group, Group.id == table.group_id)
    ending = _some(near, _is_near(table.ends_at, table.told_at), table.user_id, table.group_id)
    keys = [(row.user_id, row.group_id) for row in ending]
    same = tuple_(table.user_id, table.group_id).in_(keys)
    db.session.execute(update(user_groups).where(same).values(told_at=clock.now()))
    _mail(ending, Group, "what", settings)
    return len(ending)


def _tell_extra(settings: Settings) -> int:
    grant = DirectGrant
    columns = (grant.user_id, grant.given_by_id, grant.permission, grant.ends_at, grant.id)
    ending = _some(select(*columns), _is_near(grant.ends_at, grant.told_at), grant.id)
    change = update(grant).where(grant.id.in_([row.id for row in ending]))
    told = change.values(told_at=clock.now())
    db.session.execute(told.execution_options(synchronize_session=False))
    _mail(ending, DirectGrant, "permission", settings)
    return len(ending)


def _some(statement: Any, which: ColumnElement[bool], *order: Any) -> Sequence[Any]:
    """Return the first rows, of people whose access nobody else can change meanwhile."""
    first = statement.where(which).order_by(*order).limit(AT_ONCE)
    found = db.session.execute(first).all()
    people = {row.user_id for row in found}
    _lock(people | {row.given_by_id for row in found})
    return db.session.execute(first.where(first.selected_columns.user_id.in_(people))).all()


def _lock(ids: Collection[int]) -> Sequence[int]:
    """Lock those of these people who are there, and return their ids."""
    people = select(User.id).where(User.id.in_(ids)).order_by(User.id)
    return db.session.scalars(people.with_for_update()).all()


def _is_near(ends_at: Any, told_at: Any) -> ColumnElement[bool]:
    now = clock.now()
    return and_(told_at.is_(None), ends_at > now, ends_at <= now + SOON)


def _mail(ending: Sequence[Any], given: type[Record], told_as: str, settings: Settings) -> None:
    """Queue a mail about each end to the person and to whoever gave it, if they still work here.

    Whoever gave it is told only while they see people and what was given. `told_as` is the value of
    the mail that says what that was.
    """
    people = _active({row.user_id for row in ending})
    givers = _active({row.given_by_id for row in ending})
    told = {each: giver for each, giver in givers.items() if _sees(giver, given)}
    letters = []
    for user_id, giver_id, name, ends_at, _key in ending:
        if person := people.get(user_id):
            values = {"person": person.name, told_as: name, "at": in_utc(ends_at)}
            readers = [each for each in (person, told.get(giver_id)) if each]
            letters += [_letter(each, values) for each in readers if each.email_verified_at]
    outbox.queue(letters, settings)


def _active(ids: Collection[int]) -> dict[int | None, User]:
    """Return those of these people who still work here, by id."""
    active = select(User).where(User.id.in_(ids), User.status == "active")
    return {user.id: user for user in db.session.scalars(active)}


def _sees(giver: User, given: type[Record]) -> bool:
    actor = actor_of(giver)
    return sees(actor, User) and sees(actor, given)


def _letter(reader: User, values: dict[str, str]) -> OutgoingMail:
    return OutgoingMail(
        purpose=mails.ACCESS_ENDS, address=reader.email or "", user_id=reader.id, values=values
    )


def clear(*, actor: Actor, stopping: Callable[[], bool]) -> int:
    """Remove memberships and extra permissions that have ended; return of how many people."""
    cleared = 0
    number = AT_ONCE
    while number == AT_ONCE and not stopping():
        begin(writing=True)
        lock(ADMINISTRATORS_LOCK)
        number = len(_clear_some(actor))
        db.session.commit()
        cleared += number
    return cleared


def _clear_some(actor: Actor) -> Sequence[int]:
    """Remove what has ended of some people; return their ids."""
    now = clock.now()
    ids = _lock_some(now)
    before = access.ended(select(User.id).where(User.id.in_(ids)))
    _remove(ids, now)
    drafts = [
        EventDraft(action=ENDED, subject=("users", user_id), before=values)
        for user_id, values in before.items()
    ]
    if drafts:
        events.record_many(actor=actor, drafts=drafts)
    return ids


def _lock_some(now: datetime) -> Sequence[int]:
    """Return people of whom something has ended, whom nobody else can change meanwhile."""
    ended = union(
        select(user_groups.c.user_id).where(user_groups.c.ends_at <= now),
        select(DirectGrant.user_id).where(DirectGrant.ends_at <= now),
    ).subquery()
    some = select(ended.c.user_id).order_by(ended.c.user_id).limit(AT_ONCE)
    return _lock(db.session.scalars(some).all())


def _remove(ids: Sequence[int], now: datetime) -> None:
    in_groups = (user_groups.c.user_id.in_(ids), user_groups.c.ends_at <= now)
    extra = (DirectGrant.user_id.in_(ids), DirectGrant.ends_at <= now)
    changed = update(User).where(User.id.in_(ids)).values(version=User.version + 1)
    for statement in (
        delete(user_groups).where(*in_groups),
        delete(DirectGrant).where(*extra),
        changed,
    ):
        db.session.execute(statement.execution_options(synchronize_session=False))
