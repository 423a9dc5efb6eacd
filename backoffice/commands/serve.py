"""Run the web server and a worker side by side, which is what `make run` starts."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

import click
from flask import current_app
from flask.cli import AppGroup
from flask_babel import gettext as _

from backoffice import serving, signals
from backoffice.settings import configured
from backoffice.urls import LOOPBACK, USUAL_PORTS

FLASK = (sys.executable, "-m", "flask", "--app", "app", "backoffice")
KILLED_AFTER = 15  # seconds, beyond the time that either process has to finish what it is doing
BIND = click.option(
    "--bind", default="", help="Where it listens. By default on 127.0.0.1 at the port of BASE_URL."
)


def add(group: AppGroup) -> None:
    group.command("serve")(serve)
    group.command("web")(web)


@BIND
def serve(bind: str) -> None:
    """Run the web server and one worker until SIGTERM or Ctrl-C;
    if one of them ends, so does the other.

    For the demo and for small installations; elsewhere each of the two is a service of its own.
    """
    if not os.environ.get("SECRET_KEY"):
        raise click.ClickException(
            _("Set SECRET_KEY: each of the two processes would make up a key of its own.")
        )
    where = _reachable(bind)
    side_by_side([(*FLASK, "web", "--bind", where), (*FLASK, "worker")])


@BIND
def web(bind: str) -> None:
    """Run the web server alone until SIGTERM or Ctrl-C; what has begun is finished first.

    It reads slow requests and sends slow answers without keeping a thread, so it needs no proxy for
    that.
    """
    where = _reachable(bind)
    settings = configured()
    try:
        serving.serve(current_app.wsgi_app, where, settings)
    except OSError as error:
        text = _("Nobody can listen at %(where)s: %(error)s.", where=where, error=error.strerror)
        raise click.ClickException(text) from None


def side_by_side(commands: Sequence[Sequence[str]]) -> None:
    """Run the commands until a signal comes, or until one of them ends by itself.

    Exit with 0 after a signal, and otherwise with the status of the command that ended, or with 1
    if that is 0.
    """
    arrived = signals.collected()
    processes = [subprocess.Popen(command) for command in commands]  # noqa: S603  # our own commands
    while not arrived and all(process.poll() is None for process in processes):
        time.sleep(0.1)
    ended = [process.returncode for process in processes if process.returncode is not None]
    _end(processes)
    if arrived:
        sys.exit(0)
    sys.exit(ended[0] or 1)


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Let the processes finish what they are doing, and kill those that take too long."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    patience = configured().shutdown_timeout.total_seconds() + KILLED_AFTER
    for process in processes:
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()


def _reachable(bind: str) -> str:
    """Return the address to listen at, and refuse one that requests to BASE_URL never reach."""
    settings = configured()
    url = urlsplit(settings.base_url)
    port = url.port or USUAL_PORTS[url.scheme]
    # With https, a proxy stands in front, and only the proxy has to reach us.
    is_behind_proxy = url.scheme == "https"
    if not bind:
        return "127.0.0.1:8000" if is_behind_proxy else f"127.0.0.1:{port}"
    host, own_port = _host_and_port(bind)
    if is_behind_proxy:
        return bind
    if own_port != port or not _listens(host.strip("[]"), url.hostname or ""):
        text = _(
            "BASE_URL is %(base_url)s, which does not arrive at %(bind)s: "
            "every request would be refused. "
            "Set BASE_URL to the address that people open there, or leave out --bind.",
            base_url=settings.base_url,
            bind=bind,
        )
        raise click.ClickException(text)
    return bind


def _host_and_port(bind: str) -> tuple[str, int]:
    host, _colon, port = bind.rpartition(":")
    is_number = port.isascii() and port.isdigit()
    if not host or not is_number or not 0 < int(port) < 2**16:
        text = _("%(bind)s is no address and port, such as 127.0.0.1:8000.", bind=bind)
        raise click.ClickException(text)
    return host, int(port)


def _listens(host: str, asked: str) -> bool:
    """Return whether a server that listens at `host` is reached under the name `asked`.

    A name may mean any address except that of this machine itself.
    """
    if host in ("0.0.0.0", "::", "*"):  # noqa: S104  # somebody else's choice, which is only looked at
        return True
    if host in LOOPBACK or asked in LOOPBACK:
        return host in LOOPBACK and asked in LOOPBACK
    try:
        return ip_address(host) == ip_address(asked)
    except ValueError:
        return True
