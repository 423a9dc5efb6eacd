"""Exports: which rows is decided at once, what they say is read some at a time; no transaction waits for a reader."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from backoffice import clock, events, limits
from backoffice.data import disclosure, lists
from backoffice.data.lists import Page, Query
from backoffice.database import of_exports
from backoffice.extensions import begin, configured, db, patient
from backoffice.models.base import Record
from backoffice.policy import quotas
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.quotas import AN_HOUR
from backoffice.policy.rules import require
from backoffice.policy.step_up import require_recent

STARTED, RUNNING = "exports", "export running"
LEASE = timedelta(seconds=limits.EXPORT_LEASE)
ANOTHER = "Another export of yours is still running. Wait until it is there, or until it was broken off for a minute."
OFTEN = (
    "You have exported {most} times within an hour, which is as often as it goes. Try again later."
)
log = structlog.get_logger()


class Export:
    """One export that is running: its rows, and what the events log says in the end."""

    def __init__(
        self, actor: Actor, model: type[Record], columns: Sequence[str], keys: "array[int]"
    ) -> None:
        self.actor, self.model, self.columns, self.keys = actor, model, columns, keys
        self.holder = ""
        self.rows, self.whole = 0, False
        self.ends_at = clock.now() + configured().export_timeout
        self.seen_at = clock.now()

    def pages(self) -> Iterator[Page]:
        """The rows in order, some at a time. Between two of them no transaction is open and no connection taken."""
        for start in range(0, len(self.keys), limits.EXPORT_ROWS):
            if clock.now() > self.ends_at:
                raise TimeoutError("the export takes too long")
            some = self.keys[start : start + limits.EXPORT_ROWS]
            self._live_on()
            with patient(of_exports(configured())):
                begin(writing=False)
                page = lists.rows(self.actor, self.model, self.columns, some)
                page = replace(page, rows=disclosure.told(self.actor, self.model, page.rows))
                db.session.close()
            self.rows += len(
                page.rows
            )  # before they leave: rather too many are logged than too few
            yield page
        self.whole = True

    def end(self) -> None:
        """Log how much left the house, also where it was broken off, and let the person begin another one."""
        try:
            begin(writing=True)
            area = area_of(self.model)
            events.record(
                actor=self.actor,
                action=f"{area}.export",
                subject=(area, None),
                result="done" if self.whole else "failed",
                after={"rows": self.rows},
            )
            if self.actor.user_id is not None:
                quotas.let_go(user_id=self.actor.user_id, what=RUNNING, holder=self.holder)
            db.session.commit()
        except (DBAPIError, PoolTimeout) as error:  # what was sent cannot be taken back
            log.error(
                "export_not_noted", rows=self.rows, whole=self.whole, error=type(error).__name__
            )
            db.session.remove()

    def _live_on(self) -> None:
        if self.actor.user_id is not None and clock.now() - self.seen_at > LEASE / 4:
            begin(writing=True)
            quotas.renew(user_id=self.actor.user_id, what=RUNNING, holder=self.holder)
            db.session.commit()
            self.seen_at = clock.now()


def start(*, actor: Actor, model: type[Record], query: Query, columns: Sequence[str]) -> Export:
    """Decide which rows, and keep others of the same person from starting; `end` it, whatever happens.

    Commits. Raises NotAllowed, ConfirmationNeeded, or TooMany (another one is running, or too many within an hour).
    """
    require(actor, f"{area_of(model)}.export")
    require_recent(actor)
    holder = _admitted(actor)
    export = Export(actor, model, columns, array("q"))
    export.holder = holder
    try:
        with patient(of_exports(configured())):
            begin(writing=False)
            export.keys = lists.keys(actor, model, query)
            db.session.close()
    except BaseException:
        export.end()
        raise
    return export


def _admitted(actor: Actor) -> str:
    if actor.user_id is None:
        return ""
    most = configured().exports_per_hour
    begin(writing=True)
    holder = quotas.hold(user_id=actor.user_id, what=RUNNING, lease=LEASE, sentence=ANOTHER)
    quotas.spend(
        actor=actor, what=STARTED, most=most, within=AN_HOUR, sentence=OFTEN.format(most=most)
    )
    db.session.commit()
    return holder
