"""Fill databases, serve and measure every application, and write `results.md`: `make benchmark`.

ARGS="--people 1000000 --engines postgresql --peers floor ours --rounds 5 --only pages"
"""

import argparse
import importlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg

from benchmarks import data, measure, postgres, report, servers
from benchmarks.peer import Peer, Rows
from benchmarks.servers import Application

HERE = Path(__file__).parent
# The modules of the peers, by the names that the command line takes.
PEERS = {
    "floor": "floor",
    "ours": "ours",
    "django": "django_admin",
    "flask_admin": "flask_admin_stock",
}
PARTS = ("pages", "statements", "acts", "exports", "throughput", "cold")
TRIES = 3
PAGE_SIZES = (20, 50, 100)
WARM_UPS = 4  # requests before statements are counted, enough to reach both workers
METHOD = """\
Measured on {day} on {cores} cores. \
Each application runs under gunicorn with two workers and has a copy of the same
database; an administrator is signed in. \
Milliseconds are medians of sequential requests, ± half the distance between
the quartiles; rounds are interleaved, one application is under load at a time. \
Absolute times differ from machine to
machine: the ratios count. \
*Floor* is a bare Flask handler with the least SQL and the least HTML, not a product.
Blocking is one request elsewhere and three here (plan, look, run); \
here and at the floor it writes one event for each
person, in Django one line of the admin's log, in Flask-Admin nothing.
"""


def main() -> None:
    """Measure what the command line asks for, print the report, and write it."""
    options = _options()
    today = date.today()  # noqa: DTZ011  # the reader's day
    method = METHOD.format(day=today, cores=os.cpu_count())
    text = "\n".join(["# What it measures", "", method, *_sections(options)])
    print(text)
    if options.write:
        (HERE / "results.md").write_text(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make benchmark", description="Measure against the peers and the floor."
    )
    engines = ("postgresql", "sqlite")
    parser.add_argument("--people", type=int, nargs="+", default=[100_000])
    parser.add_argument("--engines", nargs="+", choices=engines, default=list(engines))
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--no-write", dest="write", action="store_false", help="print only")
    return parser.parse_args()


def _sections(options: argparse.Namespace) -> Iterator[str]:
    """Measure each number of people on each engine and yield a section of the report for each."""
    peers = [importlib.import_module(f"benchmarks.{PEERS[name]}").PEER for name in options.peers]
    # The others are set up for PostgreSQL only.
    ours = [peer for peer in peers if peer.name == "ours"]
    for number in options.people:
        if "postgresql" in options.engines:
            yield report.markdown(_on_postgresql(number, peers, options), peers)
        if "sqlite" in options.engines:
            yield report.markdown(_on_sqlite(number, ours, options), ours)


def _on_postgresql(
    number: int, peers: Sequence[Peer], options: argparse.Namespace
) -> report.Outcome:
    with postgres.running() as server, ExitStack() as stack:
        template = server.copy("template1", "template_filled")
        _say(f"filling {server.version} with {number:,} people")
        data.fill(_for_sqlalchemy(template), number)
        apps = [stack.enter_context(_on_a_copy(server, peer)) for peer in peers]
        rows = Rows(number, _last_id(template))
        outcome = report.Outcome(server.version, number)
        if "statements" in options.only:
            sized = [app for app in apps if app.peer.sizes]
            outcome.statements = {app.peer.name: _statements(server, app) for app in sized}
        return _measured(outcome, apps, rows, options)


def _last_id(url: str) -> int:
    with psycopg.connect(url) as connection:
        (last,) = connection.execute("SELECT max(id) FROM users").fetchone()
        return last


@contextmanager
def _on_a_copy(server: postgres.Server, peer: Peer) -> Iterator[Application]:
    """Run the peer on its own copy of the filled database, with an administrator signed in."""
    url = server.copy("template_filled", f"bench_{peer.name}")
    peer.prepare(url)
    if peer.name == "ours":
        url = _for_sqlalchemy(url)
    with _signed_in(peer, url) as app:
        yield app


