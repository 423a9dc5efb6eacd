"""Erasing a person: what other tables say about them goes too, so that only a number is left.

What that is follows from the columns and foreign keys themselves, as models/personal.py has it.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from sqlalchemy import Select, delete, select, true, update

from backoffice import events
from backoffice.auth import attempts
from backoffice.extensions import configured, db
from backoffice.models import personal
from backoffice.models.base import records
from backoffice.models.bulk_run import BulkItem, BulkRun
from backoffice.models.event import Event
from backoffice.models.user import User
from backoffice.people import avatars
from backoffice.policy.permissions import area_of
from backoffice.text import address_key

T = TypeVar("T")
AT_ONCE = 500  # values in one statement


def forget(people: Select[int]) -> None:
    """Erase what attempts, runs and events say about `people`, whose own rows must still say who they are."""
    avatars.forget(people)
    _forget_by_address(people)
    _forget_runs(people)
    _forget_belongings(people)
    events.redact(subject_type=area_of(User), subject_ids=people)


def _forget_belongings(people: Select[int]) -> None:
    """Rows that belong to them: second factors, mails, links, sessions, groups; and what events say of those."""
    tables = {area_of(model) for model in records()}
    for column in personal.belongings():
        whose = column.in_(people)
        if column.table.name in tables:
            events.redact(
                subject_type=column.table.name, subject_ids=select(column.table.c.id).where(whose)
            )
        db.session.execute(delete(column.table).where(whose))


def _forget_by_address(people: Select[int]) -> None:
    """What is nobody's but was noted under an address the person ever had.

    Attempts before the account and throttled ones, and mails of which no worker has found out yet whom they are for.
    """
    for keys in _batches(sorted(_kept_as(_addresses(people)))):
        for column, owner in personal.by_address():
            nobodys = true() if owner is None else owner.is_(None)
            db.session.execute(delete(column.table).where(nobodys, column.in_(keys)))


def _kept_as(addresses: Iterable[str]) -> set[str]:
    """All that may be kept of an address: itself, its keyed hashes, and what the throttle makes of these."""
    hashes = {
        each for address in addresses for each in attempts.identifier_hashes(address, configured())
    }
    return {*addresses, *hashes, *map(attempts.identifier_key, hashes)}


def _addresses(people: Select[int]) -> set[str]:
    """The normalised addresses and logins of now, and those that the events tell of."""
    now = db.session.execute(select(User.email_key, User.login_key).where(User.id.in_(people)))
    found = {key for pair in now for key in pair if key}
    about = (
        Event.subject_type == area_of(User),
        Event.subject_id.in_(people),
        Event.redacted_at.is_(None),
    )
    for pair in db.session.execute(select(Event.before, Event.after).where(*about)):
        told = (values.get(name) for values in pair if values for name in ("email", "login"))
        found |= {address_key(address) for address in told if address}
    return found


def _forget_runs(people: Select[int]) -> None:
    """What was searched for to find them, and typed into previews; and the rest, where it is about nobody else."""
    about_people = BulkRun.action.startswith(f"{area_of(User)}.")
    runs = select(BulkItem.run_id).join(BulkRun).where(BulkItem.row_id.in_(people), about_people)
    change = update(BulkRun).execution_options(synchronize_session=False)
    nothing = personal.emptied(BulkRun)
    by_query = [
        row.id
        for row in db.session.execute(
            select(BulkRun.id, BulkRun.selection).where(BulkRun.id.in_(runs))
        )
        if row.selection.get("query")
    ]
    for ids in _batches(by_query):
        db.session.execute(change.where(BulkRun.id.in_(ids)).values(selection=nothing["selection"]))
    db.session.execute(change.where(BulkRun.id.in_(runs)).values(draft=nothing["draft"]))
    others = (
        select(BulkItem.run_id)
        .join(User, User.id == BulkItem.row_id)
        .where(BulkItem.run_id == BulkRun.id, User.status != "deleted", User.id.not_in(people))
        .correlate(BulkRun)
    )
    db.session.execute(change.where(BulkRun.id.in_(runs), ~others.exists()).values(**nothing))
    theirs = update(BulkItem).where(BulkItem.row_id.in_(people), BulkItem.run_id.in_(runs))
    forgotten = theirs.values(**personal.emptied(BulkItem)).execution_options(
        synchronize_session=False
    )
    db.session.execute(forgotten)


def _batches(values: Sequence[T]) -> Iterator[Sequence[T]]:
    return (values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE))
