"""What others see meanwhile: a list is asked for while clients are slow and databases, disks and mail servers fail.

`make starved` or `python -m benchmarks.starved`; all of it happens on 127.0.0.1, takes minutes and ends by itself.
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
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import psutil
import psycopg

from benchmarks import data, postgres
from benchmarks.starving import People, drip, prepared

ROOT = Path(__file__).parent.parent
LIST, EXPORT = "/admin/users/", "/admin/users/export.csv"
ASKED = (LIST, "/healthz", "/readyz")
PAUSE = 0.1  # seconds between two questions
FILE_LIMIT = 256 * 1024  # bytes; SQLite's log cannot grow beyond, as on a full disk
SLOW_BODY = (
    b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 1000\r\n\r\nidentifier="
)
HALF_A_HEADER = b"GET /sign-in HTTP/1.1\r\nHost: 127.0"


@dataclass
class Seen:
    """The answers to one question asked again and again: seconds and statuses."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def __str__(self) -> str:
        if not self.seconds:
            return "no answer"
        median, worst = statistics.median(self.seconds) * 1000, max(self.seconds) * 1000
        said = ", ".join(
            f"{number} x {status or 'none'}" for status, number in sorted(self.statuses.items())
        )
        return f"{median:,.0f} / {worst:,.0f} ms ({said})"


@dataclass
class Product:
    """The running server, and who is signed in."""

    port: int
    people: People
    process: subprocess.Popen[bytes]

    def ask(
        self, path: str, *, who: int = 0, body: dict[str, str] | None = None, read: bool = True
    ) -> int:
        """The status of the answer to one request; 0 where there is none within 30 s."""
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            headers = {"Cookie": f"backoffice={self.people.cookies[who]}"}
            if body is not None:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request(
                "GET" if body is None else "POST", path, urlencode(body) if body else None, headers
            )
            answer = connection.getresponse()
            if read:
                answer.read()
            connection.close()
            return answer.status
        return 0

    def sign_in(self, who: int) -> int:
        """One try with the right password."""
        token, cookie = self.people.form
        fields = {
            "csrf_token": token,
            "identifier": self.people.addresses[who],
            "password": data.PASSWORD,
        }
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            headers = {
                "Cookie": f"backoffice={cookie}",
                "Content-Type": "application/x-www-form-urlencoded",
            }
            connection.request("POST", "/sign-in", urlencode(fields), headers)
            return connection.getresponse().status
        return 0

    def meanwhile(self, seconds: float) -> dict[str, Seen]:
        """Ask for the list and for the health, each again and again, for so long."""
        found = {path: Seen() for path in ASKED}
        end = time.monotonic() + seconds

        def watch(path: str) -> None:
            while time.monotonic() < end:
                begun = time.monotonic()
                status = self.ask(path)
                found[path].seconds.append(time.monotonic() - begun)
                found[path].statuses[status] += 1
                time.sleep(PAUSE)

        watchers = [threading.Thread(target=watch, args=[path]) for path in ASKED]
        for watcher in watchers:
            watcher.start()
        for watcher in watchers:
            watcher.join()
        return found


