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

from backoffice import checksums, limits
from backoffice.settings import Settings
from backoffice.urls import DatabaseURL
from backoffice.waiting import within

# Readers and a writer at once, foreign keys kept, and nothing erased left in the file.
PRAGMAS = ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL", "secure_delete=ON")
# PostgreSQL answers in the time zone of its server, where the first moment of the year 1 may fall
# before that year. Its just-in-time compiler takes 20 s for a CASE that runs in 28 ms.
POSTGRESQL_SETTINGS = "set_config('TimeZone', 'UTC', false), set_config('jit', 'off', false)"
# How many steps SQLite's machine does between two looks at the clock: some milliseconds.
SQLITE_STEPS_PER_CHECK = 200_000
NEVER = float("inf")
KEEPALIVES = {
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}


@dataclass(frozen=True)
class Timeouts:
    """How many seconds to wait for the database; None means without a limit.

    Attributes:
        statement: for one statement.
        lock: for a lock that somebody else holds.
        idle: of doing nothing within a transaction.
    """

    statement: float | None
    lock: float
    idle: float | None = None


COMMAND_TIMEOUTS = Timeouts(statement=None, lock=limits.COMMAND_LOCK)
_timeouts: ContextVar[Timeouts] = ContextVar("backoffice_timeouts", default=COMMAND_TIMEOUTS)
_reading: ContextVar[bool] = ContextVar("backoffice_reading", default=False)
_read_only: ContextVar[bool] = ContextVar("backoffice_read_only", default=False)
_committing: ContextVar[bool] = ContextVar("backoffice_committing", default=False)


def request_timeouts(settings: Settings) -> Timeouts:
    """Return the limits for web requests, where a person waits for the page."""
    return _timeouts_from(settings, settings.database_statement_timeout.total_seconds())


def bulk_timeouts(settings: Settings) -> Timeouts:
    """Return the limits for bulk actions, where a statement may change very many rows."""
    return _timeouts_from(settings, settings.database_bulk_timeout.total_seconds())


def export_timeouts(settings: Settings) -> Timeouts:
    """Return the limits for exports, whose first statement reads the keys of all rows."""
    return _timeouts_from(settings, settings.database_export_timeout.total_seconds())


def job_timeouts(settings: Settings) -> Timeouts:
    """Return the limits for jobs: nobody waits for the worker, but it must end when told to."""
    return _timeouts_from(settings, settings.database_job_timeout.total_seconds())


def _timeouts_from(settings: Settings, statement: float) -> Timeouts:
    return Timeouts(
        statement,
        lock=settings.database_lock_timeout.total_seconds(),
        idle=settings.database_idle_timeout.total_seconds(),
    )


def configure_transactions(*, reading: bool, timeouts: Timeouts = COMMAND_TIMEOUTS) -> None:
    """Set whether the coming transactions only read, and how long to wait in them."""
    _reading.set(reading)
    _read_only.set(False)
    _timeouts.set(timeouts)


def set_reading(reading: bool) -> None:
    """Set whether the coming transactions only read: those take no write lock on SQLite."""
    _reading.set(reading)


def is_reading() -> bool:
    """Return whether the current transactions only read."""
    return _reading.get()


def only_read(connection: Connection) -> None:
    """Have the database refuse every change, in this transaction and in those that follow.

    It lasts until `configure_transactions`, whatever those transactions are begun for.
    """
    _reading.set(True)
    _read_only.set(True)
    _apply_read_only(connection)


def is_read_only() -> bool:
    """Return whether the database refuses every change now, see `only_read`."""
    return _read_only.get()


@contextmanager
def writable() -> Iterator[None]:
    """Let the transactions that begin inside the block write, in spite of `only_read`."""
    before = _read_only.set(False)
    try:
        yield
    finally:
        _read_only.reset(before)


def is_unlimited() -> bool:
    """Return whether statements may run without a time limit."""
    return _timeouts.get().statement is None


@contextmanager
def default_timeouts(timeouts: Timeouts) -> Iterator[None]:
    """Apply `timeouts` to the transactions that begin inside the block, and to no older one."""
    before = _timeouts.set(timeouts)
    try:
        yield
    finally:
        _timeouts.reset(before)


def engine_options(settings: Settings, address: DatabaseURL) -> dict[str, object]:
    """Return the options for SQLAlchemy's engine of a database.

    Parameters of statements never reach a log, and a dead connection is noticed before it is used.
    """
    options: dict[str, object] = {"hide_parameters": True}
    if address.is_sqlite:
        return options
    return options | {
        "pool_pre_ping": True,
        "pool_size": settings.database_connections,
        "max_overflow": 0,
        "pool_timeout": settings.database_pool_timeout.total_seconds(),
        "connect_args": connection_options(settings),
    }


def connection_options(settings: Settings) -> dict[str, object]:
    """Return the connection options for PostgreSQL, which also notice a network without answer."""
    answer = settings.database_statement_timeout.total_seconds()
    return {
        "connect_timeout": int(settings.database_connect_timeout.total_seconds()),
        "tcp_user_timeout": int(answer * 1000),
        **KEEPALIVES,
    }


