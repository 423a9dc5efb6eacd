"""Write the events log in the transaction of the change, and chain it by hashes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import ColumnElement, Select, exists, insert, select, update
from sqlalchemy.exc import OperationalError

from backoffice import clock
from backoffice.events import nodes as event_nodes
from backoffice.events.hashing import as_json, as_text, hashed
from backoffice.events.nodes import Subject
from backoffice.extensions import db
from backoffice.models import personal, row_keys
from backoffice.models.base import Record
from backoffice.models.event import Event
from backoffice.models.event_comment import EventComment
from backoffice.models.node import ROOT, Node
from backoffice.models.row_keys import RowKey
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.transactions import lock

GENESIS = "0" * 64  # the previous hash of the first event
# The columns that the hash of an event covers. The details have a hash of their own, so that they
# can be erased without breaking the chain.
CHAINED = (
    "id",
    "at",
    "actor_id",
    "actor_groups",
    "action",
    "subject_type",
    "subject_id",
    "result",
    "ip",
    "request_id",
    "bulk_run_id",
    "details_hash",
    "previous_hash",
)
KEY, NODE = "subject_key", "node_id"  # covered by the hash of those events that have them
DETAILS = ("before", "after", "reason")
BATCH = 1000  # rows
WORTH_COPYING = 20  # rows


@dataclass(frozen=True, kw_only=True)
class EventDraft:
    """The content of one event before it has its place in the chain."""

    action: str
    subject: tuple[str, RowKey | None] = ("", None)
    result: str = "done"
    before: dict[str, object] | None = None
    after: dict[str, object] | None = None
    reason: str | None = None
    bulk_run_id: int | None = field(default=None)


def subject_of(row: Record) -> tuple[str, RowKey]:
    """Return the subject by which events name a row: its area and its id."""
    return area_of(type(row)), row.id


def record(*, actor: Actor, **what: Any) -> None:
    """Append one event; the arguments are those of EventDraft."""
    record_many(actor=actor, drafts=[EventDraft(**what)])


def record_many(*, actor: Actor, drafts: Iterable[EventDraft]) -> None:
    """Append events in order: what somebody does while viewing as another person is their own.

    The chain is locked until the transaction ends. Call this late in the transaction.
    """
    lock("events")
    db.session.flush()
    last_id, last_hash, has_nodes = _newest()
    source = iter(drafts)
    while batch := list(islice(source, BATCH)):
        nodes = event_nodes.of_subjects(each.subject for each in batch) if has_nodes else {}
        rows = list(_chained(actor.in_person, batch, nodes, last_id, last_hash))
        _append(rows)
        last_id, last_hash = rows[-1]["id"], rows[-1]["hash"]


def _newest() -> tuple[int, str, bool]:
    """Return the number and hash of the newest event, and whether rows may be of other nodes."""
    has_nodes = exists().where(Node.id != ROOT)
    newest = select(Event.id, Event.hash, has_nodes).order_by(Event.id.desc()).limit(1)
    head = db.session.execute(newest).first()
    return (head[0], head[1], head[2]) if head else (0, GENESIS, True)


def redact(*, subject_type: str, subject_ids: Sequence[int] | Select[int]) -> None:
    """Empty the personal details of the events about erased people, and the comments on them.

    Who did what and when is kept, and the chain stays valid.
    """
    is_about_them = (Event.subject_type == subject_type, Event.subject_id.in_(subject_ids))
    their_events = select(Event.id).where(*is_about_them)
    # The events first: whoever comments on one has locked it, and is waited for.
    _empty(Event, *is_about_them)
    _empty(EventComment, EventComment.event_id.in_(their_events))


def _empty(model: type[Event] | type[EventComment], *which: ColumnElement[bool]) -> None:
    db.session.execute(
        update(model)
        .where(*which, model.redacted_at.is_(None))
        .values(**personal.emptied(model), redacted_at=clock.now())
    )


def _append(rows: list[dict[str, object]]) -> None:
    """Insert the rows, by COPY if there are many and the database is PostgreSQL.

    COPY takes a third of the time of INSERT. Raises OperationalError, as INSERT does.
    """
    connection = db.session.connection()
    if len(rows) < WORTH_COPYING or connection.dialect.name != "postgresql":
        connection.execute(insert(Event.__table__), rows)  # type: ignore[arg-type]  # a Table, typed as FromClause
        return
    driver: Any = connection.connection.driver_connection
    names = sql.SQL(", ").join(map(sql.Identifier, rows[0]))
    statement = sql.SQL("COPY events ({}) FROM STDIN").format(names)
    try:
        with driver.cursor().copy(statement) as copy:
            for row in rows:
                copy.write_row([_copied(value) for value in row.values()])
    except psycopg.OperationalError as error:
        raise OperationalError("COPY", None, error) from error


def _copied(value: object) -> object:
    """Return the value as COPY takes it: lists and dictionaries are written as JSON."""
    return as_json(value) if isinstance(value, (dict, list)) else value


def _chained(
    actor: Actor,
    drafts: Sequence[EventDraft],
    nodes: Mapping[Subject, int | None],
    last_id: int,
    last_hash: str,
) -> Iterator[dict[str, Any]]:
    """Yield the drafts as rows of the table, each with its number, node and hashes."""
    shared = _shared(actor)
    for number, draft in enumerate(drafts, last_id + 1):
        row = shared | _values(draft)
        row["id"] = number
        row[NODE] = nodes.get(draft.subject, row[NODE])
        row["previous_hash"] = last_hash
        row["details_hash"] = hashed([row[name] for name in DETAILS])
        last_hash = hashed(covered(row))
        row["hash"] = last_hash
        yield row


def _shared(actor: Actor) -> dict[str, object]:
    """Return what all events have in common that the actor causes now."""
    return {
        "at": clock.now(),
        "actor_id": actor.user_id,
        "actor_groups": list(actor.group_names),
        "ip": actor.ip,
        "request_id": actor.request_id,
        NODE: None if actor.node_id == ROOT else actor.node_id,
    }


def covered(event: Mapping[str, Any]) -> list[object]:
    """Return what the hash of an event covers: its node and its subject's key too, if it has any.

    So events from before there were nodes and keys keep their hashes.
    """
    values = [event[name] for name in CHAINED]
    if event[NODE] is not None:
        return [*values, event[KEY], event[NODE]]
    return values if event[KEY] is None else [*values, event[KEY]]


def _values(draft: EventDraft) -> dict[str, object]:
    area, key = draft.subject
    return {
        "before": _plain(draft.before),
        "after": _plain(draft.after),
        "reason": draft.reason or None,
        "action": draft.action,
        "subject_type": area,
        "subject_id": key if isinstance(key, int) else None,
        KEY: row_keys.stored(key),
        "result": draft.result,
        "bulk_run_id": draft.bulk_run_id,
    }


def _plain(values: dict[str, object] | None) -> dict[str, object] | None:
    """Return the values as they come back from JSON.

    The hash can then be computed again from the values in the table.
    """
    if values is None:
        return None
    return {name: _plain_value(value) for name, value in values.items()}


def _plain_value(value: object) -> object:
    if isinstance(value, dict):  # a related row, as mentions.py has it
        return {name: _plain_value(each) for name, each in value.items()}
    is_plain = isinstance(value, (str, int, bool, list, type(None)))
    return value if is_plain else as_text(value)
