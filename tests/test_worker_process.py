"""The worker as a process does its jobs, survives its database, and ends cleanly when told to."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import flask_migrate
import psycopg
import pytest
from sqlalchemy import make_url

from app import create_app
from backoffice.extensions import db
from backoffice.settings import Settings
from backoffice.testing.cast import Cast
from backoffice.testing.stage import Stage
from tests.support.outbox import put, state_of
from tests.support.patience import PATIENCE
from tests.support.smtp import Server
from tests.support.worker_process import ended, start
from tests.test_process import ROOT, answers

Worker = Callable[..., Any]


@pytest.fixture
def settings(stage: Stage, cast: Cast, smtp: Server) -> Settings:
    return replace(stage.settings, smtp_url=smtp.url)


@pytest.mark.slow
def test_a_mail_leaves_while_the_worker_runs_and_sigterm_ends_it(
    settings: Settings, smtp: Server, worker: Worker
) -> None:
    before = put(settings, address="before@example.com")
    process = worker(smtp_url=smtp.url)
    smtp.wait(1)
    while_it_runs = put(settings, address="while@example.com")
    smtp.wait(2)
    assert process.poll() is None
    said = ended(process)
    assert [mail.to for mail in smtp.mails] == ["before@example.com", "while@example.com"]
    assert state_of(before) == state_of(while_it_runs) == "sent"
    assert "@" not in said


@pytest.mark.slow
def test_what_is_being_sent_is_finished_and_marked_before_the_end(
    settings: Settings, smtp: Server, worker: Worker
) -> None:
    process = worker(smtp_url=smtp.url)
    smtp.delay, smtp.once_kept = 2, lambda: process.send_signal(signal.SIGTERM)
    first, second = (put(settings, address=f"{name}@example.com") for name in ("first", "second"))
    process.wait(timeout=PATIENCE)
    assert process.returncode == 0
    assert {state_of(first), state_of(second)} in ({"sent", "queued"}, {"sent"}), (
        "two threads may have had one each"
    )
    assert len(smtp.mails) == [state_of(first), state_of(second)].count("sent")


@pytest.mark.slow
@pytest.mark.one_engine("postgresql", reason="SQLite is a file: it does not go away")
def test_a_worker_outlives_its_database(blank_database: str, smtp: Server) -> None:
    """It starts without a database, and goes on after all its connections were cut."""
    values = {
        "BACKOFFICE_ENV": "development",
        "DATABASE_URL": blank_database,
        "SECRET_KEY": "0123456789abcdef" * 4,
    }
    settings = Settings.from_environment(
        values | {"SMTP_URL": smtp.url, "BASE_URL": "http://127.0.0.1"}
    )
    app, url = create_app(settings), make_url(blank_database)
    server = url.set(database="postgres", drivername="postgresql").render_as_string(
        hide_password=False
    )
    with psycopg.connect(server, autocommit=True) as administrator, app.app_context():
        flask_migrate.upgrade()
        db.session.remove()
        db.engine.dispose()
        administrator.execute(f"ALTER DATABASE {url.database} RENAME TO away")
        process = start(settings)
        time.sleep(2)  # in which it looks for work some times
        assert process.poll() is None
        administrator.execute(f"ALTER DATABASE away RENAME TO {url.database}")
        put(settings)
        smtp.wait(1)
        administrator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [url.database],
        )
        put(settings)
        smtp.wait(2)
        ended(process)
        app.extensions["jobs"].huey.storage.close()
        db.session.remove()
        db.engine.dispose()


@pytest.mark.slow
@pytest.mark.one_engine("sqlite", reason="the processes are the same on both")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_server_and_worker_end_together(blank_database: str, number: signal.Signals) -> None:
    process, port = served(blank_database)
    try:
        assert answers(f"http://127.0.0.1:{port}/healthz")
        children = children_of(process.pid)
        assert len(children) == 2
        process.send_signal(number)
        assert process.wait(timeout=PATIENCE) == 0
        assert [child for child in children if alive(child)] == []
    finally:
        process.kill()


@pytest.mark.slow
@pytest.mark.one_engine("sqlite", reason="the processes are the same on both")
def test_where_one_of_the_two_fails_both_end_and_say_so(blank_database: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process, _ = served(blank_database, port=taken.getsockname()[1])
        try:
            assert process.wait(timeout=PATIENCE) != 0
        finally:
            process.kill()


def served(url: str, port: int = 0) -> tuple[subprocess.Popen[bytes], int]:
    """Run `flask backoffice serve` and yield its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = port or probe.getsockname()[1]
    values = {
        "BACKOFFICE_ENV": "development",
        "DATABASE_URL": url,
        "SECRET_KEY": "0123456789abcdef" * 4,
    }
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    command = [
        sys.executable,
        "-m",
        "flask",
        "--app",
        "app",
        "backoffice",
        "serve",
        "--bind",
        f"127.0.0.1:{port}",
    ]
    address = {"BASE_URL": f"http://127.0.0.1:{port}"}
    return subprocess.Popen(command, cwd=ROOT, env=kept | values | address), port


def children_of(number: int) -> list[int]:
    """Return the processes that a process has started."""
    listed = Path(f"/proc/{number}/task/{number}/children").read_text()
    return [int(child) for child in listed.split()]


def alive(number: int) -> bool:
    """Return whether the process is running."""
    return Path(f"/proc/{number}").exists()