def main() -> None:
    """Run the troubles one after the other and print a line for each."""
    options = _options()
    print("| meanwhile | list: median / worst | /healthz | /readyz | what the others were told |")
    print("|---|---|---|---|---|", flush=True)
    with postgres.running() as server:
        url = server.copy("template1", "starved").replace("postgresql:", "postgresql+psycopg:")
        people = prepared(url, options.people)
        with running(url, people) as product:
            troubles: dict[str, Callable[[Product], object]] = {
                "nothing": lambda _product: _nothing(),
                "40 slow bodies": partial(_slow, begun=SLOW_BODY, number=40),
                "60 half-sent headers": partial(_slow, begun=HALF_A_HEADER, number=60),
                "10 readers who do not read": _silent_readers,
                "50 exports": partial(_crowd, number=50, act=lambda p, n: p.ask(EXPORT, who=n)),
                "200 sign-ins": partial(_crowd, number=200, act=lambda p, n: p.sign_in(n % 50)),
                "a lock that somebody holds": partial(_held_lock, url=url),
                "a database that hangs (SIGSTOP)": partial(_stopped, url=url),
                "a mail server that is dead": partial(_mail, url=url, drips=False),
                "a mail server that drips": partial(_mail, url=url, drips=True),
            }
            for name, trouble in troubles.items():
                _report(name, product, trouble, options.seconds)
    with tempfile.TemporaryDirectory(prefix="backoffice-starved-") as folder:
        url = f"sqlite:///{folder}/people.sqlite3"
        people = prepared(url, options.people // 10)
        with running(url, people, preexec_fn=_full_disk) as product:
            _report("a full disk (SQLite)", product, _writers, options.seconds)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make starved", description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=8, help="for each trouble")
    return parser.parse_args()


def _report(
    name: str, product: Product, trouble: Callable[[Product], object], seconds: float
) -> None:
    with trouble(product) as told:  # type: ignore[attr-defined]  # each is a context manager
        found = product.meanwhile(seconds)
    said = ", ".join(f"{number} x {status or 'none'}" for status, number in sorted(told.items()))
    print(
        f"| {name} | {found[LIST]} | {found['/healthz']} | {found['/readyz']} | {said} |",
        flush=True,
    )


@contextmanager
def running(url: str, people: People, **options: object) -> Iterator[Product]:
    """The product with its own server, answering, until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command, told = _flask("web"), _environment(url, port)
    process = subprocess.Popen(command, cwd=ROOT, env=told, stdout=subprocess.DEVNULL, **options)  # type: ignore[call-overload]  # what it takes
    product = Product(port, people, process)
    try:
        end = time.monotonic() + 30
        while product.ask("/healthz") != 200 and time.monotonic() < end:
            time.sleep(0.1)
        people.form = people.sign_in_form(port)
        yield product
    finally:
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        status = process.wait(60)
        print(
            f"The server ended {time.monotonic() - begun:.1f} s after SIGTERM, with {status}.",
            file=sys.stderr,
        )


def _flask(command: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "flask", "--app", "app", "backoffice", command)


def _environment(url: str, port: int, **others: str) -> dict[str, str]:
    configured = data.settings(url, port)
    told = {
        "BACKOFFICE_ENV": "development",
        "DATABASE_URL": url,
        "SECRET_KEY": configured.secret_key,
    }
    return os.environ | told | {"BASE_URL": configured.base_url} | others


@contextmanager
def _nothing() -> Iterator[Counter[int]]:
    yield Counter()


@contextmanager
def _slow(product: Product, *, begun: bytes, number: int) -> Iterator[Counter[int]]:
    """Clients that have sent half of what they want, and a byte every second."""
    with ExitStack() as stack:
        for _ in range(number):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", product.port)))
            connection.sendall(begun % product.port if b"%d" in begun else begun)
        yield Counter()


@contextmanager
def _silent_readers(product: Product) -> Iterator[Counter[int]]:
    """They ask for an export and read nothing of it."""
    with ExitStack() as stack:
        for who in range(10):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", product.port)))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            head = f"GET {EXPORT} HTTP/1.1\r\nHost: 127.0.0.1:{product.port}\r\n"
            connection.sendall(
                f"{head}Cookie: backoffice={product.people.cookies[who]}\r\n\r\n".encode()
            )
        yield Counter()


@contextmanager
def _crowd(
    product: Product, *, number: int, act: Callable[[Product, int], int]
) -> Iterator[Counter[int]]:
    """So many at once, each once."""
    told: Counter[int] = Counter()
    threads = [
        threading.Thread(target=lambda n=n: told.update([act(product, n)])) for n in range(number)
    ]
    for thread in threads:
        thread.start()
    yield told
    for thread in threads:
        thread.join()


@contextmanager
def _held_lock(product: Product, *, url: str) -> Iterator[Counter[int]]:
    """Somebody holds what every sign-in wants, and 20 people sign in."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("LOCK TABLE sign_in_attempts IN ACCESS EXCLUSIVE MODE")
        with _crowd(product, number=20, act=lambda p, n: p.sign_in(n)) as told:
            yield told


@contextmanager
def _stopped(_product: Product, *, url: str) -> Iterator[Counter[int]]:
    """Every process of the database server stands still."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        (folder,) = connection.execute("SHOW data_directory").fetchone() or ("",)
    first = psutil.Process(int((Path(folder) / "postmaster.pid").read_text().split()[0]))
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
def _mail(product: Product, *, url: str, drips: bool) -> Iterator[Counter[int]]:
    """A worker has mails to send; it is told to end in the middle of it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        if drips:
            threading.Thread(target=drip, args=[listener], daemon=True).start()
        else:
            listener.close()
        product.people.write_mails(url, 20)
        told = _environment(url, product.port, SMTP_URL=f"smtp+plain://127.0.0.1:{port}")
        worker = subprocess.Popen(_flask("worker"), cwd=ROOT, env=told, stdout=subprocess.DEVNULL)
        try:
            yield Counter()
        finally:
            begun = time.monotonic()
            worker.send_signal(signal.SIGTERM)
            status = worker.wait(60)
            print(
                f"The worker ended {time.monotonic() - begun:.1f} s after SIGTERM, with {status}.",
                file=sys.stderr,
            )


def _full_disk() -> None:
    """In the server, before it begins."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_LIMIT, FILE_LIMIT))


@contextmanager
def _writers(product: Product) -> Iterator[Counter[int]]:
    """Ten people sign in again and again, until nothing more can be written."""
    told: Counter[int] = Counter()
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
