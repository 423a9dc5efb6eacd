"""Take clients, and what belongs to them, from a file of the company's own product.

Every batch of lines is one transaction with its events, so that a run that was killed is completed
by the next one. A second run changes nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, BinaryIO

from flask_babel import gettext as _
from sqlalchemy import bindparam, select, update

from backoffice import clock, events
from backoffice.clients.sync.lines import Line, Reader, Result
from backoffice.clients.sync.tables import TABLES
from backoffice.clients.sync.writing import Writing
from backoffice.errors import Busy
from backoffice.events import EventDraft
from backoffice.extensions import db
from backoffice.models.client import Client
from backoffice.models.kyc_case import KycCase
from backoffice.policy.actor import Actor, system
from backoffice.policy.permissions import area_of
from backoffice.transactions import alone, begin

NAME = "clients-sync"  # what its events and its lock are called


def run(*, file: BinaryIO, report: Callable[[Result], object], check: bool = False) -> Counter[str]:
    """Take in the lines of a file, and return how many of them had each outcome.

    Args:
        file: JSON objects in UTF-8, one a line (docs/clients.md).
        report: called with what became of each line, in their order.
        check: whether nothing is kept. Others wait to write meanwhile.

    Raises Busy while another run takes its lines.
    """
    actor = system(request_id=NAME)
    counts: Counter[str] = Counter()
    with alone(NAME) as is_alone:
        if not is_alone:
            raise Busy(_("Another run takes in clients now."))
        begin(writing=True)
        for lines, refused in Reader(file).batches():
            results = sorted([*refused, *_take(actor, lines)], key=lambda each: each.number)
            _end_batch(check=check)
            for result in results:
                counts[result.outcome] += 1
                report(result)
        db.session.rollback()
    return counts


def _end_batch(*, check: bool) -> None:
    if check:
        db.session.flush()
        return
    db.session.commit()
    begin(writing=True)


def _take(actor: Actor, lines: Sequence[Line]) -> list[Result]:
    """Write a batch, table after table, and its events."""
    results: list[Result] = []
    drafts: list[EventDraft] = []
    for table in TABLES.values():
        writing = Writing(actor, table, [line for line in lines if line.table is table])
        if not writing.lines:
            continue
        writing.write()
        results += writing.results
        drafts += writing.drafts
        if table.model is KycCase:
            drafts += _follow_cases(writing.touched)
    if drafts:
        events.record_many(actor=actor, drafts=drafts)
    return results


def _follow_cases(client_ids: Iterable[int]) -> Iterator[EventDraft]:
    """Set the KYC state of clients to that of their latest case, and yield the events."""
    moved = list(_moved(client_ids))
    if not moved:
        return
    table: Any = Client.__table__
    change = update(table).where(table.c.id == bindparam("row_id"))
    change = change.values(
        kyc_state=bindparam("state"), version=table.c.version + 1, updated_at=clock.now()
    )
    rows = [{"row_id": client_id, "state": after} for client_id, _before, after in moved]
    db.session.connection().execute(change, rows)
    area = area_of(Client)
    for client_id, before, after in moved:
        yield EventDraft(
            action=f"{area}.edit",
            subject=(area, client_id),
            before={"kyc_state": before},
            after={"kyc_state": after},
        )


def _moved(client_ids: Iterable[int]) -> Iterator[tuple[int, str, str]]:
    """Yield the clients whose KYC state is not that of their latest case, with both states."""
    latest = select(KycCase.client_id, KycCase.state).where(KycCase.client_id.in_(client_ids))
    latest = latest.order_by(KycCase.submitted_at, KycCase.id)
    states = dict(db.session.execute(latest).all())
    present = select(Client.id, Client.kyc_state).where(Client.id.in_(states))
    for client_id, before in db.session.execute(present):
        if before != states[client_id]:
            yield client_id, before, states[client_id]
