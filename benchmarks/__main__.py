"""`make benchmark`: fill, serve, measure, write results.md.

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
PEERS = {
    "floor": "floor",
    "ours": "ours",
    "django": "django_admin",
    "flask_admin": "flask_admin_stock",
}
PARTS = ("pages", "statements", "acts", "exports", "throughput", "cold")
TRIES = 3
PAGE_SIZES = (20, 50, 100)
METHOD = """\
Measured on {day} on {cores} cores. Each application runs under gunicorn with two workers and has a copy of the same
database; an administrator is signed in. Milliseconds are medians of sequential requests, ± half the distance between
the quartiles; rounds are interleaved, one application is under load at a time. Absolute times differ from machine to
machine: the ratios count. *Floor* is a bare Flask handler with the least SQL and the least HTML, not a product.
Blocking is one request elsewhere and two here (preview and run); here and at the floor it writes one event for each
person, in Django one line of the admin's log, in Flask-Admin nothing.
"""


def main() -> None:
    options = _options()
    peers = [importlib.import_module(f"benchmarks.{PEERS[name]}").PEER for name in options.peers]
    sections = []
    for number in options.people:
        if "postgresql" in options.engines:
            sections.append(report.markdown(_on_postgresql(number, peers, options), peers))
        if "sqlite" in options.engines:
            ours = [peer for peer in peers if peer.name == "ours"]
            sections.append(report.markdown(_on_sqlite(number, ours, options), ours))
    text = "\n".join(
        ["# What it measures", "", METHOD.format(day=date.today(), cores=os.cpu_count()), *sections]
    )  # noqa: DTZ011  # the reader's day
    print(text)
    if options.write:
        (HERE / "results.md").write_text(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make benchmark", description="Measure against the peers and the floor."
    )
    parser.add_argument("--people", type=int, nargs="+", default=[100_000])
    parser.add_argument(
        "--engines", nargs="+", choices=("postgresql", "sqlite"), default=["postgresql", "sqlite"]
    )
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--no-write", dest="write", action="store_false", help="print only")
    return parser.parse_args()


def _on_postgresql(
    number: int, peers: Sequence[Peer], options: argparse.Namespace
) -> report.Outcome:
    with postgres.running() as server, ExitStack() as stack:
        template = server.copy("template1", "template_filled")
        _say(f"filling {server.version} with {number:,} people")
        data.fill(template.replace("postgresql:", "postgresql+psycopg:"), number)
        apps = []
        for peer in peers:
            url = server.copy("template_filled", f"bench_{peer.name}")
            peer.prepare(url)
            url = url.replace("postgresql:", "postgresql+psycopg:") if peer.name == "ours" else url
            apps.append(stack.enter_context(_signed_in(peer, url)))
        with psycopg.connect(template) as connection:
            last = connection.execute("SELECT max(id) FROM users").fetchone()[0]
        outcome = report.Outcome(server.version, number)
        if "statements" in options.only:
            outcome.statements = {
                app.peer.name: _statements(server, app) for app in apps if app.peer.sizes
            }
        return _measured(outcome, apps, Rows(number, last), options)


def _on_sqlite(number: int, peers: Sequence[Peer], options: argparse.Namespace) -> report.Outcome:
    with (
        tempfile.TemporaryDirectory(prefix="backoffice-benchmark-") as folder,
        ExitStack() as stack,
    ):
        url = f"sqlite:///{folder}/people.sqlite3"
        _say(f"filling SQLite with {number:,} people")
        data.fill(url, number)
        apps = [stack.enter_context(_signed_in(peer, url)) for peer in peers]
        options = argparse.Namespace(
            **vars(options) | {"only": [p for p in options.only if p != "acts"]}
        )
        return _measured(report.Outcome("SQLite", number), apps, Rows(number, number + 1), options)


@contextmanager
def _signed_in(peer: Peer, url: str) -> Iterator[Application]:
    with servers.running(peer, url) as app:
        peer.sign_in(app.client)
        yield app


def _measured(
    outcome: report.Outcome, apps: Sequence[Application], rows: Rows, options: argparse.Namespace
) -> report.Outcome:
    """Everything that was asked for; what changes rows comes last."""
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
            outcome.cold[app.peer.name].seen.append(servers.cold_start(app.peer, app.url))


def _exports(outcome: report.Outcome, apps: Sequence[Application], rows: Rows) -> None:
    outcome.exports = measure.exports([app for app in apps if "export" in app.peer.paths], rows)


def _acts(outcome: report.Outcome, apps: Sequence[Application], rows: Rows, rounds: int) -> None:
    outcome.ticked = measure.ticked(apps, rows, rounds)
    outcome.matching = measure.all_matching(apps, rounds, measure.invite_again)


def _statements(server: postgres.Server, app: Application) -> dict[int, int]:
    """Statements of one list page by its size, once everything that is cached is cached."""
    found = {}
    for size in PAGE_SIZES:
        path = app.peer.sizes.format(size=size)
        for _ in range(4):
            app.client.get(path)
        with server.statements(f"bench_{app.peer.name}") as statements:
            app.client.get(path)
        found[size] = len(statements)
    return found


def _say(text: str) -> None:
    print(f"[{datetime.now(UTC):%H:%M:%S}] {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
