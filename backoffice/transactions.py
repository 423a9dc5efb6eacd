"""Transactions: begin them, lock in them, and act when they are committed or rolled back."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import Connection, event, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, SessionTransaction

from backoffice import database
from backoffice.database import Timeouts
from backoffice.databases import OTHERS
from backoffice.extensions import db
from backoffice.settings import configured

P = ParamSpec("P")
T = TypeVar("T")
COMMITTED = "committed"
_in_one_piece: ContextVar[bool] = ContextVar("backoffice_in_one_piece", default=False)


@contextmanager
def with_timeouts(timeouts: Timeouts) -> Iterator[None]:
    """Apply `timeouts` inside the block, also to a transaction that has already begun."""
    with database.default_timeouts(timeouts):
        if db.session().in_transaction():
            database.apply_timeouts(db.session.connection(), timeouts)
        yield


def is_writing() -> bool:
    """Return whether the current transactions may write.

    If so, the rows that a decision was based on must stay unchanged until the transaction ends.
    """
    return not database.is_reading()


def in_bulk(act: Callable[P, T]) -> Callable[P, T]:
    """Decorate a function to run with the time limits of bulk actions; commands have no limit."""

    @wraps(act)
    def with_bulk_timeouts(*arguments: P.args, **keywords: P.kwargs) -> T:
        if database.is_unlimited():
            return act(*arguments, **keywords)
        with with_timeouts(database.bulk_timeouts(configured())):
            return act(*arguments, **keywords)

    return with_bulk_timeouts


def begin(*, writing: bool, snapshot: bool = False) -> None:
    """Roll back the current transaction and begin one that writes, or one that only reads.

    What `database.set_reading` said does not matter for it. With `snapshot`, all its statements see
    the database as it is at the first; on SQLite they always do.
    """
    db.session.rollback()
    options: dict[str, object] = {"writing": writing}
    if snapshot and db.session.get_bind().dialect.name == "postgresql":
        options["isolation_level"] = "REPEATABLE READ"
    db.session.connection(execution_options=options)


def lock(name: str) -> None:
    """Wait until no other transaction holds the lock `name`, and hold it until this one ends.

    SQLite needs no lock: there is only one writing transaction at a time.
    """
    if db.session.get_bind().dialect.name == "postgresql":
        number = func.hashtextextended(name, 0)
        db.session.execute(select(func.pg_advisory_xact_lock(number)))


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Hold the lock `name` inside the block, across transactions, and yield whether it was free.

    It does not wait, and a process that ends holds it no longer.
    """
    if db.engine.dialect.name == "postgresql":
        number = func.hashtextextended(name, 0)
        options = {"isolation_level": "AUTOCOMMIT"}
        with db.engine.connect().execution_options(**options) as connection:
            try:
                yield bool(connection.scalar(select(func.pg_try_advisory_lock(number))))
            finally:
                connection.execute(select(func.pg_advisory_unlock(number)))
        return
    # SQLite locks files: one of its own, beside the database.
    with closing(sqlite3.connect(f"{db.engine.url.database}-{name}", timeout=0)) as own:
        yield _is_locked(own)


def _is_locked(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        return False
    return True


def pause() -> None:
    """Commit what is written so far, so that no lock or connection is held during slow work.

    Inside `in_one_piece` it only flushes.
    """
    if _in_one_piece.get():
        db.session.flush()
    else:
        db.session.commit()


@contextmanager
def in_one_piece() -> Iterator[None]:
    """Keep `pause` from committing inside the block, so that its transaction stays atomic."""
    token = _in_one_piece.set(True)
    try:
        yield
    finally:
        _in_one_piece.reset(token)


def after_commit(act: Callable[[], object]) -> None:
    """Call `act` once when the current transaction is committed, but not if it is rolled back."""
    waiting = db.session.info.setdefault("after_commit", [])
    if act not in waiting:
        waiting.append(act)


def after_rollback(act: Callable[[], object]) -> None:
    """Call `act` once if the current transaction is rolled back or abandoned, not committed."""
    db.session.info.setdefault("after_rollback", []).append(act)


def is_whole() -> bool:
    """Return whether an action can be repeated from its beginning.

    It can if nothing was committed since the session began, or since `forget_commits`.
    """
    return COMMITTED not in db.session.info


def forget_commits() -> None:
    """Declare that everything committed until now may be done twice without harm."""
    db.session.info.pop(COMMITTED, None)


@event.listens_for(db.session, "after_commit")
def _committed(session: Session) -> None:
    if session.in_nested_transaction():  # a savepoint alone commits nothing
        return
    database.mark_commit_known()
    session.info[COMMITTED] = True
    session.info.pop("after_rollback", None)
    for act in session.info.pop("after_commit", ()):
        act()


@event.listens_for(db.session, "after_begin")
def _begun(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    if connection.engine is not db.engine:
        session.info.setdefault(OTHERS, []).append(connection)


@event.listens_for(db.session, "before_commit")
def _commit_others(session: Session) -> None:
    """Commit what was changed in other databases, before ours has the events about it."""
    if session.in_nested_transaction() or not session.info.get(OTHERS):
        return
    session.flush()
    for connection in session.info.pop(OTHERS):
        driver: Any = connection.connection.driver_connection
        try:
            driver.commit()
        except connection.dialect.loaded_dbapi.Error as error:
            raise OperationalError("COMMIT", None, error) from error


@event.listens_for(db.session, "after_soft_rollback")
def _taken_back(session: Session, transaction: SessionTransaction) -> None:
    if not transaction.nested:
        session.info.pop("after_commit", None)


@event.listens_for(db.session, "after_transaction_end")
def _ended(session: Session, transaction: SessionTransaction) -> None:
    """Run what waits for a rollback: whatever is not committed by now never will be.

    There is no rollback event to rely on: closing a session rolls back without one.
    """
    if transaction.parent is None:
        session.info.pop(OTHERS, None)
        for act in session.info.pop("after_rollback", ()):
            act()
