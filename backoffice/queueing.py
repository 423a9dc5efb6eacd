"""The queue of work that is done outside requests: huey, which keeps it beside the database and needs no broker."""

import json
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
from backoffice.database import Bounded
from backoffice.settings import Settings
from backoffice.waiting import within

QUEUE_LENGTH = limits.TASKS  # that wait; more of the same would only be looked at and found done
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
    """What is done outside requests: by its name as soon as somebody asks, and by itself at the minutes of `when`.

    `act` gets the settings, and a function that says whether the worker is to end: long work asks it now and then.
    """

    name: str
    act: Callable[[Settings, Stopping], object]
    when: Callable[[datetime], bool]


class Jobs:
    """The queue, without an app until `init_app`."""

    def init_app(self, app: Flask, schedule: Iterable[Job]) -> None:
        """Give the app its queue. Nothing is opened: a database that is away keeps no app from starting."""
        app.extensions["jobs"] = Queue(
            app, schedule, storage(app.extensions["settings"], Path(app.instance_path))
        )

    def soon(self, name: str) -> None:
        """Have the job called `name` done as soon as a worker is free; never an error for whoever asks."""
        try:
            current_app.extensions["jobs"].put(name)
        except Exception as error:  # noqa: BLE001  # whoever asks has committed, and the schedule finds the work anyway
            log.warning("job_not_queued", job=name, error=type(error).__name__)


class Queue:
    """One app's tasks, and where they wait."""

    def __init__(self, app: Flask, schedule: Iterable[Job], store: dict[str, Any]) -> None:
        self.app = app
        self.stopping = Event()
        self.huey = Huey(name="backoffice", results=False, serializer=NameOnly(), **store)
        self.tasks = {
            job.name: self.huey.periodic_task(job.when, name=job.name)(self._task(job))
            for job in schedule
        }

    def put(self, name: str) -> None:
        """Add a task, unless so many wait that one more changes nothing."""
        try:
            waiting = self.huey.storage.queue_size()
        except Exception:
            if not self.huey.storage.close():
                raise
            waiting = (
                self.huey.storage.queue_size()
            )  # only the connection was lost, as when the server began anew
        if waiting < QUEUE_LENGTH:
            self.tasks[name]()

    def close(self) -> None:
        """Let go of the storage; it is opened again when it is needed."""
        self.huey.storage.close()

    def _task(self, job: Job) -> Callable[[], None]:
        def act() -> None:
            settings: Settings = self.app.extensions["settings"]
            # The context's end gives the database session back.
            with self.app.app_context(), database.waiting(database.of_jobs(settings)):
                try:
                    job.act(settings, self.stopping.is_set)
                except Exception as error:  # noqa: BLE001  # the worker lives on, and the schedule tries again
                    why = failures.of_database(error) if isinstance(error, DBAPIError) else ""
                    log.error(
                        "job_failed",
                        job=job.name,
                        error=type(error).__name__,
                        why=why,
                        at=_place(error),
                    )

        return act


def storage(settings: Settings, folder: Path) -> dict[str, Any]:
    """Where tasks wait, as huey is told: a file beside SQLite's, tables in PostgreSQL, memory in tests."""
    url, found = settings.database_url.url, dict[str, Any]()
    if url.get_backend_name() == "postgresql":
        address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        found = {"storage_class": Tables, "connection": lambda: _connected(address)}
        found |= {"table_prefix": PREFIX, "create_tables": False}
    else:
        name = (url.database or "").removeprefix("file:").partition("?")[0]
        file = folder / name  # relative to the instance, as Flask-SQLAlchemy reads it
        found = {"storage_class": File, "filename": str(file.with_suffix(f".jobs{file.suffix}"))}
        found |= {"timeout": PATIENCE, "create_tables": False}
        if name in ("", ":memory:"):
            return {"storage_class": MemoryStorage}
    return {"storage_class": MemoryStorage} if settings.environment == "test" else found


class NameOnly(Serializer):  # type: ignore[misc]  # huey ships no types
    """A task is a name and no arguments: huey would pickle it, and whoever writes to the table could run code."""

    def _serialize(self, data: Message) -> bytes:
        return json.dumps([data.id, data.name]).encode()

    def _deserialize(self, data: bytes) -> Message:
        number, name = json.loads(bytes(data))
        return Message(number, name, args=(), kwargs={})


class File(SqliteStorage):  # type: ignore[misc]  # huey ships no types
    """A file of its own, so that looking for work takes no lock on the data; made when it is first needed."""

    def _create_connection(self) -> Any:
        Path(self.filename).parent.mkdir(parents=True, exist_ok=True)
        connection = super()._create_connection()
        for statement in self.ddl:
            connection.execute(statement)
        return connection


class Tables(PostgresStorage):  # type: ignore[misc]  # huey ships no types
    """Tables beside the data, made when they are first needed, by one process at a time."""

    def _create_connection(self) -> Any:
        connection = self._connect()
        if connection.execute("SELECT to_regclass(%s)", [self.table_counter]).fetchone() == (None,):
            with connection.transaction():
                connection.execute(
                    "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{PREFIX} tables"]
                )
                for statement in self.ddl:
                    connection.execute(statement)
        return connection


def _connected(address: str) -> Bounded:
    """A connection that waits for nothing longer than PATIENCE, whoever uses it."""
    try:
        made = within(
            PATIENCE, lambda: Bounded.connect(address, **CONNECTION), too_late=Bounded.close
        )
    except TimeoutError:
        raise psycopg.OperationalError("the server does not answer") from None
    made.fixed = PATIENCE
    return made


def _place(error: BaseException) -> str:
    """Where it happened, without what the error says: that may be an address, or worse."""
    trace, lines = error.__traceback__, []
    while trace:
        lines.append(f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " ".join(lines[-6:])
