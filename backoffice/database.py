"""How each engine is spoken to, and how long anybody waits for it."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.errors import _WaitTimeout
from sqlalchemy import Connection, Engine, event

from backoffice import limits
from backoffice.settings import Settings
from backoffice.waiting import within

# Readers and a writer at once, foreign keys kept, and nothing erased left in the file.
PRAGMAS = ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL", "secure_delete=ON")
# PostgreSQL speaks the zone of its server, in which the first moment of the year 1 may lie before it; and its
# just-in-time compiler takes 20 s for a CASE that runs in 28 ms.
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
    """Seconds for one statement, for a lock that somebody holds, and of doing nothing within a transaction.

    None is as long as it takes.
    """

    statement: float | None
    lock: float
    idle: float | None = None


COMMANDS = Patience(statement=None, lock=limits.COMMAND_LOCK)
_patience: ContextVar[Patience] = ContextVar("backoffice_patience", default=COMMANDS)
_reading: ContextVar[bool] = ContextVar("backoffice_reading", default=False)
_committing: ContextVar[bool] = ContextVar("backoffice_committing", default=False)


def of_requests(settings: Settings) -> Patience:
    """Somebody looks at a page that does not come."""
    return _of(settings, settings.database_statement_timeout.total_seconds())


def of_bulk(settings: Settings) -> Patience:
    """One statement may change hundreds of thousands of rows."""
    return _of(settings, settings.database_bulk_timeout.total_seconds())


def of_exports(settings: Settings) -> Patience:
    """The first statement of an export reads the keys of all its rows."""
    return _of(settings, settings.database_export_timeout.total_seconds())


def of_jobs(settings: Settings) -> Patience:
    """Nobody waits for the worker, but it is to end when it is told to."""
    return _of(settings, settings.database_job_timeout.total_seconds())


def _of(settings: Settings, statement: float) -> Patience:
    lock, idle = settings.database_lock_timeout, settings.database_idle_timeout
    return Patience(statement, lock.total_seconds(), idle.total_seconds())


def expect(*, reading: bool, patience: Patience = COMMANDS) -> None:
    """Say whether the transactions to come only look, and how long to wait in them."""
    _reading.set(reading)
    _patience.set(patience)


def expect_reading(reading: bool) -> None:
    """Say whether the transactions to come only look."""
    _reading.set(reading)


def is_reading() -> bool:
    """Whether what goes on now only looks."""
    return _reading.get()


def is_unlimited() -> bool:
    """Whether statements may take as long as they take."""
    return _patience.get().statement is None


@contextmanager
def waiting(patience: Patience) -> Iterator[None]:
    """The transactions that begin in the block wait as long as `patience` says."""
    before = _patience.set(patience)
    try:
        yield
    finally:
        _patience.reset(before)


def engine_options(settings: Settings) -> dict[str, Any]:
    """What SQLAlchemy is told. Parameters never reach a log; a dead connection is noticed before it is used."""
    options: dict[str, Any] = {"hide_parameters": True}
    if not settings.database_url.is_sqlite:
        options |= {
            "pool_pre_ping": True,
            "pool_size": settings.database_connections,
            "max_overflow": 0,
            "pool_timeout": settings.database_pool_timeout.total_seconds(),
            "connect_args": connecting(settings),
        }
    return options


def connecting(settings: Settings) -> dict[str, Any]:
    """How a connection to PostgreSQL is opened, and how a network that swallows everything is noticed."""
    seconds = int(settings.database_connect_timeout.total_seconds())
    answer = int(settings.database_statement_timeout.total_seconds() * 1000)
    return {"connect_timeout": seconds, "tcp_user_timeout": answer, **KEEPALIVES}


class Bounded(psycopg.Connection[Any]):
    """A connection that gives up where the server does not answer: then even its own limits say nothing."""

    fixed: float | None = None  # seconds, where the patience of the moment does not count

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """As psycopg's, which calls this for every statement; `timeout` is its caller's own."""
        limit = self._limit()
        if timeout is not None or limit is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, limit)
        except _WaitTimeout:
            self.close()  # nobody knows what state it is in; whoever uses it next is told at once
            raise psycopg.OperationalError("the server does not answer") from None

    def _limit(self) -> float | None:
        patience = _patience.get()
        if self.fixed is not None or patience.statement is None:
            return self.fixed
        # The pool asks outside transactions whether the connection lives.
        return (
            limits.DATABASE_PING if self.autocommit else patience.statement + limits.DATABASE_GRACE
        )


@event.listens_for(Engine, "do_connect")
def _connect(dialect: Any, _record: object, arguments: Any, options: dict[str, Any]) -> Any:
    """PostgreSQL, within the limit also where the network does not answer who the server is."""
    if dialect.driver != "psycopg" or "connect_timeout" not in options:
        return None
    seconds = options["connect_timeout"] + limits.DATABASE_GRACE
    try:
        return within(
            seconds, lambda: Bounded.connect(*arguments, **options), too_late=Bounded.close
        )
    except TimeoutError:
        raise psycopg.OperationalError("the server does not answer") from None


@event.listens_for(Engine, "connect")
def _prepare(connection: Any, record: Any) -> None:
    patience = _patience.get()
    record.info["patience"] = patience
    if isinstance(connection, sqlite3.Connection):
        connection.isolation_level = (
            None  # pysqlite begins by itself too late: `_begin` says when instead
        )
        connection.set_progress_handler(
            lambda: time.monotonic() > record.info.get("until", NEVER), LOOKED
        )
        for pragma in (f"busy_timeout={_milliseconds(patience.lock)}", *PRAGMAS):
            connection.execute(f"PRAGMA {pragma}")
    else:
        connection.autocommit = True
        connection.execute(f"SELECT {ALWAYS}, {_limited(patience, local=False)}")
        connection.autocommit = False


@event.listens_for(Engine, "before_cursor_execute")
def _limit(connection: Connection, *_more: Any) -> None:
    """SQLite knows no limit for statements: it asks now and then whether to go on."""
    if connection.dialect.name == "sqlite":
        seconds = _patience.get().statement
        connection.info["until"] = NEVER if seconds is None else time.monotonic() + seconds


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    """A transaction that may write takes SQLite's write lock at once, so that it never fails half-way."""
    patience = _patience.get()
    told = connection.info.get("patience") == patience
    settle()
    if connection.dialect.name == "sqlite":
        if not told:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={_milliseconds(patience.lock)}")
            connection.info["patience"] = patience
        writing = connection.get_execution_options().get("writing", not _reading.get())
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
    elif not told:
        change(connection, patience)


@event.listens_for(Engine, "commit")
def _commit(_connection: Connection) -> None:
    _committing.set(True)


def settle() -> None:
    """The server has said what became of the commit."""
    _committing.set(False)


def is_settled() -> bool:
    """Whether no commit was asked for that the server never answered: else nobody knows whether it happened."""
    return not _committing.get()


def change(connection: Connection, patience: Patience) -> None:
    """Make the transaction that has begun as patient as this."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT {_limited(patience, local=True)}")


def _limited(patience: Patience, *, local: bool) -> str:
    """The limits in SQL, for a transaction or for a connection; one statement, so that the driver may prepare it."""
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
