"""Check the events log every night, and put its newest hash where the log cannot be reached."""

from pathlib import Path

import structlog

from backoffice import clock
from backoffice.events import anchors, checks
from backoffice.events.anchors import Anchor
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.mail.outbox import OutgoingMail
from backoffice.models import mails
from backoffice.queueing import Stopping
from backoffice.settings import Settings
from backoffice.text import in_utc
from backoffice.transactions import begin

JOB = "check_events"
log = structlog.get_logger()


def run(settings: Settings, _stopping: Stopping) -> None:
    """Check the log, keep the result, and anchor the newest event."""
    report = checks.check(settings)
    if report.faults:
        log.error("events_log_at_fault", faults=report.faults, first=report.first_faults[0])
    publish(settings)


def publish(settings: Settings) -> Anchor | None:
    """Send the newest event as an anchor to where EVENTS_ANCHOR says, and commit; return it.

    Raises OSError if a file cannot be written.
    """
    begin(writing=True)
    anchor = anchors.newest()
    if anchor is None:
        return None
    for address in anchors.targets(settings, anchors.MAIL):
        outbox.queue([_mail(address, anchor)], settings)
    db.session.commit()
    for _target in anchors.targets(settings, anchors.LOG):
        log.info("events_anchor", number=anchor.number, hash=anchor.hash)
    for path in anchors.targets(settings, anchors.FILE):
        anchors.append(Path(path), anchor)
    return anchor


def _mail(address: str, anchor: Anchor) -> OutgoingMail:
    at = in_utc(clock.now())
    values = {"anchor": str(anchor), "at": at}
    return OutgoingMail(purpose=mails.EVENTS_ANCHOR, address=address, values=values)
