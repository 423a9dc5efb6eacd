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

from backoffice.jobs import schedule
from backoffice.queueing import Queue, storage
from backoffice.settings import Settings
from tests.support.patience import PATIENCE

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "flask", "--app", "app", "backoffice", "worker"]


def environment(settings: Settings) -> dict[str, str]:
    """Return the settings as environment variables."""
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
    """Start a worker with these settings, and return it once it has begun to work.

    In the environment `test` its queue would lie in its own memory.
    """
    told = environment(replace(settings, environment="development", **others))
    process = subprocess.Popen(COMMAND, cwd=ROOT, env=told, text=True, stdout=subprocess.PIPE)
    assert process.stdout
    said = list(takewhile(lambda line: "worker_started" not in line, process.stdout))
    assert process.poll() is None, said
    return process


def ended(process: subprocess.Popen[str]) -> str:
    """Tell the worker to end, check that it ends with 0, and return its output."""
    process.send_signal(signal.SIGTERM)
    try:
        said, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert process.returncode == 0, said
    return said


def killed(process: subprocess.Popen[str]) -> None:
    """Kill the worker, unless the test has done so."""
    process.kill()
    process.communicate(timeout=PATIENCE)


@contextmanager
def shared_queue(app: Flask) -> Iterator[Queue]:
    """Keep the queue beside the database, as outside tests.

    The app and the workers then find the same tasks.
    """
    settings, before = app.extensions["settings"], app.extensions["jobs"]
    queue = Queue(
        app,
        schedule(app),
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
