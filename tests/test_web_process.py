"""The product's own web server as a process.

Slow clients do not delay the others, and the server ends cleanly.
"""

import http.client
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text

from backoffice.extensions import db
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle
from backoffice.testing.stage import Stage
from tests.support.patience import PATIENCE
from tests.support.worker_process import environment
from tests.test_process import ROOT, answers

SLOW_BODY = b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nidentifier="
HALF_A_HEADER = b"GET /sign-in HTTP/1.1\r\nHost: 127.0"


@dataclass
class Web:
    """The process, and how to send requests to it."""

    process: subprocess.Popen[bytes]
    port: int

    def asked(self, path: str) -> int:
        """Send a GET, and return the status of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
        return status

    def opened(self, begun: bytes) -> socket.socket:
        """Open a connection, send these bytes, and return the connection."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        connection.sendall(begun)
        return connection


# Nothing ends within a test that does not shorten it.
LONG = {"SLOW_CLIENT_TIMEOUT": "600", "DATABASE_LOCK_TIMEOUT": "60"}
OWN = ("flask", "--app", "app", "backoffice", "web")
GUNICORN = (
    "gunicorn",
    "--no-control-socket",
    "--threads",
    "3",
    "--worker-class",
    "backoffice.gunicorn_worker.Worker",
)


