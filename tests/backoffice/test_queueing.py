"""The queue beside the database is made when it is needed, and is safe to read.

It never gets in the way of a request for a job.
"""

import pickle
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from huey.storage import MemoryStorage
from sqlalchemy import inspect

from app import create_app
from backoffice import jobs as job_files
from backoffice.extensions import db, jobs
from backoffice.jobs import SCHEDULE
from backoffice.mail.outbox import DELIVERY
from backoffice.queueing import QUEUE_LENGTH, Job, Queue, storage
from backoffice.settings import Settings
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle
from backoffice.testing.stage import Stage
from backoffice.transactions import after_commit
from tests.support.outbox import put
from tests.support.worker_process import shared_queue


def never(_when: datetime) -> bool:
    return False


def queue(app: Flask, *given: Job) -> Queue:
    return Queue(app, given, {"storage_class": MemoryStorage})


def do_next(queue: Queue) -> None:
    queue.huey.execute(queue.huey.dequeue())


def test_a_queued_message_asks_for_delivery_once_it_is_committed(
    app: Flask, cast: Cast, stage: Stage
) -> None:
    waiting = app.extensions["jobs"].huey.storage
    waiting.flush_all()
    put(stage.settings)
    assert waiting.queue_size() == 1
    assert app.extensions["jobs"].huey.dequeue().name == DELIVERY


def test_nothing_is_asked_for_where_the_change_is_taken_back(app: Flask, cast: Cast) -> None:
    app.extensions["jobs"].huey.storage.flush_all()
    db.session.connection()
    after_commit(lambda: jobs.enqueue(DELIVERY))
    db.session.rollback()
    settle()
    assert app.extensions["jobs"].huey.storage.queue_size() == 0


def test_in_tests_the_queue_is_memory(stage: Stage) -> None:
    assert storage(stage.settings, Path())["storage_class"] is MemoryStorage


def test_tasks_survive_the_process_and_are_done_in_order(app: Flask) -> None:
    with shared_queue(app) as first:
        jobs.enqueue("purge")
        jobs.enqueue(DELIVERY)
        with shared_queue(app) as second:
            assert [second.huey.dequeue().name for _ in range(2)] == ["purge", DELIVERY]
            assert second.huey.dequeue() is None
        assert first.huey.storage.queue_size() == 0


def test_a_job_that_is_wanted_often_waits_only_so_often(app: Flask) -> None:
    with shared_queue(app) as shared:
        for _ in range(QUEUE_LENGTH + 20):
            jobs.enqueue(DELIVERY)
        assert shared.huey.storage.queue_size() == QUEUE_LENGTH


