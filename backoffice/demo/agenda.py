"""Simulate a period of time: do planned deeds in order, with the clock set to their moments."""

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from random import Random

from backoffice import clock
from backoffice.extensions import db

Deed = Callable[[], object]
WEEKEND = 5  # Saturday, as `weekday` counts
# Hours UTC between which some office somewhere in the company is at work.
OPENS = 7
CLOSES = 18


class Agenda:
    """The deeds of a period of time, from `begin` to `end`.

    Deeds planned after the end never happen. Deeds of the same moment happen in the order in
    which they were put on the agenda.
    """

    def __init__(self, begin: datetime, end: datetime) -> None:
        self.begin = begin
        self.end = end
        self._deeds: list[tuple[datetime, int, Deed]] = []
        self._numbers = count()

    def put(self, moment: datetime, deed: Deed) -> None:
        """Plan `deed` for `moment`; deeds may plan further ones."""
        if moment < self.end:
            heapq.heappush(self._deeds, (moment, next(self._numbers), deed))

    def run(self, progress: Callable[[int], object]) -> None:
        """Do all deeds, and call `progress` with the number of days whenever days have passed."""
        day = self.begin
        while self._deeds:
            moment, _, deed = heapq.heappop(self._deeds)
            days = (moment - day).days
            if days:
                progress(days)
                day += timedelta(days=days)
                db.session.flush()
                # Every flush looks at all objects of the session, so that old ones slow it down.
                db.session.expunge_all()
            with clock.at(moment):
                deed()
        progress(max((self.end - day).days, 0))


def office_hours(random: Random, after: datetime, before: datetime) -> datetime:
    """Return a random moment between the two, in office hours if those of that day fit."""
    moment = after + (before - after) * random.random()
    if moment.weekday() >= WEEKEND:
        moment -= timedelta(days=moment.weekday() - WEEKEND + 1)
    opening = moment.replace(hour=OPENS, minute=0, second=0, microsecond=0)
    at_work = opening + timedelta(hours=(CLOSES - OPENS) * random.random())
    if after < at_work < before:
        return at_work
    return after + (before - after) * random.random()
