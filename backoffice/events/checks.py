"""Keep the result of every check of the events log, and tell the last one."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from backoffice import clock
from backoffice.events import anchors
from backoffice.events.anchors import Anchor
from backoffice.events.verification import Report, examine
from backoffice.extensions import db
from backoffice.models.event_check import EventCheck
from backoffice.settings import Settings
from backoffice.transactions import begin

RETENTION = timedelta(days=366)
TOLD = 20  # faults that are kept of a check
OVERDUE = timedelta(days=2)  # a worker checks every night


def check(settings: Settings) -> Report:
    """Check the log against the anchors that are known, keep the result, and commit."""
    report = examined(settings)
    begin(writing=True)
    db.session.add(_kept(report))
    db.session.commit()
    return report


def examined(settings: Settings, more: Sequence[Anchor] = ()) -> Report:
    """Check the log against the anchors that are known and `more`, and keep nothing of it."""
    # The anchors first: one that is written meanwhile is of an event that the snapshot has not.
    known, illegible = anchors.kept(settings)
    begin(writing=False, snapshot=True)
    report = examine([*known, *more])
    report.first_faults = [*illegible, *report.first_faults]
    report.faults += len(illegible)
    return report


def _kept(report: Report) -> EventCheck:
    return EventCheck(
        at=clock.now(),
        newest_id=report.newest.number,
        newest_hash=report.newest.hash,
        faults=report.faults,
        first_faults=report.first_faults[:TOLD],
    )


def last() -> EventCheck | None:
    """Return the result of the last check, or None if there was none."""
    return db.session.scalar(select(EventCheck).order_by(EventCheck.id.desc()).limit(1))
