"""Show what others see while clients are slow and databases, disks and mail servers fail.

`make starved` or `python -m benchmarks.starved` asks for a list meanwhile. All of it happens on
127.0.0.1, takes minutes and ends by itself.
"""

import argparse
import http.client
import os
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import psutil
import psycopg

from benchmarks import data, postgres
from benchmarks.starving import People, drip, prepared

ROOT = Path(__file__).parent.parent
LIST = "/admin/users/"
EXPORT = "/admin/users/export.csv"
ASKED = (LIST, "/healthz", "/readyz")
PAUSE = 0.1  # seconds between two requests
PATIENCE = 30  # seconds to wait for an answer
FILE_LIMIT = 256 * 1024  # bytes; SQLite's log cannot grow beyond, as on a full disk
Told = Counter[int]  # the statuses that the others were answered with; 0 is no answer
Trouble = Callable[["Product"], AbstractContextManager[Told]]
SLOW_BODY = (
    b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 1000\r\n\r\nidentifier="
)
HALF_A_HEADER = b"GET /sign-in HTTP/1.1\r\nHost: 127.0"


@dataclass
class Seen:
    """The seconds and statuses of the answers to one request that is repeated."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def __str__(self) -> str:
        if not self.seconds:
            return "no answer"
        median = statistics.median(self.seconds) * 1000
        worst = max(self.seconds) * 1000
        return f"{median:,.0f} / {worst:,.0f} ms ({_counts(self.statuses)})"


def _counts(statuses: Told) -> str:
    return ", ".join(
        f"{number} x {status or 'none'}" for status, number in sorted(statuses.items())
    )


@dataclass
class Product:
    """The running server, and the people who are signed in."""

    port: int
    people: People
    process: subprocess.Popen[bytes]

    def ask(self, path: str, *, who: int = 0) -> int:
        """Ask for a page as one of the people, and return the status; 0 without an answer."""
        headers = {"Cookie": f"backoffice={self.people.cookies[who]}"}
        with suppress(OSError, http.client.HTTPException):
            connection = self._connection()
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            connection.close()
            return answer.status
        return 0

    def sign_in(self, who: int) -> int:
        """Try to sign in with the right password, and return the status; 0 without an answer."""
        token, cookie = self.people.form
        fields = {
            "csrf_token": token,
            "identifier": self.people.addresses[who],
            "password": data.PASSWORD,
        }
        headers = {
            "Cookie": f"backoffice={cookie}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        with suppress(OSError, http.client.HTTPException):
            connection = self._connection()
            connection.request("POST", "/sign-in", urlencode(fields), headers)
            return connection.getresponse().status
        return 0

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def meanwhile(self, seconds: float) -> dict[str, Seen]:
        """Ask for the list and for the health again and again, for so many seconds."""
        seen = {path: Seen() for path in ASKED}
        end = time.monotonic() + seconds

        def watch(path: str) -> None:
            while time.monotonic() < end:
                begun = time.monotonic()
                status = self.ask(path)
                seen[path].seconds.append(time.monotonic() - begun)
                seen[path].statuses[status] += 1
                time.sleep(PAUSE)

        watchers = [threading.Thread(target=watch, args=[path]) for path in ASKED]
        for watcher in watchers:
            watcher.start()
        for watcher in watchers:
            watcher.join()
        return seen


def main() -> None:
    """Run the troubles one after the other and print a line for each."""
    options = _options()
    print("| meanwhile | list: median / worst | /healthz | /readyz | what the others were told |")
    print("|---|---|---|---|---|", flush=True)
    _on_postgresql(options.people, options.seconds)
    _on_a_full_disk(options.people // 10, options.seconds)


def _on_postgresql(number: int, seconds: float) -> None:
    with postgres.running() as server:
        url = server.copy("template1", "starved").replace("postgresql:", "postgresql+psycopg:")
        people = prepared(url, number)
        with running(url, people) as product:
            for name, trouble in _troubles(url).items():
                _report(name, product, trouble, seconds)


def _troubles(url: str) -> dict[str, Trouble]:
    """Return the troubles by the names that the table shows."""
    return {
        "nothing": _nothing,
        "40 slow bodies": partial(_slow, begun=SLOW_BODY, number=40),
        "60 half-sent headers": partial(_slow, begun=HALF_A_HEADER, number=60),
        "10 readers who do not read": _silent_readers,
        "50 exports": partial(_crowd, number=50, act=_export),
        "200 sign-ins": partial(_crowd, number=200, act=_sign_in),
        "a lock that somebody holds": partial(_held_lock, url=url),
        "a database that hangs (SIGSTOP)": partial(_stopped, url=url),
        "a mail server that is dead": partial(_mail, url=url, drips=False),
        "a mail server that drips": partial(_mail, url=url, drips=True),
    }


def _on_a_full_disk(number: int, seconds: float) -> None:
    with tempfile.TemporaryDirectory(prefix="backoffice-starved-") as folder:
        url = f"sqlite:///{folder}/people.sqlite3"
        people = prepared(url, number)
        with running(url, people, preexec_fn=_full_disk) as product:
            _report("a full disk (SQLite)", product, _writers, seconds)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make starved", description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=8, help="for each trouble")
    return parser.parse_args()


def _report(name: str, product: Product, trouble: Trouble, seconds: float) -> None:
    """Print the line of one trouble."""
    with trouble(product) as told:
        seen = product.meanwhile(seconds)
    cells = [name, seen[LIST], seen["/healthz"], seen["/readyz"], _counts(told)]
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


@contextmanager
def running(url: str, people: People, **options: object) -> Iterator[Product]:
    """Start the product with its own server, wait for an answer, and stop it after the block."""
    port = _free_port()
    environment = _environment(url, port)
    process = subprocess.Popen(
        _flask("web"), cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, **options
    )  # type: ignore[call-overload]  # what it takes
    product = Product(port, people, process)
    try:
        end = time.monotonic() + PATIENCE
        while product.ask("/healthz") != 200 and time.monotonic() < end:
            time.sleep(0.1)
        people.form = people.sign_in_form(port)
        yield product
    finally:
        _end("server", process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end(name: str, process: subprocess.Popen[bytes]) -> None:
    """Ask the process to end, and print how long that took."""
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    status = process.wait(60)
    seconds = time.monotonic() - begun
    print(f"The {name} ended {seconds:.1f} s after SIGTERM, with {status}.", file=sys.stderr)


def _flask(command: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "flask", "--app", "app", "backoffice", command)


def _environment(url: str, port: int, **others: str) -> dict[str, str]:
    configured = data.settings(url, port)
    own = {
        "BACKOFFICE_ENV": "development",
        "DATABASE_URL": url,
        "SECRET_KEY": configured.secret_key,
        "BASE_URL": configured.base_url,
    }
    return os.environ | own | others


@contextmanager
def _nothing(_product: Product) -> Iterator[Told]:
    yield Counter()


@contextmanager
def _slow(product: Product, *, begun: bytes, number: int) -> Iterator[Told]:
    """Open connections that have sent the beginning of a request and send nothing more."""
    with ExitStack() as stack:
        for _ in range(number):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", product.port)))
            connection.sendall(begun % product.port if b"%d" in begun else begun)
        yield Counter()


@contextmanager
def _silent_readers(product: Product) -> Iterator[Told]:
    """Ask for exports and read nothing of them."""
    with ExitStack() as stack:
        for who in range(10):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", product.port)))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            lines = [
                f"GET {EXPORT} HTTP/1.1",
                f"Host: 127.0.0.1:{product.port}",
                f"Cookie: backoffice={product.people.cookies[who]}",
            ]
            connection.sendall("\r\n".join([*lines, "", ""]).encode())
        yield Counter()


def _export(product: Product, who: int) -> int:
    return product.ask(EXPORT, who=who)


def _sign_in(product: Product, number: int) -> int:
    return product.sign_in(number % 50)


@contextmanager
def _crowd(product: Product, *, number: int, act: Callable[[Product, int], int]) -> Iterator[Told]:
    """Let `number` clients act at once, each one time."""
    told: Told = Counter()

    def run(who: int) -> None:
        told.update([act(product, who)])

    threads = [threading.Thread(target=run, args=[who]) for who in range(number)]
    for thread in threads:
        thread.start()
    yield told
    for thread in threads:
        thread.join()


@contextmanager
def _held_lock(product: Product, *, url: str) -> Iterator[Told]:
    """Hold the lock that every sign-in needs, while 20 people sign in."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("LOCK TABLE sign_in_attempts IN ACCESS EXCLUSIVE MODE")
        with _crowd(product, number=20, act=_sign_in) as told:
            yield told


