"""The queue of jobs, which run outside requests.

It is huey, which stores the tasks beside the database and needs no broker.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any

import psycopg
import structlog
from flask import Flask, current_app
from huey import Huey
from huey.registry import Message
from huey.serializer import Serializer
from huey.storage import MemoryStorage, PostgresStorage, SqliteStorage
from sqlalchemy.exc import DBAPIError

from backoffice import database, failures, limits
from backoffice.database import TimeLimitedConnection
from backoffice.settings import Settings
from backoffice.waiting import within

QUEUE_LENGTH = limits.TASKS  # waiting tasks; further ones would only find the work done
PREFIX = "jobs"  # of the tables in PostgreSQL
PATIENCE = limits.QUEUE  # seconds for the storage
CONNECTION: dict[str, Any] = {
    "connect_timeout": PATIENCE,
    "tcp_user_timeout": PATIENCE * 1000,
    "application_name": "backoffice jobs",
}
Stopping = Callable[[], bool]
log = structlog.get_logger()


@dataclass(frozen=True)
class Job:
    """Work that is done outside requests: on request, and on a schedule.

    Attributes:
        name: the name under which it is requested.
        act: the function that does it. It gets the settings, and a function that returns whether
            the worker has to end, which long work calls now and then.
        when: returns whether it is due at a given minute.
    """

    name: str
    act: Callable[[Settings, Stopping], object]
    when: Callable[[datetime], bool]


class Jobs:
    """The extension that gives an app its queue."""

    def init_app(self, app: Flask, schedule: Iterable[Job]) -> None:
        """Give the app its queue.

        The storage is not opened yet, so the app starts even if the database is away.
        """
        settings: Settings = app.extensions["settings"]
        store = storage(settings, Path(app.instance_path))
        app.extensions["jobs"] = Queue(app, schedule, store)

    def enqueue(self, name: str) -> None:
        """Have the job called `name` done as soon as a worker is free; never raises."""
        try:
            current_app.extensions["jobs"].put(name)
        except Exception as error:  # noqa: BLE001  # the caller has committed, and the schedule does the work anyway
            log.warning("job_not_queued", job=name, error=type(error).__name__)


class Queue:
    """The tasks of one app and their storage.

    Attributes:
        app: the app in whose context the tasks run.
        stopping: set when the worker has to end.
        huey: the queue itself.
        tasks: the huey tasks by the names of their jobs.
    """

    def __init__(self, app: Flask, schedule: Iterable[Job], store: dict[str, object]) -> None:
        self.app = app
        self.stopping = Event()
        self.huey = Huey(name="backoffice", results=False, serializer=NameOnlySerializer(), **store)
        self.tasks = {job.name: self._task(job) for job in schedule}

    def put(self, name: str) -> None:
        """Add a task, unless so many are waiting that one more would change nothing."""
        if self._waiting() < QUEUE_LENGTH:
            self.tasks[name]()

    def close(self) -> None:
        """Close the storage; it is opened again when it is needed."""
        self.huey.storage.close()

    def _waiting(self) -> int:
        """Return the number of waiting tasks."""
        try:
            return int(self.huey.storage.queue_size())
        except Exception:
            # Perhaps only the connection was lost, as when the server was restarted.
            if not self.huey.storage.close():
                raise
            return int(self.huey.storage.queue_size())

    def _task(self, job: Job) -> Callable[[], object]:
        """Return the huey task that runs the job on its schedule and when it is called for."""

        def act() -> None:
            settings: Settings = self.app.extensions["settings"]
            # At its end, the app context returns the database session.
            with self.app.app_context(), database.default_timeouts(database.job_timeouts(settings)):
                try:
                    job.act(settings, self.stopping.is_set)
                except Exception as error:  # noqa: BLE001  # the worker lives on, and the schedule tries again
                    _log_failure(job, error)

        decorator = self.huey.periodic_task(job.when, name=job.name)
        task: Callable[[], object] = decorator(act)
        return task


def _log_failure(job: Job, error: Exception) -> None:
    why = failures.of_database(error) if isinstance(error, DBAPIError) else ""
    log.error(
        "job_failed",
        job=job.name,
        error=type(error).__name__,
        why=why,
        at=_place(error),
    )


def storage(settings: Settings, folder: Path) -> dict[str, object]:
    """Return huey's options for the storage of tasks.

    It is a file beside SQLite's, tables in PostgreSQL, or memory in tests.
    """
    if settings.environment == "test":
        return {"storage_class": MemoryStorage}
    url = settings.database_url.url
    if url.get_backend_name() == "postgresql":
        address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        return {
            "storage_class": PostgresTableStorage,
            "connection": lambda: _connect(address),
            "table_prefix": PREFIX,
            "create_tables": False,
        }
    name = (url.database or "").removeprefix("file:").partition("?")[0]
    if name in ("", ":memory:"):
        return {"storage_class": MemoryStorage}
    # A relative path begins in the instance folder, as for Flask-SQLAlchemy.
    database_file = folder / name
    jobs_file = database_file.with_suffix(f".jobs{database_file.suffix}")
    return {
        "storage_class": SqliteFileStorage,
        "filename": str(jobs_file),
        "timeout": PATIENCE,
        "create_tables": False,
    }


class NameOnlySerializer(Serializer):  # type: ignore[misc]  # huey ships no types
    """Stores a task as its number and name, without arguments.

    huey would pickle it, which would let anybody who can write to the storage run code.
    """

    def _serialize(self, data: Message) -> bytes:
        return json.dumps([data.id, data.name]).encode()

    def _deserialize(self, data: bytes) -> Message:
        number, name = json.loads(bytes(data))
        return Message(number, name, args=(), kwargs={})


class SqliteFileStorage(SqliteStorage):  # type: ignore[misc]  # huey ships no types
    """Storage in an SQLite file of its own, which is created when it is first needed.

    In this way, looking for tasks takes no lock on the data.
    """

    def _create_connection(self) -> sqlite3.Connection:
        Path(self.filename).parent.mkdir(parents=True, exist_ok=True)
        connection: sqlite3.Connection = super()._create_connection()
        for statement in self.ddl:
            connection.execute(statement)
        return connection


class PostgresTableStorage(PostgresStorage):  # type: ignore[misc]  # huey ships no types
    """Storage in tables beside the data, which are created when they are first needed."""

    def _create_connection(self) -> TimeLimitedConnection:
        connection: TimeLimitedConnection = self._connect()
        table = connection.execute("SELECT to_regclass(%s)", [self.table_counter]).fetchone()
        if table == (None,):
            self._create_tables(connection)
        return connection

    def _create_tables(self, connection: TimeLimitedConnection) -> None:
        with connection.transaction():
            # One process at a time creates them.
            connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{PREFIX} tables"]
            )
            for statement in self.ddl:
                connection.execute(statement)


def _connect(address: str) -> TimeLimitedConnection:
    """Return a connection that waits at most PATIENCE for anything."""

    def connect() -> TimeLimitedConnection:
        return TimeLimitedConnection.connect(address, **CONNECTION)

    try:
        connection = within(PATIENCE, connect, too_late=TimeLimitedConnection.close)
    except TimeoutError:
        raise psycopg.OperationalError("the server does not answer") from None
    connection.fixed_timeout = PATIENCE
    return connection


def _place(error: BaseException) -> str:
    """Return where the error was raised, without its text, which may hold personal data."""
    lines = []
    trace = error.__traceback__
    while trace:
        file = Path(trace.tb_frame.f_code.co_filename).name
        lines.append(f"{file}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " ".join(lines[-6:])
