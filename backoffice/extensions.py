"""Objects without an app, joined to one by `create_app()`; and how each engine is spoken to."""

import sqlite3
from collections.abc import Callable
from contextvars import ContextVar
from importlib import import_module
from typing import Any

from click import Command, Context
from flask import Flask, current_app
from flask_babel import Babel
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import Connection, Engine, event, func, select
from sqlalchemy.orm import Session, SessionTransaction

from backoffice.models.base import Base
from backoffice.queueing import Jobs
from backoffice.settings import Settings


class _Database(Command):
    """`flask db`: stands for Flask-Migrate's own group of commands, which is read when somebody asks for it."""

    def make_context(self, *args: Any, **options: Any) -> Context:
        found: Context = import_module("flask_migrate.cli").db.make_context(*args, **options)
        return found


class Migrations:
    """What Flask-Migrate keeps in the app, made when `flask db` looks for it.

    Alembic and the database dialects that it brings are a tenth of a web server's memory, and it needs none of them.
    """

    def init_app(self, app: Flask) -> None:
        """Give the app its migrations, and `flask db`."""
        app.extensions["migrate"] = self
        app.cli.add_command(_Database("db", help="Perform database migrations."))

    def __getattr__(self, name: str) -> Any:
        from flask_migrate import Migrate  # noqa: PLC0415  # see above

        Migrate(current_app, db)  # puts itself in this one's place
        return getattr(current_app.extensions["migrate"], name)


db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False})
migrate = Migrations()
csrf = CSRFProtect()
babel = Babel()
jobs = Jobs()

# Readers and a writer at once, patience with other writers, foreign keys kept, and nothing erased left in the file.
PRAGMAS = ("journal_mode=WAL", "busy_timeout=10000", "foreign_keys=ON", "synchronous=NORMAL", "secure_delete=ON")

_reading: ContextVar[bool] = ContextVar("backoffice_reading", default=False)


def expect_reading(reading: bool) -> None:
    """Say whether the transactions to come only look, so that they take no write lock on SQLite."""
    _reading.set(reading)


def begin(*, writing: bool) -> None:
    """Leave the current transaction and begin one that writes, or one that only looks, whatever was expected."""
    db.session.rollback()
    db.session.connection(execution_options={"writing": writing})


def lock(name: str) -> None:
    """Wait until no other transaction holds `name`, and hold it until this one ends.

    SQLite needs nothing: a writing transaction there is alone from its beginning.
    """
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def configured() -> Settings:
    """The settings of the running application, for what is not handed them."""
    found: Settings = current_app.extensions["settings"]
    return found


def after_commit(act: Callable[[], object]) -> None:
    """Call `act` once when the current transaction is committed, and never if it is taken back."""
    waiting = db.session.info.setdefault("after_commit", [])
    if act not in waiting:
        waiting.append(act)


def after_rollback(act: Callable[[], object]) -> None:
    """Call `act` once if the current transaction is taken back, or given up, and never if it is committed."""
    db.session.info.setdefault("after_rollback", []).append(act)


@event.listens_for(db.session, "after_commit")
def _committed(session: Session) -> None:
    if session.in_nested_transaction():  # a savepoint alone commits nothing
        return
    session.info.pop("after_rollback", None)
    for act in session.info.pop("after_commit", ()):
        act()


@event.listens_for(db.session, "after_soft_rollback")
def _taken_back(session: Session, transaction: SessionTransaction) -> None:
    if not transaction.nested:
        session.info.pop("after_commit", None)


@event.listens_for(db.session, "after_transaction_end")
def _ended(session: Session, transaction: SessionTransaction) -> None:
    """What was not committed by now never will be; closing a session takes back without saying so."""
    if transaction.parent is None:
        for act in session.info.pop("after_rollback", ()):
            act()


@event.listens_for(Engine, "connect")
def _prepare_connection(connection: Any, _record: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.isolation_level = None  # pysqlite begins by itself too late: `_begin` says when instead
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    else:  # PostgreSQL speaks the zone of its server, in which the first moment of the year 1 may lie before it
        connection.autocommit = True
        connection.execute("SET TIME ZONE 'UTC'")
        connection.autocommit = False


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    """A transaction that may write takes SQLite's write lock at once, so that it never fails half-way."""
    if connection.dialect.name == "sqlite":
        writing = connection.get_execution_options().get("writing", not _reading.get())
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