def _for_sqlalchemy(url: str) -> str:
    return url.replace("postgresql:", "postgresql+psycopg:")


def _on_sqlite(number: int, peers: Sequence[Peer], options: argparse.Namespace) -> report.Outcome:
    with (
        tempfile.TemporaryDirectory(prefix="backoffice-benchmark-") as folder,
        ExitStack() as stack,
    ):
        url = f"sqlite:///{folder}/people.sqlite3"
        _say(f"filling SQLite with {number:,} people")
        data.fill(url, number)
        apps = [stack.enter_context(_signed_in(peer, url)) for peer in peers]

        # Between two rounds, acts need PostgreSQL to undo what they changed.
        parts = [part for part in options.only if part != "acts"]
        chosen = argparse.Namespace(**vars(options) | {"only": parts})
        outcome = report.Outcome("SQLite", number)
        return _measured(outcome, apps, Rows(number, number + 1), chosen)


@contextmanager
def _signed_in(peer: Peer, url: str) -> Iterator[Application]:
    with servers.running(peer, url) as app:
        peer.sign_in(app.client)
        yield app


def _measured(
    outcome: report.Outcome, apps: Sequence[Application], rows: Rows, options: argparse.Namespace
) -> report.Outcome:
    """Measure everything that was asked for; what changes rows comes last."""
    steps: dict[str, Callable[[], None]] = {
        "pages": lambda: _pages(outcome, apps, rows, options.rounds),
        "throughput": lambda: _throughput(outcome, apps, rows),
        "cold": lambda: _cold(outcome, apps),
        "exports": lambda: _exports(outcome, apps, rows),
        "acts": lambda: _acts(outcome, apps, rows, options.rounds),
    }
    for name, step in steps.items():
        if name in options.only:
            _say(f"{outcome.engine}: {name}")
            step()
    return outcome


def _pages(outcome: report.Outcome, apps: Sequence[Application], rows: Rows, rounds: int) -> None:
    outcome.pages = measure.pages(apps, rows, rounds)
    outcome.memory = {app.peer.name: app.memory() for app in apps}
    outcome.sizes = {app.peer.name: measure.page_size(app, rows) for app in apps}


def _throughput(outcome: report.Outcome, apps: Sequence[Application], rows: Rows) -> None:
    outcome.throughput = {app.peer.name: measure.throughput(app, rows, 5) for app in apps}


def _cold(outcome: report.Outcome, apps: Sequence[Application]) -> None:
    outcome.cold = {app.peer.name: measure.Timing() for app in apps}
    for _ in range(TRIES):
        for app in apps:
            seconds = servers.cold_start(app.peer, app.url)
            outcome.cold[app.peer.name].seen.append(seconds)


def _exports(outcome: report.Outcome, apps: Sequence[Application], rows: Rows) -> None:
    exporting = [app for app in apps if "export" in app.peer.paths]
    outcome.exports = measure.exports(exporting, rows)


def _acts(outcome: report.Outcome, apps: Sequence[Application], rows: Rows, rounds: int) -> None:
    outcome.ticked = measure.ticked(apps, rows, rounds)
    outcome.matching = measure.all_matching(apps, rounds, measure.invite_again)


def _statements(server: postgres.Server, app: Application) -> dict[int, int]:
    """Count the statements of one list page by its size, once the caches are warm."""
    counts = {}
    for size in PAGE_SIZES:
        path = app.peer.sizes.format(size=size)
        for _ in range(WARM_UPS):
            app.client.get(path)
        with server.statements(f"bench_{app.peer.name}") as statements:
            app.client.get(path)
        counts[size] = len(statements)
    return counts


def _say(text: str) -> None:
    print(f"[{datetime.now(UTC):%H:%M:%S}] {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