class TimeLimitedConnection(psycopg.Connection[Any]):
    """A connection that gives up if the server does not answer.

    The server's own limits do not help then, because it cannot report that they have passed.

    Attributes:
        fixed_timeout: seconds to wait, whatever the present timeouts are; None to go by those.
    """

    fixed_timeout: float | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for a statement within the limit; psycopg calls this for every statement.

        `timeout` is one that psycopg itself gives; it takes precedence.
        """
        limit = self._seconds_to_wait()
        if timeout is not None or limit is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, limit)
        except _WaitTimeout:
            # Its state is unknown now; once closed, the next use of it fails at once.
            self.close()
            raise psycopg.OperationalError("the server does not answer") from None

    def _seconds_to_wait(self) -> float | None:
        timeouts = _timeouts.get()
        if self.fixed_timeout is not None or timeouts.statement is None:
            return self.fixed_timeout
        # Outside transactions the pool asks whether the connection is alive.
        if self.autocommit:
            return limits.DATABASE_PING
        return timeouts.statement + limits.DATABASE_GRACE


@event.listens_for(Engine, "do_connect")
def _connect(
    dialect: Dialect, _record: object, arguments: list[Any], options: dict[str, Any]
) -> TimeLimitedConnection | None:
    """Connect to PostgreSQL within the limit, even if the lookup of its host name hangs."""
    if dialect.driver != "psycopg" or "connect_timeout" not in options:
        return None
    seconds = options["connect_timeout"] + limits.DATABASE_GRACE

    def connect() -> TimeLimitedConnection:
        return TimeLimitedConnection.connect(*arguments, **options)

    try:
        return within(seconds, connect, too_late=TimeLimitedConnection.close)
    except TimeoutError:
        raise psycopg.OperationalError("the server does not answer") from None


@event.listens_for(Engine, "connect")
def _prepare(connection: Any, record: ConnectionPoolEntry) -> None:
    timeouts = _timeouts.get()
    record.info["timeouts"] = timeouts
    if isinstance(connection, sqlite3.Connection):
        _prepare_sqlite(connection, record, timeouts)
    else:
        _prepare_postgresql(connection, timeouts)


def _prepare_sqlite(
    connection: sqlite3.Connection, record: ConnectionPoolEntry, timeouts: Timeouts
) -> None:
    def is_over() -> bool:
        return bool(time.monotonic() > record.info.get("deadline", NEVER))

    # By itself pysqlite begins a transaction too late: `_begin` does it instead.
    connection.isolation_level = None
    connection.set_progress_handler(is_over, SQLITE_STEPS_PER_CHECK)
    connection.create_function(checksums.FUNCTION, -1, checksums.row_version, deterministic=True)
    connection.execute(f"PRAGMA busy_timeout={_milliseconds(timeouts.lock)}")
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _prepare_postgresql(connection: Any, timeouts: Timeouts) -> None:
    connection.autocommit = True
    connection.execute(f"SELECT {POSTGRESQL_SETTINGS}, {_timeouts_sql(timeouts, local=False)}")
    connection.autocommit = False


@event.listens_for(Engine, "before_cursor_execute")
def _set_sqlite_deadline(connection: Connection, *_more: object) -> None:
    """Set the end of a statement on SQLite, which has no limit of its own but asks at intervals."""
    if connection.dialect.name != "sqlite":
        return
    seconds = _timeouts.get().statement
    connection.info["deadline"] = NEVER if seconds is None else time.monotonic() + seconds


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    """Apply the current limits to a new transaction, and on SQLite begin it.

    On SQLite, a transaction that may write takes the write lock at once: otherwise it could fail
    half-way, when it first writes.
    """
    timeouts = _timeouts.get()
    is_applied = connection.info.get("timeouts") == timeouts
    mark_commit_known()
    _apply_read_only(connection)
    if connection.dialect.name == "sqlite":
        if not is_applied:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={_milliseconds(timeouts.lock)}")
            connection.info["timeouts"] = timeouts
        writing = connection.get_execution_options().get("writing", not _reading.get())
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
    elif not is_applied:
        apply_timeouts(connection, timeouts)


def _apply_read_only(connection: Connection) -> None:
    """Make the transaction read-only if transactions are now.

    SQLite keeps that with the connection, and would refuse to begin a transaction that writes.
    """
    wanted = _read_only.get()
    if connection.dialect.name == "postgresql":
        if wanted:
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
    elif connection.info.get("read_only", False) != wanted:
        connection.exec_driver_sql(f"PRAGMA query_only={'ON' if wanted else 'OFF'}")
        connection.info["read_only"] = wanted


@event.listens_for(Engine, "commit")
def _commit(_connection: Connection) -> None:
    _committing.set(True)


def mark_commit_known() -> None:
    """Store that the result of the last commit is known."""
    _committing.set(False)


def is_commit_known() -> bool:
    """Return whether the server answered every commit; otherwise its result is unknown."""
    return not _committing.get()


def apply_timeouts(connection: Connection, timeouts: Timeouts) -> None:
    """Apply `timeouts` to the transaction that has begun."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT {_timeouts_sql(timeouts, local=True)}")


def _timeouts_sql(timeouts: Timeouts, *, local: bool) -> str:
    """Return the SQL that sets the limits for a transaction (`local`) or for a connection.

    It is part of one statement, which the driver may prepare.
    """
    values = {
        "statement_timeout": timeouts.statement or 0,
        "lock_timeout": timeouts.lock,
        "idle_in_transaction_session_timeout": timeouts.idle or 0,
    }
    scope = "true" if local else "false"
    return ", ".join(
        f"set_config('{name}', '{_milliseconds(value)}', {scope})" for name, value in values.items()
    )


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
