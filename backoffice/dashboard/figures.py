"""Collect the figures and latest events of the home page, within the actor's scope."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import Select, func, literal, select, union_all

from backoffice import clock
from backoffice.dashboard import sign_ins
from backoffice.data import lists
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkRun
from backoffice.models.event import Event
from backoffice.models.user import STATUSES, TWO_FACTORS, User
from backoffice.policy.actor import Actor
from backoffice.policy.rules import scope
from backoffice.time_zones import start_of, timezone_of


def people(actor: Actor) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Count the people whom the actor sees, by status and by second factor.

    Statuses are in the order of a person's life. Second factors are those of active people, the
    best first. Both are counted as far as lists are, since more would cost reading the whole table;
    if there are more active people, the newest count.
    """
    return _by_status(actor), _by_factor(actor)


def _by_status(actor: Actor) -> list[tuple[str, int]]:
    statuses = STATUSES[:-1]  # the last one means that the person is deleted
    counts = union_all(*(_in_status(actor, status) for status in statuses))
    numbers = dict(db.session.execute(counts).all())
    return [(status, numbers[status]) for status in statuses]


def _in_status(actor: Actor, status: str) -> Select[str, int]:
    some = (
        select(User.id)
        .where(scope(actor, User), User.status == status)
        .order_by(User.id)  # the order of an index, so that only the index is read
        .limit(lists.COUNT_CAP + 1)
    )
    return select(literal(status), func.count()).select_from(some.subquery())


def _by_factor(actor: Actor) -> list[tuple[str, int]]:
    active = select(User.two_factor).where(scope(actor, User), User.status == "active")
    newest = active.order_by(User.id.desc()).limit(lists.COUNT_CAP).subquery()
    counts = select(newest.c.two_factor, func.count()).group_by(newest.c.two_factor)
    numbers: dict[str, int] = dict(db.session.execute(counts).all())
    return [(factor, numbers.get(factor, 0)) for factor in reversed(TWO_FACTORS)]


def sign_ins_by_day(actor: Actor, *, days: int = 30) -> list[tuple[date, int, int]]:
    """Return each of the last days with its numbers of successful and of failed sign-ins.

    Days are those of the actor's time zone; today comes last.
    """
    zone = timezone_of(actor.time_zone)
    today = clock.now().astimezone(zone).date()
    dates = [today - timedelta(days=back) for back in reversed(range(days))]
    counts = sign_ins.by_day(actor, [start_of(day, zone) for day in dates])
    return [(day, worked, failed) for day, (worked, failed) in zip(dates, counts, strict=True)]


def latest_events(actor: Actor, *, number: int = 8) -> Sequence[Event]:
    """Return the latest events that the actor may see, the newest first."""
    statement = select(Event).where(scope(actor, Event)).order_by(Event.id.desc())
    return db.session.scalars(statement.limit(number)).all()


def latest_runs(actor: Actor, *, number: int = 5) -> Sequence[BulkRun]:
    """Return the latest bulk runs that the actor may see, the newest first."""
    statement = select(BulkRun).where(scope(actor, BulkRun)).order_by(BulkRun.id.desc())
    return db.session.scalars(statement.limit(number)).all()
