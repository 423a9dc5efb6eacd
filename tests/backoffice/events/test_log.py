"""The events log grows and never changes.

The database enforces it, and the chain of hashes would show a change.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, inspect, select, text, update
from sqlalchemy.exc import DBAPIError

from backoffice import clock, events
from backoffice.events import log
from backoffice.events.hashing import hashed
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, edit, group


@pytest.fixture
def story(client: Client, cast: Cast) -> list[int]:
    """Record an edit, a block of two and an export, and return the ids of the events."""
    client.sign_in("olivia")
    edit(
        client,
        "users",
        cast.max.id,
        phone="+4930111111",
        groups=["", group("managers").id, group("viewers").id],
    )
    act(client, "users", "block", cast.max.id, cast.vera.id)
    client.get("/admin/client-tags/export.csv", buffered=True)
    settle()
    return list(db.session.scalars(select(Event.id).order_by(Event.id)))


@pytest.fixture
def unguarded(app: Flask, story: list[int]) -> Iterator[None]:
    """Switch the trigger off for the block, as somebody with the database's password could."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("SET session_replication_role = replica"))
        yield
        db.session.execute(text("SET session_replication_role = origin"))
        db.session.commit()
        return
    triggers = db.session.execute(
        text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'events'")
    ).all()
    for name, _sql in triggers:
        db.session.execute(text(f"DROP TRIGGER {name}"))
    yield
    for _name, sql in triggers:
        db.session.execute(text(sql))
    db.session.commit()


COLUMNS = [column.key for column in inspect(Event).column_attrs]
OTHERS: dict[str, Any] = {
    "id": 900, "actor_id": 77, "subject_id": 77, "bulk_run_id": 77, "node_id": 77,
    "actor_groups": ["Others"],
    "result": "failed", "before": {"phone": "x"}, "after": {"phone": "y"},
    "action": "users.other", "subject_type": "groups",
    "reason": "Other", "ip": "203.0.113.1", "request_id": "other", "details_hash": "f" * 64,
    "previous_hash": "f" * 64, "hash": "f" * 64,
}  # fmt: skip


def another(column: str) -> Any:
    return OTHERS[column] if column in OTHERS else clock.now()


def test_the_chain_of_a_true_story_is_whole(story: list[int], run: Callable[..., Any]) -> None:
    assert story == list(range(1, len(story) + 1))
    assert len(story) >= 4
    result = run("backoffice", "verify-events")
    assert (result.exit_code, "complete and unchanged" in result.output) == (0, True)


@pytest.mark.parametrize("column", COLUMNS)
def test_no_column_of_an_event_can_be_changed(story: list[int], column: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        db.session.execute(update(Event).where(Event.id == 2).values({column: another(column)}))
    db.session.rollback()


def test_no_event_can_be_deleted_or_replaced(story: list[int]) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        db.session.execute(delete(Event).where(Event.id == story[-1]))
    db.session.rollback()
    with pytest.raises(DBAPIError, match="append-only"):
        db.session.execute(delete(Event))
    db.session.rollback()
    settle()
    assert list(db.session.scalars(select(Event.id).order_by(Event.id))) == story


@pytest.mark.one_engine(
    "sqlite", reason="INSERT OR REPLACE deletes without asking the trigger for deletes"
)
def test_no_event_can_be_replaced_by_an_insert(story: list[int]) -> None:
    names = ", ".join(COLUMNS)
    values = ", ".join("'forged'" if name == "action" else name for name in COLUMNS)
    with pytest.raises(DBAPIError, match="append-only"):
        db.session.execute(
            text(
                f"INSERT OR REPLACE INTO events ({names}) SELECT {values} FROM events WHERE id = 2"
            )
        )
    db.session.rollback()


@pytest.mark.one_engine("postgresql", reason="SQLite has no TRUNCATE")
def test_the_log_cannot_be_truncated(story: list[int]) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        db.session.execute(text("TRUNCATE events"))
    db.session.rollback()


@pytest.mark.parametrize("column", COLUMNS)
def test_a_change_behind_the_triggers_back_is_found(
    story: list[int], unguarded: None, column: str
) -> None:
    db.session.execute(update(Event).where(Event.id == 2).values({column: another(column)}))
    assert events.verify() != []


def test_an_event_taken_out_of_the_middle_is_found(story: list[int], unguarded: None) -> None:
    db.session.execute(delete(Event).where(Event.id == 2))
    faults = events.verify()
    assert faults[0] == "Event 2 is missing."


def test_an_event_forged_with_a_fitting_hash_breaks_the_next(
    story: list[int], unguarded: None
) -> None:
    """A forger of one event has to recompute the hashes of all that follow."""
    event = db.session.get_one(Event, 2)
    event.action = "users.other"
    event.hash = hashed([getattr(event, name) for name in log.CHAINED])
    db.session.flush()
    assert events.verify() == ["Event 3 does not continue the event before it."]


def test_details_emptied_though_nobody_was_erased_are_found(
    story: list[int], unguarded: None
) -> None:
    values = {"before": None, "after": None, "reason": None, "redacted_at": clock.now()}
    db.session.execute(update(Event).where(Event.id == 2).values(values))
    assert events.verify() == [
        "The details of event 2 were emptied, but what it is about was not erased."
    ]


def test_the_command_names_what_is_wrong_and_fails(
    story: list[int], unguarded: None, run: Callable[..., Any]
) -> None:
    db.session.execute(update(Event).where(Event.id == 2).values(ip="203.0.113.1"))
    result = run("backoffice", "verify-events")
    assert result.exit_code == 1
    assert "Event 2 was changed." in result.output
