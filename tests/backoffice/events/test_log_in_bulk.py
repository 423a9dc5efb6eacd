"""Many events at once are written in batches, and on PostgreSQL by COPY.

None is lost, and the chain holds.
"""

import pytest
from flask import Flask
from sqlalchemy import func, select

from backoffice import events
from backoffice.events import EventDraft, log
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.policy.actor import system

UMLAUTS = 'tab\tand\nline, \\N and "quotes", ü'


@pytest.mark.parametrize("number", [log.WORTH_COPYING, log.BATCH, log.BATCH * 2 + 5])
def test_many_events_at_once_lose_none_and_keep_the_chain(app: Flask, number: int) -> None:
    before = db.session.scalar(select(func.count(Event.id))) or 0
    values = {"name": UMLAUTS, "groups": ["Managers"], "ids": [1, 2], "last": None, "yes": True}
    events.record_many(
        actor=system(),
        drafts=[
            EventDraft(action="users.edit", before=values, after=None, reason=UMLAUTS)
            for _ in range(number)
        ],
    )
    assert db.session.scalar(select(func.count(Event.id))) == before + number
    last = db.session.scalars(select(Event).order_by(Event.id.desc()).limit(1)).one()
    assert (last.before, last.after, last.reason) == (values, None, UMLAUTS)
    assert events.verify() == []
    db.session.rollback()