def test_asking_is_never_an_error(
    app: Flask, stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither a job nor a storage that does not exist makes it one."""
    before = app.extensions["jobs"]
    jobs.enqueue("no such job")
    away = replace(
        stage.settings,
        environment="development",
        database_url="postgresql+psycopg://x:pw@127.0.0.1:1/x",
    )
    app.extensions["jobs"] = Queue(app, SCHEDULE, storage(away, Path()))
    jobs.enqueue(DELIVERY)
    away = replace(away, database_url="sqlite:////proc/nowhere/x.sqlite3")
    app.extensions["jobs"] = Queue(app, SCHEDULE, storage(away, Path()))
    jobs.enqueue(DELIVERY)
    app.extensions["jobs"] = before
    said = capsys.readouterr().out
    assert said.count("job_not_queued") == 3
    assert "pw" not in said


def test_making_an_app_opens_nothing(tmp_path: Path) -> None:
    for url in (f"sqlite:///{tmp_path}/x.sqlite3", "postgresql+psycopg://nobody@127.0.0.1:1/none"):
        values = {"BACKOFFICE_ENV": "development", "DATABASE_URL": url}
        assert create_app(Settings.from_environment(values)).extensions["jobs"].huey.storage
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url, file",
    [
        ("sqlite:///backoffice.sqlite3", "/instance/backoffice.jobs.sqlite3"),
        ("sqlite:////data/backoffice.sqlite3", "/data/backoffice.jobs.sqlite3"),
        ("sqlite:///file:x.db?mode=rw&uri=true", "/instance/x.jobs.db"),
    ],
)
def test_the_file_lies_beside_the_database(url: str, file: str, stage: Stage) -> None:
    settings = replace(stage.settings, environment="production", database_url=url)
    assert storage(settings, Path("/instance"))["filename"] == file


def test_a_failing_job_harms_nobody_and_tells_no_secret(
    app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_settings: Settings, _stopping: Callable[[], bool]) -> None:
        db.session.connection()
        raise ValueError("http://127.0.0.1/invitations/secret")

    done: list[bool] = []
    both = queue(
        app,
        Job("fail", fail, never),
        Job("work", lambda _s, stopping: done.append(stopping()), never),
    )
    both.put("fail")
    both.put("work")
    do_next(both)
    do_next(both)
    assert done == [False]
    said = capsys.readouterr().out
    assert "ValueError" in said
    assert "fail" in said
    assert "test_queueing.py:" in said
    assert "secret" not in said


def test_a_job_leaves_no_transaction_open(app: Flask) -> None:
    inside: list[Any] = []
    one = queue(
        app,
        Job("look", lambda _s, _stopping: inside.append(db.session.connection().connection), never),
    )
    one.put("look")
    do_next(one)
    assert not inside[0].is_valid
    settle()


def test_what_somebody_wrote_into_the_queue_is_not_run(app: Flask, tmp_path: Path) -> None:
    """huey would unpickle it."""

    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "evil",)

    one = queue(app, *SCHEDULE)
    one.huey.storage.enqueue(pickle.dumps(Evil()))
    with pytest.raises(ValueError, match="codec"):
        one.huey.dequeue()
    assert not (tmp_path / "evil").exists()


def test_every_job_is_a_file_of_its_name() -> None:
    files = {module.name for module in iter_modules(job_files.__path__)}
    assert {job.name for job in SCHEDULE} == files
    assert {job.act.__module__ for job in SCHEDULE} == {f"backoffice.jobs.{name}" for name in files}


def test_the_schedule_is_what_it_says() -> None:
    when = {job.name: job.when for job in SCHEDULE}
    assert all(when[DELIVERY](datetime(2026, 1, 1, hour, 59)) for hour in range(24))  # noqa: DTZ001  # huey's are naive UTC
    assert all(when["access_reviews"](datetime(2026, 1, 1, hour, 37)) for hour in range(24))  # noqa: DTZ001  # as above
    assert all(when["end_access"](datetime(2026, 1, 1, hour, 7)) for hour in range(24))  # noqa: DTZ001  # as above
    day = [(hour, minute) for hour in range(24) for minute in range(60)]
    nightly = (("check_events", (2, 23)), ("purge", (3, 17)), ("sweep_uploads", (3, 41)))
    for name, at_night in nightly:
        assert [at for at in day if when[name](datetime(2026, 1, 1, *at))] == [at_night]  # noqa: DTZ001  # as above


def test_migrations_leave_the_queues_tables_alone(blank_database: str) -> None:
    values = {"BACKOFFICE_ENV": "development", "DATABASE_URL": blank_database}
    app = create_app(Settings.from_environment(values))
    with app.app_context():
        flask_migrate.upgrade()
        jobs.enqueue("purge")
        assert app.extensions["jobs"].huey.storage.queue_size() == 1
        app.extensions["jobs"].huey.storage.close()
        if blank_database.startswith("postgresql"):
            assert "jobs_task" in inspect(db.engine).get_table_names()
        else:
            file = blank_database.removeprefix("sqlite:///").replace(".sqlite3", ".jobs.sqlite3")
            with closing(sqlite3.connect(file)) as beside:
                assert beside.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        flask_migrate.check()  # exits where the models and the tables differ
        db.session.remove()
        db.engine.dispose()
