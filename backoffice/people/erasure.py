"""Erase what the database says about a deleted person, so that only their number is left.

Which rows and columns these are follows from the columns and foreign keys themselves: see
models/personal.py.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from sqlalchemy import Select, delete, select, true, update

from backoffice import events
from backoffice.auth import attempts
from backoffice.data import uploaded_files
from backoffice.extensions import db
from backoffice.models import personal
from backoffice.models.base import records
from backoffice.models.bulk_run import BulkItem, BulkRun
from backoffice.models.client import Client
from backoffice.models.event import Event
from backoffice.models.user import User
from backoffice.policy.permissions import area_of
from backoffice.settings import configured
from backoffice.text import address_key

T = TypeVar("T")
AT_ONCE = 500  # values in one statement


def forget(people: Select[int]) -> None:
    """Erase what other tables, files and events say about `people`.

    Their own rows are still needed to find it: they must be emptied after this call, not before.
    """
    uploaded_files.forget(people)
    _forget_by_address(people)
    forget_runs(User, people)
    _forget_belongings(people)
    events.redact(subject_type=area_of(User), subject_ids=people)


def _forget_by_address(people: Select[int]) -> None:
    """Delete the ownerless rows that hold an address or login that the people ever had.

    These are sign-in attempts from before the account, throttled attempts, and mails for which no
    worker has found the recipient yet.
    """
    identifiers = _stored_forms(_addresses(people))
    for batch in _batches(sorted(identifiers)):
        for column, owner in personal.by_address():
            is_ownerless = true() if owner is None else owner.is_(None)
            db.session.execute(delete(column.table).where(is_ownerless, column.in_(batch)))


def _addresses(people: Select[int]) -> set[str]:
    """Return the normalised addresses and logins of now, and those that events mention."""
    current = select(User.email_key, User.login_key).where(User.id.in_(people))
    addresses = {key for row in db.session.execute(current) for key in row if key}
    return addresses | _addresses_in_events(people)


def _addresses_in_events(people: Select[int]) -> set[str]:
    changes = select(Event.before, Event.after).where(
        Event.subject_type == area_of(User),
        Event.subject_id.in_(people),
        Event.redacted_at.is_(None),
    )
    addresses = set()
    for before_and_after in db.session.execute(changes):
        for values in before_and_after:
            if values:
                addresses |= {values.get("email"), values.get("login")}
    return {address_key(address) for address in addresses if address}


def _stored_forms(addresses: Iterable[str]) -> set[str]:
    """Return every form in which the addresses may be stored.

    An address is stored as itself, as a keyed hash, or as the key that the throttle makes of one.
    """
    forms = set(addresses)
    for address in addresses:
        hashes = attempts.identifier_hashes(address, configured())
        forms.update(hashes)
        forms.update(map(attempts.identifier_key, hashes))
    return forms


def forget_runs(model: type[User | Client], rows: Select[int]) -> None:
    """Empty what bulk runs over these rows keep about them.

    The search that found them and the draft typed into the preview go at once. The rest may be
    about the other rows of the run, and goes once none of those is left.
    """
    runs = _runs_about(model, rows)
    empty = personal.emptied(BulkRun)
    change = update(BulkRun).execution_options(synchronize_session=False)
    for ids in _batches(_runs_with_search(runs)):
        db.session.execute(change.where(BulkRun.id.in_(ids)).values(selection=empty["selection"]))
    db.session.execute(change.where(BulkRun.id.in_(runs)).values(draft=empty["draft"]))
    is_about_nobody = ~_others(model, rows).exists()
    db.session.execute(change.where(BulkRun.id.in_(runs), is_about_nobody).values(**empty))
    _forget_items(rows, runs)


def _runs_about(model: type[User | Client], rows: Select[int]) -> Select[int]:
    about_rows = BulkRun.action.startswith(f"{area_of(model)}.")
    return select(BulkItem.run_id).join(BulkRun).where(BulkItem.row_id.in_(rows), about_rows)


def _runs_with_search(runs: Select[int]) -> list[int]:
    """Return the ids of those of the runs whose rows were found by a search or filters."""
    statement = select(BulkRun.id, BulkRun.selection).where(BulkRun.id.in_(runs))
    return [row.id for row in db.session.execute(statement) if row.selection.get("query")]


def _others(model: type[User | Client], rows: Select[int]) -> Select[int]:
    """Select what a run is about beside `rows` and what was deleted before."""
    still_there = (model.status != "deleted", model.id.not_in(rows))
    others = select(BulkItem.run_id).join(model, model.id == BulkItem.row_id)
    return others.where(BulkItem.run_id == BulkRun.id, *still_there).correlate(BulkRun)


def _forget_items(rows: Select[int], runs: Select[int]) -> None:
    """Empty what the runs keep about each of these rows alone."""
    items = update(BulkItem).where(BulkItem.row_id.in_(rows), BulkItem.run_id.in_(runs))
    emptied = items.values(**personal.emptied(BulkItem))
    db.session.execute(emptied.execution_options(synchronize_session=False))


def _forget_belongings(people: Select[int]) -> None:
    """Delete the rows that belong to the people, and redact the events about those rows.

    Such rows are second factors, mails, links, sessions and memberships in groups.
    """
    tables_with_events = {area_of(model) for model in records()}
    for column in personal.belongings():
        table = column.table
        belongs_to_them = column.in_(people)
        if table.name in tables_with_events:
            row_ids = select(table.c.id).where(belongs_to_them)
            events.redact(subject_type=table.name, subject_ids=row_ids)
        db.session.execute(delete(table).where(belongs_to_them))


def _batches(values: Sequence[T]) -> Iterator[Sequence[T]]:
    return (values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE))