@contextmanager
def _stopped(_product: Product, *, url: str) -> Iterator[Told]:
    """Suspend every process of the database server."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        (folder,) = connection.execute("SHOW data_directory").fetchone() or ("",)
    pid_file = Path(folder) / "postmaster.pid"
    first = psutil.Process(int(pid_file.read_text().split()[0]))
    processes = [first, *first.children(recursive=True)]
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.suspend()
    try:
        yield Counter()
    finally:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.resume()


@contextmanager
def _mail(product: Product, *, url: str, drips: bool) -> Iterator[Told]:
    """Run a worker that has mails to send, and end it while it tries.

    The mail server `drips` a greeting without end, or nothing listens at its port at all.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        if drips:
            threading.Thread(target=drip, args=[listener], daemon=True).start()
        else:
            listener.close()
        product.people.write_mails(url, 20)
        server = f"smtp+plain://127.0.0.1:{port}"
        environment = _environment(url, product.port, SMTP_URL=server)
        command = _flask("worker")
        worker = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        try:
            yield Counter()
        finally:
            _end("worker", worker)


def _full_disk() -> None:
    """Limit the size of files; this runs in the server's process before the server."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_LIMIT, FILE_LIMIT))


@contextmanager
def _writers(product: Product) -> Iterator[Told]:
    """Let ten people sign in again and again, until nothing more can be written."""
    told: Told = Counter()
    over = threading.Event()

    def write(who: int) -> None:
        while not over.is_set():
            told.update([product.sign_in(who)])

    threads = [threading.Thread(target=write, args=[who]) for who in range(10)]
    for thread in threads:
        thread.start()
    yield told
    over.set()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
