"""How the product talks to each database engine, and how long it waits for an answer."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.errors import _WaitTimeout
from sqlalchemy import Connection, Dialect, Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from backoffice import limits
from backoffice.settings import Settings
from backoffice.waiting import within

# Readers and a writer at once, foreign keys kept, and nothing erased left in the file.
PRAGMAS = ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL", "secure_delete=ON")
# PostgreSQL answers in the time zone of its server, where the first moment of the year 1 may fall
# before that year. Its just-in-time compiler takes 20 s for a CASE that runs in 28 ms.
ALWAYS = "set_config('TimeZone', 'UTC', false), set_config('jit', 'off', false)"
LOOKED = 200_000  # steps of SQLite's machine between two looks at the clock: some milliseconds
NEVER = float("inf")
KEEPALIVES = {
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}


@dataclass(frozen=True)
class Patience:
    """How many seconds to wait for the database; None means without a limit.

    Attributes:
        statement: for one statement.
        lock: for a lock that somebody else holds.
        idle: of doing nothing within a transaction.
    """

    statement: float | None
    lock: float
    idle: float | None = None


COMMANDS = Patience(statement=None, lock=limits.COMMAND_LOCK)
_patience: ContextVar[Patience] = ContextVar("backoffice_patience", default=COMMANDS)
_reading: ContextVar[bool] = ContextVar("backoffice_reading", default=False)
_committing: ContextVar[bool] = ContextVar("backoffice_committing", default=False)


def of_requests(settings: Settings) -> Patience:
    """Return the limits for web requests, where a person waits for the page."""
    return _of(settings, settings.database_statement_timeout.total_seconds())


def of_bulk(settings: Settings) -> Patience:
    """Return the limits for bulk actions, where a statement may change very many rows."""
    return _of(settings, settings.database_bulk_timeout.total_seconds())


def of_exports(settings: Settings) -> Patience:
    """Return the limits for exports, whose first statement reads the keys of all rows."""
    return _of(settings, settings.database_export_timeout.total_seconds())


def of_jobs(settings: Settings) -> Patience:
    """Return the limits for jobs: nobody waits for the worker, but it must end when told to."""
    return _of(settings, settings.database_job_timeout.total_seconds())


def _of(settings: Settings, statement: float) -> Patience:
    return Patience(
        statement,
        lock=settings.database_lock_timeout.total_seconds(),
        idle=settings.database_idle_timeout.total_seconds(),
    )


def expect(*, reading: bool, patience: Patience = COMMANDS) -> None:
    """Set whether the coming transactions only read, and how long to wait in them."""
    _reading.set(reading)
    _patience.set(patience)


def expect_reading(reading: bool) -> None:
    """Set whether the coming transactions only read."""
    _reading.set(reading)


def is_reading() -> bool:
    """Return whether the current transactions only read."""
    return _reading.get()


def is_unlimited() -> bool:
    """Return whether statements may run without a time limit."""
    return _patience.get().statement is None


@contextmanager
def waiting(patience: Patience) -> Iterator[None]:
    """Apply `patience` to the transactions that begin inside the block."""
    before = _patience.set(patience)
    try:
        yield
    finally:
        _patience.reset(before)


def engine_options(settings: Settings) -> dict[str, object]:
    """Return the options for SQLAlchemy's engine.

    Parameters of statements never reach a log, and a dead connection is noticed before it is used.
    """
    options: dict[str, object] = {"hide_parameters": True}
    if settings.database_url.is_sqlite:
        return options
    return options | {
        "pool_pre_ping": True,
        "pool_size": settings.database_connections,
        "max_overflow": 0,
        "pool_timeout": settings.database_pool_timeout.total_seconds(),
        "connect_args": connecting(settings),
    }


def connecting(settings: Settings) -> dict[str, object]:
    """Return the connection options for PostgreSQL, which also notice a network without answer."""
    answer = settings.database_statement_timeout.total_seconds()
    return {
        "connect_timeout": int(settings.database_connect_timeout.total_seconds()),
        "tcp_user_timeout": int(answer * 1000),
        **KEEPALIVES,
    }


class Bounded(psycopg.Connection[Any]):
    """A connection that gives up if the server does not answer.

    The server's own limits do not help then, because it cannot report that they have passed.

    Attributes:
        fixed: seconds to wait, whatever the patience of the moment is; None to go by the patience.
    """

    fixed: float | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for a statement within the limit; psycopg calls this for every statement.

        `timeout` is one that psycopg itself gives; it takes precedence.
        """
        limit = self._limit()
        if timeout is not None or limit is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, limit)
        except _WaitTimeout:
            # Its state is unknown now; once closed, the next use of it fails at once.
            self.close()
            raise psycopg.OperationalError("the server does not answer") from None

    def _limit(self) -> float | None:
        patience = _patience.get()
        if self.fixed is not None or patience.statement is None:
            return self.fixed
        # Outside transactions the pool asks whether the connection is alive.
        if self.autocommit:
            return limits.DATABASE_PING
        return patience.statement + limits.DATABASE_GRACE


