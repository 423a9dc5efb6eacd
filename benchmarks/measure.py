"""Time requests to the applications, and keep the medians and the spread.

Requests are sequential and rounds are interleaved: one application is under load at a time.
"""

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
WARM_UPS = 6  # requests of one kind before the first round, enough to reach both workers
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
        """Half the distance between the quartiles."""
        if len(self.seen) < 4:
            return (max(self.seen) - min(self.seen)) / 2
        low, _, high = quantiles(self.seen, n=4)
        return (high - low) / 2


Results = dict[str, dict[str, Timing]]


def timed(action: Callable[[], object]) -> float:
    """Return the milliseconds that the action takes."""
    begun = time.perf_counter()
    action()
    return (time.perf_counter() - begun) * 1000


def pages(apps: Sequence[Application], rows: Rows, rounds: int) -> Results:
    """Time every page of every application, once both workers of each are warm."""
    _warm_up(apps, rows)
    results: Results = {}
    for _ in range(rounds):
        for measure in PAGES:
            for app in apps:
                if measure not in app.peer.paths:
                    continue
                path = app.peer.path(measure, rows)
                timing = results.setdefault(measure, {}).setdefault(app.peer.name, Timing())
                timing.seen += _round(app.client, path)
    return results


def _warm_up(apps: Sequence[Application], rows: Rows) -> None:
    for app in apps:
        for measure in PAGES:
            if measure in app.peer.paths:
                for _ in range(WARM_UPS):
                    app.client.get(app.peer.path(measure, rows))


def _round(client: Client, path: str) -> Iterator[float]:
    """Yield the times of one round, which ends early where the answers are slow."""
    begun = time.perf_counter()
    for _ in range(ROUND):
        yield timed(lambda: client.get(path))
        if time.perf_counter() - begun > SLOW * ROUND:
            return


def ticked(apps: Sequence[Application], rows: Rows, rounds: int) -> dict[str, Timing]:
    """Time the blocking of fifty ticked people, who are different ones in every turn."""
    timings: dict[str, Timing] = {}
    for turn in range(rounds * 2):
        start = rows.last - TICKED * 2 * (turn + 2)
        candidates = range(start, start + TICKED * 2)
        ids = [number for number in candidates if number % 10 != INVITED][:TICKED]
        for app in apps:
            timing = timings.setdefault(app.peer.name, Timing())
            timing.seen.append(timed(lambda app=app, ids=ids: app.peer.block(app.client, ids)))
    return timings


def all_matching(
    apps: Sequence[Application], rounds: int, restore: Callable[[Application], None]
) -> dict[str, Timing]:
    """Time the blocking of all invited people, a tenth of all, and restore them after each time."""
    timings: dict[str, Timing] = {}
    able = [app for app in apps if app.peer.acts_on_all]
    for _ in range(rounds):
        for app in able:
            timing = timings.setdefault(app.peer.name, Timing())
            timing.seen.append(timed(lambda app=app: app.peer.block_invited(app.client)))
            restore(app)
    return timings


def invite_again(app: Application) -> None:
    """Make the blocked people invited again, and clean up what the last round left behind.

    This is not measured.
    """
    with psycopg.connect(app.url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "UPDATE users SET status = 'invited' "
            f"WHERE mod(id, 10) = {INVITED} AND status = 'blocked'"
        )
        connection.execute("VACUUM ANALYZE users")


@dataclass
class Export:
    """One export: its seconds and the megabytes by which the worker grew meanwhile.

    It is `whole` if it has a line for every person.
    """

    seconds: float
    grown: float
    whole: bool


def exports(apps: Sequence[Application], rows: Rows) -> dict[str, Export]:
    """Export everything as CSV, once from each application."""
    results = {}
    for app in apps:
        with app.peak() as memory:
            begun = time.perf_counter()
            _size, lines = app.client.drain(app.peer.path("export", rows))
            seconds = time.perf_counter() - begun
        grown = max(memory) - memory[0]
        results[app.peer.name] = Export(seconds, grown, whole=lines >= rows.number)
    return results


def throughput(app: Application, rows: Rows, seconds: float) -> float:
    """Return how many first pages a second arrive over eight connections."""
    path = app.peer.path("first", rows)
    counts: list[int] = []
    end = time.perf_counter() + seconds

    def ask() -> None:
        client = Client(app.client.port)
        client.cookies = dict(app.client.cookies)
        number = 0
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
    """Return the kilobytes of the first page, plain and compressed."""
    body = app.client.get(app.peer.path("first", rows)).body
    return len(body) / 1000, len(gzip.compress(body, 6)) / 1000
