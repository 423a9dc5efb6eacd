"""The web server and a worker side by side: what `make run` starts."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

import click
from flask.cli import AppGroup

GUNICORN = (sys.executable, "-m", "gunicorn", "--threads", "8", "--log-level", "warning", "--no-control-socket")
WORKER = (sys.executable, "-m", "flask", "--app", "app", "backoffice", "worker")
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def add(group: AppGroup) -> None:
    group.command("serve")(serve)


@click.option("--bind", default="127.0.0.1:8000", show_default=True, help="Where the web server listens.")
def serve(bind: str) -> None:
    """Run the web server and one worker until SIGTERM or Ctrl-C; if one of them ends, so does the other.

    For the demo and for trying things out; in production each of the two is a service of its own.
    """
    if not os.environ.get("SECRET_KEY"):
        raise click.ClickException("Set SECRET_KEY: each of the two processes would make up a key of its own.")
    side_by_side([(*GUNICORN, "--bind", bind, "app:create_app()"), WORKER])


def side_by_side(commands: Sequence[Sequence[str]]) -> None:
    """Run the commands until a signal, or until one of them ends by itself: then its exit status is ours."""
    told: list[int] = []
    for number in ENDING:
        signal.signal(number, lambda number, _frame: told.append(number))
    running = [subprocess.Popen(command) for command in commands]  # noqa: S603  # our own commands
    while not told and all(process.poll() is None for process in running):
        time.sleep(0.1)
    first = next((process.returncode for process in running if process.returncode is not None), 0)
    for process in running:
        if process.poll() is None:
            process.terminate()
    for process in running:
        process.wait()
    sys.exit(0 if told else first or 1)