@event.listens_for(Engine, "do_connect")
def _connect(
    dialect: Dialect, _record: object, arguments: list[Any], options: dict[str, Any]
) -> Bounded | None:
    """Connect to PostgreSQL within the limit, even if the lookup of its host name hangs."""
    if dialect.driver != "psycopg" or "connect_timeout" not in options:
        return None
    seconds = options["connect_timeout"] + limits.DATABASE_GRACE

    def connect() -> Bounded:
        return Bounded.connect(*arguments, **options)

    try:
        return within(seconds, connect, too_late=Bounded.close)
    except TimeoutError:
        raise psycopg.OperationalError("the server does not answer") from None


@event.listens_for(Engine, "connect")
def _prepare(connection: Any, record: ConnectionPoolEntry) -> None:
    patience = _patience.get()
    record.info["patience"] = patience
    if isinstance(connection, sqlite3.Connection):
        _prepare_sqlite(connection, record, patience)
    else:
        _prepare_postgresql(connection, patience)


def _prepare_sqlite(
    connection: sqlite3.Connection, record: ConnectionPoolEntry, patience: Patience
) -> None:
    def is_over() -> bool:
        return bool(time.monotonic() > record.info.get("until", NEVER))

    # By itself pysqlite begins a transaction too late: `_begin` does it instead.
    connection.isolation_level = None
    connection.set_progress_handler(is_over, LOOKED)
    connection.execute(f"PRAGMA busy_timeout={_milliseconds(patience.lock)}")
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _prepare_postgresql(connection: Any, patience: Patience) -> None:
    connection.autocommit = True
    connection.execute(f"SELECT {ALWAYS}, {_limited(patience, local=False)}")
    connection.autocommit = False


@event.listens_for(Engine, "before_cursor_execute")
def _limit(connection: Connection, *_more: object) -> None:
    """Set the end of a statement on SQLite, which has no limit of its own but asks at intervals."""
    if connection.dialect.name != "sqlite":
        return
    seconds = _patience.get().statement
    connection.info["until"] = NEVER if seconds is None else time.monotonic() + seconds


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    """Apply the current limits to a new transaction, and on SQLite begin it.

    On SQLite, a transaction that may write takes the write lock at once: otherwise it could fail
    half-way, when it first writes.
    """
    patience = _patience.get()
    is_applied = connection.info.get("patience") == patience
    settle()
    if connection.dialect.name == "sqlite":
        if not is_applied:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={_milliseconds(patience.lock)}")
            connection.info["patience"] = patience
        writing = connection.get_execution_options().get("writing", not _reading.get())
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
    elif not is_applied:
        change(connection, patience)


@event.listens_for(Engine, "commit")
def _commit(_connection: Connection) -> None:
    _committing.set(True)


def settle() -> None:
    """Note that the result of the last commit is known."""
    _committing.set(False)


def is_settled() -> bool:
    """Return whether the server answered every commit; otherwise its result is unknown."""
    return not _committing.get()


def change(connection: Connection, patience: Patience) -> None:
    """Apply `patience` to the transaction that has begun."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT {_limited(patience, local=True)}")


def _limited(patience: Patience, *, local: bool) -> str:
    """Return the SQL that sets the limits for a transaction (`local`) or for a connection.

    It is part of one statement, which the driver may prepare.
    """
    values = {
        "statement_timeout": patience.statement or 0,
        "lock_timeout": patience.lock,
        "idle_in_transaction_session_timeout": patience.idle or 0,
    }
    scope = "true" if local else "false"
    return ", ".join(
        f"set_config('{name}', '{_milliseconds(value)}', {scope})" for name, value in values.items()
    )


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
