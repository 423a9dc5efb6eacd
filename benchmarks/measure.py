"""Times sequential requests in interleaved rounds: one application under load at a time, medians and spread."""

import gzip
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles

import psycopg

from benchmarks.client import Client
from benchmarks.data import INVITED
from benchmarks.peer import Rows
from benchmarks.servers import Application

PAGES = ("first", "middle", "filter", "sort", "search", "edit", "pick")
ROUND = 15  # requests of one kind to one application in a round
SLOW = 0.3  # seconds; an answer that takes longer is asked for less often
CONNECTIONS = 8
TICKED = 50


@dataclass
class Timing:
    """Milliseconds of one measure of one application."""

    seen: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return median(self.seen)

    @property
    def spread(self) -> float:
        """Half of what lies between the quartiles."""
        if len(self.seen) < 4:
            return (max(self.seen) - min(self.seen)) / 2
        low, _, high = quantiles(self.seen, n=4)
        return (high - low) / 2


Results = dict[str, dict[str, Timing]]


def timed(action: Callable[[], object]) -> float:
    """Milliseconds that the action takes."""
    begun = time.perf_counter()
    action()
    return (time.perf_counter() - begun) * 1000


def pages(apps: Sequence[Application], rows: Rows, rounds: int) -> Results:
    """Every page of every application; both workers of each are warm."""
    found: Results = {}
    for app in apps:
        for measure in PAGES:
            if measure in app.peer.paths:
                for _ in range(6):
                    app.client.get(app.peer.path(measure, rows))
    for _ in range(rounds):
        for measure in PAGES:
            for app in apps:
                if measure in app.peer.paths:
                    path = app.peer.path(measure, rows)
                    timing = found.setdefault(measure, {}).setdefault(app.peer.name, Timing())
                    timing.seen += _round(app.client, path)
    return found


def _round(client: Client, path: str) -> Iterator[float]:
    begun = time.perf_counter()
    for _ in range(ROUND):
        yield timed(lambda: client.get(path))
        if time.perf_counter() - begun > SLOW * ROUND:
            return


def ticked(apps: Sequence[Application], rows: Rows, rounds: int) -> dict[str, Timing]:
    """Blocking fifty people who were ticked; each time others."""
    found: dict[str, Timing] = {}
    for turn in range(rounds * 2):
        start = rows.last - TICKED * 2 * (turn + 2)
        ids = [n for n in range(start, start + TICKED * 2) if n % 10 != INVITED][:TICKED]
        for app in apps:
            timing = found.setdefault(app.peer.name, Timing())
            timing.seen.append(timed(lambda app=app, ids=ids: app.peer.block(app.client, ids)))
    return found


def all_matching(
    apps: Sequence[Application], rounds: int, restore: Callable[[Application], None]
) -> dict[str, Timing]:
    """Blocking the tenth of all people that is invited; afterwards they are invited again."""
    found: dict[str, Timing] = {}
    for _ in range(rounds):
        for app in apps:
            if app.peer.acts_on_all:
                timing = found.setdefault(app.peer.name, Timing())
                timing.seen.append(timed(lambda app=app: app.peer.block_invited(app.client)))
                restore(app)
    return found


def invite_again(app: Application) -> None:
    """What undoing everything would cost is not measured here; nor is what the last round left behind."""
    with psycopg.connect(app.url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            f"UPDATE users SET status = 'invited' WHERE mod(id, 10) = {INVITED} AND status = 'blocked'"
        )
        connection.execute("VACUUM ANALYZE users")


@dataclass
class Export:
    """One export; `whole` if it has a line for every person."""

    seconds: float
    grown: float
    whole: bool


def exports(apps: Sequence[Application], rows: Rows) -> dict[str, Export]:
    """Everything as CSV, once: seconds, and by how many megabytes the worker grew."""
    found = {}
    for app in apps:
        with app.peak() as memory:
            begun = time.perf_counter()
            _size, lines = app.client.drain(app.peer.path("export", rows))
            seconds = time.perf_counter() - begun
        found[app.peer.name] = Export(seconds, max(memory) - memory[0], whole=lines >= rows.number)
    return found


def throughput(app: Application, rows: Rows, seconds: float) -> float:
    """First pages a second over eight connections."""
    path, counts = app.peer.path("first", rows), []
    end = time.perf_counter() + seconds

    def ask() -> None:
        client, number = Client(app.client.port), 0
        client.cookies = dict(app.client.cookies)
        while time.perf_counter() < end:
            client.get(path)
            number += 1
        counts.append(number)

    threads = [threading.Thread(target=ask) for _ in range(CONNECTIONS)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - begun)


def page_size(app: Application, rows: Rows) -> tuple[float, float]:
    """Kilobytes of the first page, plain and compressed."""
    body = app.client.get(app.peer.path("first", rows)).body
    return len(body) / 1000, len(gzip.compress(body, 6)) / 1000
