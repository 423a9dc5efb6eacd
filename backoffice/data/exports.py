"""Export rows: choose all rows at once, then read their values in batches.

No transaction waits for the person who downloads the export.
"""

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from backoffice import clock, events, limits, throttles
from backoffice.data import disclosure, lists
from backoffice.data.lists import Page, Query
from backoffice.database import export_timeouts
from backoffice.extensions import db
from backoffice.models.base import Record
from backoffice.models.row_keys import RowKey
from backoffice.policy import quotas
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import require
from backoffice.policy.step_up import require_recent
from backoffice.settings import configured
from backoffice.transactions import begin, with_timeouts

RUNNING = throttles.EXPORT_RUNNING
T = TypeVar("T")
log = structlog.get_logger()


class Export:
    """A running export.

    `ids` are those of its rows. `rows` counts those that were sent, `whole` says whether all
    were, and `holder` is the name under which the export holds the lease RUNNING.
    """

    def __init__(
        self, actor: Actor, model: type[Record], columns: Sequence[str], ids: Sequence[RowKey]
    ) -> None:
        self.actor = actor
        self.model = model
        self.columns = columns
        self.ids = ids
        self.holder = ""
        self.rows = 0
        self.whole = False
        self.ends_at = clock.now() + configured().export_timeout
        self.seen_at = clock.now()

    def pages(self) -> Iterator[Page]:
        """Yield the rows in order, page by page. Raises TimeoutError if the export takes too long.

        Between two pages no transaction is open, and no connection is in use.
        """
        for start in range(0, len(self.ids), limits.EXPORT_ROWS):
            if clock.now() > self.ends_at:
                raise TimeoutError("the export takes too long")
            ids = self.ids[start : start + limits.EXPORT_ROWS]
            self._renew_lease()
            page = self._page(ids)
            # Counted before they are sent: it is better to log too many rows than too few.
            self.rows += len(page.rows)
            yield page
        self.whole = True

    def read(self, question: Callable[[], T]) -> T:
        """Return what the question finds in a transaction of its own."""
        with with_timeouts(export_timeouts(configured())):
            begin(writing=False)
            answer = question()
            db.session.close()
        return answer

    def _page(self, ids: Sequence[RowKey]) -> Page:
        return self.read(partial(self._read_page, ids))

    def _read_page(self, ids: Sequence[RowKey]) -> Page:
        page = lists.rows(self.actor, self.model, self.columns, ids)
        return replace(page, rows=disclosure.redacted(self.actor, self.model, page.rows))

    def end(self) -> None:
        """Log how many rows were sent, even after a failure, and allow another export."""
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
                quotas.release(user_id=self.actor.user_id, lease=RUNNING, holder=self.holder)
            db.session.commit()
        except (DBAPIError, PoolTimeout) as error:
            # The rows that were sent cannot be taken back, so the failure is only noted.
            log.error(
                "export_not_noted", rows=self.rows, whole=self.whole, error=type(error).__name__
            )
            db.session.remove()

    def _renew_lease(self) -> None:
        """Keep other exports of the person from starting while this one runs."""
        if self.actor.user_id is None:
            return
        if clock.now() - self.seen_at > RUNNING.lasts / 4:
            begin(writing=True)
            quotas.renew(user_id=self.actor.user_id, lease=RUNNING, holder=self.holder)
            db.session.commit()
            self.seen_at = clock.now()


def start(*, actor: Actor, model: type[Record], query: Query, columns: Sequence[str]) -> Export:
    """Start an export: check the permission and the quota, choose the rows, and commit.

    The caller has to call `end` on the export in any case; until then the person cannot start
    another one. Raises NotAllowed, ConfirmationNeeded, or TooMany (another export is running, or
    too many were started within an hour).
    """
    require(actor, f"{area_of(model)}.export")
    require_recent(actor)
    holder = _admitted(actor)
    export = Export(actor, model, columns, array("q"))
    export.holder = holder
    try:
        with with_timeouts(export_timeouts(configured())):
            begin(writing=False)
            export.ids = lists.ids(actor, model, query)
            db.session.close()
    except BaseException:
        export.end()
        raise
    return export


def count(*, actor: Actor) -> None:
    """Count a file that is made at once. Raises TooMany; commands are not limited."""
    if actor.user_id is None:
        return
    begin(writing=True)
    quotas.consume(actor=actor, throttle=throttles.EXPORTS)
    db.session.commit()


def _admitted(actor: Actor) -> str:
    """Count the export and return the holder of the lease. Commands are not limited."""
    if actor.user_id is None:
        return ""
    begin(writing=True)
    holder = quotas.acquire(user_id=actor.user_id, lease=RUNNING)
    quotas.consume(actor=actor, throttle=throttles.EXPORTS)
    db.session.commit()
    return holder
