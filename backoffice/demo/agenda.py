"""What is yet to happen, done in the order of its time with the clock moved there."""

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from random import Random

from backoffice import clock
from backoffice.extensions import db

Deed = Callable[[], object]
WEEKEND = 5  # Saturday, as `weekday` counts
OPENS, CLOSES = 7, 18  # o'clock UTC, when some office somewhere in the company is at work


class Agenda:
    """A year of deeds. Those after its end never happen; those of equal time happen as they were put down."""

    def __init__(self, begin: datetime, end: datetime) -> None:
        self.begin, self.end = begin, end
        self._deeds: list[tuple[datetime, int, Deed]] = []
        self._numbers = count()

    def put(self, moment: datetime, deed: Deed) -> None:
        """Have `deed` done at `moment`; deeds may put down further ones."""
        if moment < self.end:
            heapq.heappush(self._deeds, (moment, next(self._numbers), deed))

    def run(self, progress: Callable[[int], object]) -> None:
        """Do everything, and tell `progress` after each day how many days went by."""
        day = self.begin
        while self._deeds:
            moment, _, deed = heapq.heappop(self._deeds)
            if days := (moment - day).days:
                progress(days)
                day += timedelta(days=days)
                db.session.flush()
                db.session.expunge_all()  # what is no longer needed only slows every flush
            with clock.at(moment):
                deed()
        progress(max((self.end - day).days, 0))


def office_hours(random: Random, after: datetime, before: datetime) -> datetime:
    """A moment between the two, on a working day at work if there is one near."""
    moment = after + (before - after) * random.random()
    if moment.weekday() >= WEEKEND:
        moment -= timedelta(days=moment.weekday() - WEEKEND + 1)
    begin = moment.replace(hour=OPENS, minute=0, second=0, microsecond=0)
    at_work = begin + timedelta(hours=(CLOSES - OPENS) * random.random())
    return at_work if after < at_work < before else after + (before - after) * random.random()
