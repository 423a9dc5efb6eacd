"""Sign-ins counted by day."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, func, literal, select, true, union_all

from backoffice.extensions import db
from backoffice.models.sign_in_attempt import RESULTS, SignInAttempt
from backoffice.policy.actor import Actor
from backoffice.policy.rules import scope

FAILED = RESULTS[1:]
A_DAY = timedelta(days=1)
WORTH_KEEPING = 1_000  # tries of one day
MOST_KEPT = 1_000  # days
Counts = tuple[int, int]
Place = tuple[str, datetime, int, int]

# Tries are only added, each with a higher number: while the first and the last of a day are the same, so is the rest.
# A process counts a long day once, and today as often as it is asked.
_kept: dict[Place, Counts] = {}


def by_day(actor: Actor, starts: Sequence[datetime]) -> list[Counts]:
    """For each day that begins at one of `starts`, how many sign-ins worked and how many tries did not."""
    places = [_place(row) for row in db.session.execute(union_all(*map(_ends, starts)))]
    whole = scope(actor, SignInAttempt).compare(true())
    found = {place: _kept[place] for place in places if whole and place in _kept}
    missing = [place for place in places if place not in found]
    found |= _counted(actor, missing)
    if whole:
        if len(_kept) > MOST_KEPT:
            _kept.clear()
        _kept.update({p: found[p] for p in missing[:-1] if p[3] - p[2] > WORTH_KEEPING})
    return [found[place] for place in places]


def _place(row: tuple[datetime, int | None, int | None]) -> Place:
    start, first, last = row
    return str(db.engine.url), start, first or 0, last or 0


def _ends(start: datetime) -> Select[datetime, int, int]:
    """The numbers of the first and of the last try of the day."""
    that_day = select(SignInAttempt.id).where(_on(start))
    first = that_day.order_by(SignInAttempt.at, SignInAttempt.id).limit(1)
    last = that_day.order_by(SignInAttempt.at.desc(), SignInAttempt.id.desc()).limit(1)
    return select(
        literal(start, SignInAttempt.at.type), first.scalar_subquery(), last.scalar_subquery()
    )


def _counted(actor: Actor, places: Sequence[Place]) -> dict[Place, Counts]:
    """A stretch of the index for each day: to work out the day of every row would take five times as long."""
    if not places:
        return {}
    seen = scope(actor, SignInAttempt)
    parts = [_counting(number, and_(seen, _on(place[1]))) for number, place in enumerate(places)]
    return {
        places[number]: (worked, failed)
        for number, worked, failed in db.session.execute(union_all(*parts))
    }


def _counting(number: int, which: ColumnElement[bool]) -> Select[int, int, int]:
    worked, failed = SignInAttempt.through(), SignInAttempt.result.in_(FAILED)
    return select(literal(number), func.count().filter(worked), func.count().filter(failed)).where(
        which
    )


def _on(start: datetime) -> ColumnElement[bool]:
    return and_(SignInAttempt.at >= start, SignInAttempt.at < start + A_DAY)