@pytest.fixture
def web(stage: Stage, cast: Cast, request: pytest.FixtureRequest) -> Iterator[Web]:
    """Start the server, or the one of an `indirect` parameter.

    The mark `slow_clients` sets after how many seconds it closes their connections.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = getattr(request, "param", OWN)
    if arguments is GUNICORN:
        arguments = (*arguments, "--bind", f"127.0.0.1:{port}", "app:create_app()")
    settings = replace(
        stage.settings, environment="development", base_url=f"http://127.0.0.1:{port}"
    )
    told = environment(settings) | LONG
    if marker := request.node.get_closest_marker("slow_clients"):
        told["SLOW_CLIENT_TIMEOUT"] = str(marker.args[0])
    process = subprocess.Popen([sys.executable, "-m", *arguments], cwd=ROOT, env=told)
    settle()
    try:
        assert answers(f"http://127.0.0.1:{port}/healthz")
        yield Web(process, port)
    finally:
        process.kill()
        process.wait()


BROKEN = (b"GARBAGE", b"GET  /x HTTP/1.1", b"GET /sign-in HTTP/1.1\r\nno colon")


@pytest.mark.one_engine("sqlite", reason="the process is the same on both")
def test_what_is_no_request_is_answered_with_400(web: Web) -> None:
    for head in BROKEN:
        with web.opened(head + b"\r\n\r\n") as connection:
            assert connection.recv(100).split()[1] == b"400", head
    assert web.asked("/healthz") == 200


@pytest.mark.slow
@pytest.mark.one_engine("sqlite", reason="the process is the same on both")
def test_slow_clients_cost_the_others_nothing(web: Web) -> None:
    with ExitStack() as stack:
        slow = opened_slowly(web, stack)
        for _ in range(3):
            for path in ("/sign-in", "/healthz", "/readyz"):
                assert web.asked(path) == 200
        assert unanswered(slow) == len(slow), "none of them had to end first"


@pytest.mark.slow
@pytest.mark.slow_clients(1)
@pytest.mark.one_engine("sqlite", reason="the process is the same on both")
def test_a_byte_now_and_then_does_not_keep_a_connection(web: Web) -> None:
    with ExitStack() as stack:
        slow = opened_slowly(web, stack)
        wait_until(lambda: dripping(slow) == 0)
        assert dripping(slow) == 0
    assert web.asked("/healthz") == 200


def opened_slowly(web: Web, stack: ExitStack) -> list[socket.socket]:
    """Open connections that never send a whole request."""
    begun = [SLOW_BODY] * 12 + [HALF_A_HEADER] * 16 + [b""] * 100
    return [stack.enter_context(web.opened(each)) for each in begun]


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


def unanswered(connections: list[socket.socket]) -> int:
    """Return how many of them are open and have got nothing yet."""
    there = 0
    for connection in connections:
        connection.setblocking(False)
        try:
            connection.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            there += 1
        connection.settimeout(PATIENCE)
    return there


def dripping(slow: list[socket.socket]) -> int:
    """Send a byte on each connection, and return how many of them the server keeps open."""
    there = 0
    for connection in slow:
        try:
            connection.setblocking(False)
            connection.send(b"x")
            there += connection.recv(1) != b""
        except BlockingIOError:
            there += 1
        except OSError:
            pass
    return there


@pytest.mark.slow
@pytest.mark.one_engine(
    "sqlite", reason="a writer there keeps all others waiting, and the process is the same"
)
@pytest.mark.parametrize("web", [OWN, GUNICORN], indirect=True, ids=["own", "gunicorn"])
def test_health_answers_while_every_thread_waits_and_sigterm_lets_them_finish(
    web: Web, stage: Stage
) -> None:
    token, cookie = form(web)
    body = f"csrf_token={token}&identifier=max%40example.com&password=wrong"
    head = (
        f"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\n"
        f"Cookie: {cookie}\r\nConnection: close\r\n"
    )
    head += (
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with ExitStack() as stack:
        with stage.app.app_context(), db.engine.connect() as writer:
            writer.execute(
                text("UPDATE users SET version = version")
            )  # and holds the lock of all writers
            waiting = [stack.enter_context(web.opened((head + body).encode())) for _ in range(10)]
            # Connections are taken in their order: after these, those above were taken and read.
            for path in ("/healthz", "/readyz"):
                wait_until(partial(lambda path: web.asked(path) == 200, path))
            assert unanswered(waiting) == len(waiting), "all threads still wait"
            web.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)  # the answers are the same if it has not arrived by then
            writer.rollback()
        statuses = [connection.recv(100) for connection in waiting]
    assert web.process.wait(timeout=PATIENCE) == 0
    assert all(
        line.startswith((b"HTTP/1.1 422", b"HTTP/1.1 429", b"HTTP/1.1 503")) for line in statuses
    ), statuses
    assert any(line.startswith(b"HTTP/1.1 422") for line in statuses)


def form(web: Web) -> tuple[str, str]:
    """Return the CSRF token of the sign-in page and its cookie."""
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=PATIENCE)
    connection.request("GET", "/sign-in")
    answer = connection.getresponse()
    page = answer.read().decode()
    connection.close()
    cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
    return page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0], cookie


@pytest.mark.one_engine("sqlite", reason="nothing is asked of a database")
@pytest.mark.parametrize(
    "base_url, bind, fits",
    [
        ("http://127.0.0.1:8123", "127.0.0.1:8123", True),
        ("http://127.0.0.1:8123", "0.0.0.0:8123", True),
        ("http://localhost:8123", "127.0.0.1:8123", True),
        ("http://office.example:8123", "192.0.2.1:8123", True),
        ("http://127.0.0.1:8123", "127.0.0.1:8124", False),
        ("http://office.example:8123", "127.0.0.1:8123", False),
        ("http://127.0.0.1:8123", "192.0.2.1:8123", False),
        ("http://127.0.0.1:8123", "8123", False),
        ("https://admin.example.com", "127.0.0.1:8000", True),
    ],
)
def test_where_it_listens_and_the_base_url_agree(
    app_with: Any, monkeypatch: pytest.MonkeyPatch, base_url: str, bind: str, fits: bool
) -> None:
    heard: list[str] = []
    monkeypatch.setattr(
        "backoffice.serving.serve", lambda _app, where, _settings: heard.append(where)
    )
    result = (
        app_with(base_url=base_url)
        .test_cli_runner()
        .invoke(args=["backoffice", "web", "--bind", bind])
    )
    assert (result.exit_code == 0) is fits
    assert heard == ([bind] if fits else [])
    assert fits or base_url in result.output or "is no address and port" in result.output


@pytest.mark.one_engine("sqlite", reason="nothing is asked of a database")
def test_by_default_it_listens_where_the_base_url_points(
    app_with: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    monkeypatch.setattr(
        "backoffice.serving.serve", lambda _app, where, _settings: heard.append(where)
    )
    app_with(base_url="http://127.0.0.1:8123").test_cli_runner().invoke(args=["backoffice", "web"])
    app_with(base_url="https://admin.example.com").test_cli_runner().invoke(
        args=["backoffice", "web"]
    )
    assert heard == ["127.0.0.1:8123", "127.0.0.1:8000"]
