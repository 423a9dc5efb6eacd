"""The web server and a worker side by side: what `make run` starts."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

import click
from flask import current_app
from flask.cli import AppGroup

from backoffice import serving
from backoffice.extensions import configured
from backoffice.settings import Settings

FLASK = (sys.executable, "-m", "flask", "--app", "app", "backoffice")
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
HERE = ("localhost", "127.0.0.1", "::1")
KILLED_AFTER = 15  # seconds on top of what either of the two may take to finish what it is doing
PORTS = {"http": 80, "https": 443}
BIND = click.option(
    "--bind", default="", help="Where it listens. By default on 127.0.0.1 at the port of BASE_URL."
)


def add(group: AppGroup) -> None:
    group.command("serve")(serve)
    group.command("web")(web)


@BIND
def serve(bind: str) -> None:
    """Run the web server and one worker until SIGTERM or Ctrl-C; if one of them ends, so does the other.

    For the demo and for small installations; elsewhere each of the two is a service of its own.
    """
    if not os.environ.get("SECRET_KEY"):
        raise click.ClickException(
            "Set SECRET_KEY: each of the two processes would make up a key of its own."
        )
    where = _reachable(bind)
    side_by_side([(*FLASK, "web", "--bind", where), (*FLASK, "worker")])


@BIND
def web(bind: str) -> None:
    """Run the web server alone until SIGTERM or Ctrl-C; what has begun is finished first.

    It reads slow requests and sends slow answers without keeping a thread, so it needs no proxy for that.
    """
    where, settings = _reachable(bind), current_app.extensions["settings"]
    try:
        serving.serve(current_app.wsgi_app, where, settings)
    except OSError as error:
        raise click.ClickException(f"Nobody can listen at {where}: {error.strerror}.") from None


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
    patience = configured().shutdown_timeout.total_seconds() + KILLED_AFTER
    for process in running:
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
    sys.exit(0 if told else first or 1)


def _reachable(bind: str) -> str:
    """The address to listen at. Refuses one at which BASE_URL would never arrive."""
    settings: Settings = current_app.extensions["settings"]
    url = urlsplit(settings.base_url)
    port = url.port or PORTS[url.scheme]
    if not bind:
        return f"127.0.0.1:{port if url.scheme == 'http' else 8000}"
    host, _, own = bind.rpartition(":")
    if not (host and own.isascii() and own.isdigit() and 0 < int(own) < 2**16):
        raise click.ClickException(f"{bind} is no address and port, such as 127.0.0.1:8000.")
    if url.scheme == "https":  # a proxy stands in front, and only it has to reach us
        return bind
    if int(own) != port or not _listens(host.strip("[]"), url.hostname or ""):
        raise click.ClickException(
            f"BASE_URL is {settings.base_url}, which does not arrive at {bind}: every request would be refused. "
            f"Set BASE_URL to the address that people open there, or leave out --bind."
        )
    return bind


def _listens(host: str, asked: str) -> bool:
    """Whether who listens at `host` can be asked for as `asked`; a name may mean any address but that of oneself."""
    if host in ("0.0.0.0", "::", "*"):  # noqa: S104  # somebody else's choice, which is only looked at
        return True
    if host in HERE or asked in HERE:
        return host in HERE and asked in HERE
    try:
        return ip_address(host) == ip_address(asked)
    except ValueError:
        return True
