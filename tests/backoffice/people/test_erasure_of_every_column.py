"""Delete erases every column that may hold something about a person, also those of later models.

The tables and columns come from the models; this file needs no change when they do.
"""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import JSON, CheckConstraint, Column, String, Table, Uuid, insert, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from backoffice import clock, events
from backoffice.data.storage import uploads
from backoffice.extensions import db
from backoffice.models import personal
from backoffice.models.access_review import AccessReview
from backoffice.models.base import Base
from backoffice.models.bulk_run import BulkItem, BulkRun
from backoffice.models.event import Event
from backoffice.models.session import Session
from backoffice.models.user import User
from backoffice.policy.actor import system
from backoffice.schema_of_events import ERASABLE
from backoffice.settings import configured
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, group

MARK = "qzxqzx"
ADDRESS = "qzxqzx@example.com"
KEY = "ab" * 16
DAY = datetime(1987, 6, 5, 4, 3, 2, tzinfo=UTC)
NUMBER = 98765432
TRACES = re.compile(f"qzxq|{KEY}|1987-06-05|{NUMBER}|{UUID(int=NUMBER)}", re.IGNORECASE)


def recognisable(column: Column[Any]) -> Any:
    """Return a value of the column's type that is in no other row.

    Constraints may allow none; then it is one that they allow.
    """
    if column.info.get("upload"):
        return KEY
    if column.info.get("personal") == "address":
        return ADDRESS
    if allowed := column.info.get("choices") or _allowed(column):
        return allowed[-1]
    if isinstance(column.type, JSON):
        return {"of": MARK} if getattr(column.default, "arg", None) is not None else [MARK]
    values: dict[type, Any] = {
        datetime: DAY,
        str: MARK,
        int: NUMBER,
        UUID: UUID(int=NUMBER),
        bool: True,
    }
    value = values[column.type.python_type]
    return value[: column.type.length] if isinstance(column.type, String) else value


def _allowed(column: Column[Any]) -> list[str]:
    """Return what a CHECK constraint lets the column be."""
    checks = [str(c.sqltext) for c in column.table.constraints if isinstance(c, CheckConstraint)]
    return [
        value
        for check in checks
        if check.startswith(f"{column.name} IN")
        for value in re.findall("'(.*?)'", check)
    ]


def filled(table: Table, **given: Any) -> dict[str, Any]:
    """Return a row of the table with every column filled.

    Numbers and other keys are left to the database and to `given`.
    """
    own = (
        c
        for c in table.columns
        if not (c.foreign_keys or (c.primary_key and not isinstance(c.type, String)))
    )
    return {c.name: recognisable(c) for c in own} | given


def marked(model: type[Base]) -> dict[str, Any]:
    """Return every personal column of the model with a value."""
    return {name: recognisable(model.__table__.columns[name]) for name in personal.columns(model)}


@pytest.fixture
def vera(app: Flask, client: Client, cast: Cast) -> int:
    """Add somebody about whom every column of every table says something."""
    client.sign_in("olivia")
    person_id = cast.vera.id
    of_olivia = db.session.scalars(select(Session.id)).one()
    spare = group("employee").id
    review = AccessReview(name="Spring", people="all", ends_at=clock.now())
    db.session.add(review)
    db.session.flush()
    db.session.execute(
        update(User).where(User.id == person_id).values(marked(User) | {"email_key": ADDRESS})
    )
    for column in personal.belongings():
        if any(not c.foreign_keys for c in column.table.columns):
            others = {"session_id": of_olivia, "group_id": spare, "review_id": review.id}
            own = {name: key for name, key in others.items() if name in column.table.columns}
            db.session.execute(
                insert(column.table).values(filled(column.table, **{column.name: person_id}, **own))
            )
    for column, owner in personal.by_address():
        nobodys = {} if owner is None else {owner.name: None}
        db.session.execute(insert(column.table).values(filled(column.table, **nobodys)))
    _a_run_about(person_id)
    session_id = db.session.scalars(select(Session.id).where(Session.user_id == person_id)).one()
    for subject in ("users", person_id), ("sessions", session_id):
        told = {"before": {"email": ADDRESS}, "after": {"email": MARK}, "reason": MARK}
        assert set(told) == set(personal.columns(Event))
        events.record(actor=system(), action="users.edit", subject=subject, **told)
    db.session.commit()
    uploads().put(f"{KEY}-64", MARK.encode())
    return person_id


def _a_run_about(person_id: int) -> None:
    run = BulkRun(
        **marked(BulkRun)
        | {"action": "users.block", "created_at": clock.now(), "selection": {"query": MARK}}
    )
    db.session.add(run)
    db.session.flush()
    db.session.add(
        BulkItem(run_id=run.id, row_id=person_id, outcome="done", version=1, **marked(BulkItem))
    )


def traces() -> set[str]:
    """Return the tables, columns and files in which something recognisable is left."""
    settle()
    columns = [(table, column) for table in db.metadata.sorted_tables for column in table.columns]
    found = {
        f"{table.name}.{column.name}"
        for table, column in columns
        if any(TRACES.search(str(value)) for value in db.session.scalars(select(column)))
    }
    folder = configured().uploads_dir
    files = (path for path in folder.rglob("*") if path.is_file())
    return found | {"a file" for path in files if MARK.encode() in path.read_bytes()}


def test_nothing_is_left_of_somebody_of_whom_every_column_said_something(
    client: Client, vera: int
) -> None:
    before = traces()
    assert before >= {
        f"users.{name}"
        for name in ("email", "login", "first_name", "phone", "avatar", "preferences")
    }
    assert before >= {
        "a file",
        "events.before",
        "bulk_runs.selection",
        "bulk_items.memory",
        "totp_secrets.sealed",
    }
    assert before >= {
        f"{column.table.name}.{column.name}" for column, _owner in personal.by_address()
    }
    act(client, "users", "delete", vera)
    assert traces() == set()
    assert db.session.get_one(User, vera).status == "deleted"
    assert events.verify() == []


def test_details_that_were_emptied_of_what_is_still_there_are_found(
    client: Client, vera: int
) -> None:
    session_id = db.session.scalars(select(Session.id).where(Session.user_id == vera)).one()
    events.redact(subject_type="sessions", subject_ids=[session_id])
    assert len(events.verify()) == 1


def test_the_guard_lets_an_erasure_empty_what_the_model_calls_personal() -> None:
    assert {*personal.columns(Event), "redacted_at"} == ERASABLE


# --- models that do not say what they have to; those of the tutorial need not, and start ---


class Elsewhere(DeclarativeBase):
    """A base apart from the product's models, which are all in order."""


class Note(Elsewhere):
    """A model that is neither an entity nor belongs to one."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    silent: Mapped[str]
    plain: Mapped[str] = mapped_column(info={"personal": False})
    stubborn: Mapped[UUID] = mapped_column(Uuid, info={"personal": True})


def test_a_column_that_does_not_say_whether_it_is_personal_or_cannot_be_emptied_keeps_the_product_from_starting(  # noqa: E501  # a test's name is a sentence
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    personal.check()
    monkeypatch.setattr(Base.registry, "_managers", Elsewhere.registry._managers)
    with pytest.raises(TypeError) as refusal:
        personal.check()
    silent, stubborn = str(refusal.value).splitlines()
    assert silent.startswith("notes.silent must say whether it is personal")
    assert stubborn.startswith("notes.stubborn is personal and cannot be emptied")
