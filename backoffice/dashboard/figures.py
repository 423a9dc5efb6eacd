"""Collect the figures and latest events of the home page, within the actor's scope."""

from collections.abc import Sequence
from datetime import date, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice import clock
from backoffice.dashboard import sign_ins
from backoffice.dashboard.parts import Counts, Figure, Share
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkRun
from backoffice.models.client import Client
from backoffice.models.event import Event
from backoffice.models.kyc_case import KycCase
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.rules import scope
from backoffice.time_zones import start_of, timezone_of

PEOPLE = Counts(User.status, label=_l("People by status"))
SECOND_FACTORS = Share(
    User.two_factor,
    label=_l("Two-factor authentication of active people"),
    filters={"status": "active"},
)
WAITING_KYC_CASES = Figure(KycCase, label=_l("KYC cases that wait"), filters={"state": "pending"})
BLOCKED_CLIENTS = Figure(Client, label=_l("Blocked clients"), filters={"status": "blocked"})


def sign_ins_by_day(actor: Actor, *, days: int = 30) -> list[tuple[date, int, int]]:
    """Return each of the last days with its numbers of successful and of failed sign-ins.

    Days are those of the actor's time zone; today comes last.
    """
    zone = timezone_of(actor.time_zone)
    today = clock.now().astimezone(zone).date()
    dates = [today - timedelta(days=back) for back in reversed(range(days))]
    counts = sign_ins.by_day(actor, [start_of(day, zone) for day in dates])
    return [(day, worked, failed) for day, (worked, failed) in zip(dates, counts, strict=True)]


def latest_events(actor: Actor, *, number: int = 6) -> Sequence[Event]:
    """Return the latest events that the actor may see, the newest first."""
    statement = select(Event).where(scope(actor, Event)).order_by(Event.id.desc())
    return db.session.scalars(statement.limit(number)).all()


def latest_runs(actor: Actor, *, number: int = 6) -> Sequence[BulkRun]:
    """Return the latest bulk runs that the actor may see, the newest first."""
    statement = select(BulkRun).where(scope(actor, BulkRun)).order_by(BulkRun.id.desc())
    return db.session.scalars(statement.limit(number)).all()
