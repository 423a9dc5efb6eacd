"""Count sign-ins by day."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, func, literal, select, true, union_all

from backoffice.extensions import db
from backoffice.models.sign_in_attempt import RESULTS, SignInAttempt
from backoffice.policy.actor import Actor
from backoffice.policy.rules import scope

FAILED = RESULTS[1:]
A_DAY = timedelta(days=1)
WORTH_KEEPING = 1_000  # attempts of one day
MOST_KEPT = 1_000  # days
Counts = tuple[int, int]  # successful and failed
Place = tuple[str, datetime, int, int]  # database, start of the day, first and last attempt

# Attempts are only added, each with a higher id: while the first and the last of a day stay the
# same, so do all between. A process counts a long day once, and today as often as it is asked.
_kept: dict[Place, Counts] = {}


def by_day(actor: Actor, starts: Sequence[datetime]) -> list[Counts]:
    """Count the successful and the failed sign-ins of each day that begins at one of `starts`."""
    places = [_place(row) for row in db.session.execute(union_all(*map(_ends, starts)))]
    # Only counts of everything are kept: those of a narrower scope are true for one actor alone.
    sees_all = scope(actor, SignInAttempt).compare(true())
    counts: dict[Place, Counts] = {}
    if sees_all:
        counts = {place: _kept[place] for place in places if place in _kept}
    missing = [place for place in places if place not in counts]
    counts |= _counted(actor, missing)
    if sees_all:
        # The last one is today, which still grows.
        _keep({place: counts[place] for place in missing[:-1]})
    return [counts[place] for place in places]


def _keep(counts: dict[Place, Counts]) -> None:
    """Keep the counts of those days that take long to count."""
    if len(_kept) > MOST_KEPT:
        _kept.clear()
    for place, count in counts.items():
        _database, _start, first, last = place
        if last - first > WORTH_KEEPING:
            _kept[place] = count


def _place(row: tuple[datetime, int | None, int | None]) -> Place:
    start, first, last = row
    return str(db.engine.url), start, first or 0, last or 0


def _ends(start: datetime) -> Select[datetime, int, int]:
    """Select the start of the day, and the ids of its first and last attempt."""
    that_day = select(SignInAttempt.id).where(_on(start))
    first = that_day.order_by(SignInAttempt.at, SignInAttempt.id).limit(1)
    last = that_day.order_by(SignInAttempt.at.desc(), SignInAttempt.id.desc()).limit(1)
    day = literal(start, SignInAttempt.at.type)
    return select(day, first.scalar_subquery(), last.scalar_subquery())


def _counted(actor: Actor, places: Sequence[Place]) -> dict[Place, Counts]:
    """Count the attempts of each place.

    Each day reads its own stretch of the index: working out the day of every row in one pass would
    take five times as long.
    """
    if not places:
        return {}
    seen = scope(actor, SignInAttempt)
    parts = []
    for number, (_database, start, _first, _last) in enumerate(places):
        parts.append(_counting(number, and_(seen, _on(start))))
    rows = db.session.execute(union_all(*parts))
    return {places[number]: (worked, failed) for number, worked, failed in rows}


def _counting(number: int, condition: ColumnElement[bool]) -> Select[int, int, int]:
    worked = func.count().filter(SignInAttempt.completed_sign_in())
    failed = func.count().filter(SignInAttempt.result.in_(FAILED))
    return select(literal(number), worked, failed).where(condition)


def _on(start: datetime) -> ColumnElement[bool]:
    return and_(SignInAttempt.at >= start, SignInAttempt.at < start + A_DAY)
