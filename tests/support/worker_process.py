"""The real worker as a process beside the test, on the test's database."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import fields, replace
from datetime import timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any

from flask import Flask
from huey.storage import MemoryStorage

from backoffice.jobs import SCHEDULE
from backoffice.queueing import Queue, storage
from backoffice.settings import Settings

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "flask", "--app", "app", "backoffice", "worker"]


def environment(settings: Settings) -> dict[str, str]:
    """The settings as a process reads them."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in {"PATH", "HOME", "LANG", "SSL_CERT_FILE"}
    }
    given = {spec.name: getattr(settings, spec.name) for spec in fields(Settings)}
    given["backoffice_env"] = given.pop("environment")
    return kept | {
        name.upper(): _written(value) for name, value in given.items() if value not in ("", ())
    }


def start(settings: Settings, **others: Any) -> subprocess.Popen[str]:
    """A worker with these settings, which has begun. In `test` its queue would lie in its own memory."""
    told = environment(replace(settings, environment="development", **others))
    process = subprocess.Popen(COMMAND, cwd=ROOT, env=told, text=True, stdout=subprocess.PIPE)
    assert process.stdout
    said = list(takewhile(lambda line: "worker_started" not in line, process.stdout))
    assert process.poll() is None, said
    return process


def ended(process: subprocess.Popen[str]) -> str:
    """Tell it to end; what it said until then. It ends by itself, with 0."""
    process.send_signal(signal.SIGTERM)
    try:
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, said
    return said


def killed(process: subprocess.Popen[str]) -> None:
    """End it without a word, if the test has not done so."""
    process.kill()
    process.communicate(timeout=60)


def keep_tasks_in_memory(app: Flask) -> None:
    """Whatever the environment: no test leaves a file, a table or a connection behind that it did not ask for."""
    app.extensions["jobs"] = Queue(app, SCHEDULE, {"storage_class": MemoryStorage})


@contextmanager
def shared_queue(app: Flask) -> Iterator[Queue]:
    """The app and workers find the same tasks: the queue is kept beside the database, as outside tests."""
    settings, before = app.extensions["settings"], app.extensions["jobs"]
    queue = Queue(
        app,
        SCHEDULE,
        storage(replace(settings, environment="development"), Path(app.instance_path)),
    )
    app.extensions["jobs"] = queue
    with closing(queue.huey.storage):
        yield queue
        queue.huey.flush()  # what nobody did is nobody's in the next test
    app.extensions["jobs"] = before


def _written(value: Any) -> str:
    if isinstance(value, timedelta):
        return str(int(value.total_seconds()))
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value)
