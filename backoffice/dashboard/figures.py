"""What the home page tells: numbers and the latest events, within the actor's scope."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from sqlalchemy import Select, func, literal, select, union_all

from backoffice import clock
from backoffice.dashboard import sign_ins
from backoffice.data import lists
from backoffice.extensions import db
from backoffice.models.base import Record, records
from backoffice.models.bulk_run import BulkRun
from backoffice.models.event import Event
from backoffice.models.user import STATUSES, TWO_FACTORS, User
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import named, scope
from backoffice.time_zones import clock_of, start_of


def people(actor: Actor) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """How many people the actor sees in each status, in the order of a person's life; and with each second factor,

    the best first, of those who are active. Counted as far as lists are, and the newest ones: more would cost the
    whole table.
    """
    by_status = dict(
        db.session.execute(
            union_all(*(_in_status(actor, status) for status in STATUSES[:-1]))
        ).all()
    )
    active = select(User.two_factor).where(scope(actor, User), User.status == "active")
    newest = active.order_by(User.id.desc()).limit(lists.COUNT_CAP).subquery()
    by_factor: dict[str, int] = dict(
        db.session.execute(
            select(newest.c.two_factor, func.count()).group_by(newest.c.two_factor)
        ).all()
    )
    factors = [(factor, by_factor.get(factor, 0)) for factor in TWO_FACTORS[::-1]]
    return [(status, by_status[status]) for status in STATUSES[:-1]], factors


def _in_status(actor: Actor, status: str) -> Select[str, int]:
    some = select(User.id).where(scope(actor, User), User.status == status).order_by(User.id)
    some = some.limit(lists.COUNT_CAP + 1)  # in the order of an index, which is all that is read
    return select(literal(status), func.count()).select_from(some.subquery())


def sign_ins_by_day(actor: Actor, *, days: int = 30) -> list[tuple[date, int, int]]:
    """For each of the actor's last days, today at the end: how many sign-ins worked, and how many tries did not."""
    zone = clock_of(actor.time_zone)
    today = clock.now().astimezone(zone).date()
    every = [today - timedelta(days=back) for back in reversed(range(days))]
    counted = sign_ins.by_day(actor, [start_of(day, zone) for day in every])
    return [(day, *numbers) for day, numbers in zip(every, counted, strict=True)]


def latest_events(actor: Actor, *, number: int = 8) -> Sequence[Event]:
    """The latest events the actor may see, the newest first."""
    return db.session.scalars(
        select(Event).where(scope(actor, Event)).order_by(Event.id.desc()).limit(number)
    ).all()


def latest_runs(actor: Actor, *, number: int = 5) -> Sequence[BulkRun]:
    """The latest bulk runs the actor may see, the newest first."""
    statement = select(BulkRun).where(scope(actor, BulkRun)).order_by(BulkRun.id.desc())
    return db.session.scalars(statement.limit(number)).all()


def pictures(actor: Actor | None, ids: Iterable[int | None]) -> dict[int, str]:
    """The keys of the avatars of those of these people who have one, as far as the actor sees them."""
    asked = (
        User.id.in_({row_id for row_id in ids if row_id}),
        User.avatar.is_not(None),
        scope(actor, User),
    )
    rows = db.session.execute(select(User.id, User.avatar).where(*asked))
    return {row_id: key for row_id, key in rows if key}


def names(
    actor: Actor | None, subjects: Iterable[tuple[str, int | None]]
) -> dict[tuple[str, int | None], str]:
    """What the actor may call the rows that events are about, by (area, id); one statement per area."""
    by_area: dict[str, set[int]] = {}
    for area, row_id in subjects:
        if row_id is not None:
            by_area.setdefault(area, set()).add(row_id)
    models: dict[str, type[Record]] = {area_of(model): model for model in records()}
    found: dict[tuple[str, int | None], str] = {}
    for area, ids in by_area.items():
        if model := models.get(area):
            rows = db.session.execute(
                select(model.id, named(actor, model)).where(model.id.in_(ids))
            )
            found |= {(area, row_id): label for row_id, label in rows}
    return found
