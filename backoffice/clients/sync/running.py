"""Take clients, and what belongs to them, from a file of the company's own product.

Every batch of lines is one transaction with its events, so that a run that was killed is completed
by the next one. A second run changes nothing.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import BinaryIO

from flask_babel import gettext as _
from sqlalchemy import select

from backoffice import events
from backoffice.clients import kyc
from backoffice.clients.sync.lines import Line, Reader, Result
from backoffice.clients.sync.tables import TABLES
from backoffice.clients.sync.writing import Writing
from backoffice.errors import Busy
from backoffice.events import EventDraft
from backoffice.extensions import db
from backoffice.models.client import Client
from backoffice.models.kyc_case import KycCase
from backoffice.policy.actor import Actor, system
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
    judged: set[int] = set()  # clients by whose cases their KYC state may change
    for table in TABLES.values():
        writing = Writing(actor, table, [line for line in lines if line.table is table])
        if not writing.lines:
            continue
        writing.write()
        results += writing.results
        drafts += writing.drafts
        if table.model is KycCase:
            judged = writing.touched
    events.record_many(actor=actor, drafts=drafts)
    clients = select(Client.id).where(Client.id.in_(judged))
    kyc.follow(actor=actor, clients=clients, new_groups={}, reason="")
    return results
