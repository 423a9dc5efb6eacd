"""List every question that a page can ask, with the rows it reads: `python -m benchmarks.plans`.

The questions follow from the screens, which is why new columns and filters need no entry here. An
administrator asks each over HTTP; the statements that this sends are explained where they run.
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from backoffice.extensions import db
from benchmarks import data, logs, postgres, questions
from benchmarks.explaining import Reading, explained
from benchmarks.measure import timed
from benchmarks.questions import Question

HERE = Path(__file__).parent
ROOM = 50  # rows of a page, which count even if it shows fewer
MOST = 50  # how many times as many rows as it shows a page may read
TOKEN = re.compile(r'name="csrf_token"[^>]*?value="([^"]+)"')
# Why some questions read more, by a piece of the question; the first piece that fits counts.
REASONS: dict[str, str] = {
    "users: groups=none": "who is in no group is in no index: "
    "all memberships are read, from two indexes alone",
    "client_tags=none": "who has no tag is in no index, but many have none",
    "users: email=": "one letter begins very many words, of which those of names are thrown away",
    "first rows of an export": "the numbers of all its rows are noted first, "
    "so that nothing waits for its reader",
    "look-up of": "as a search of people, see there",
    "users: phone=": "three digits in a row are in very many texts besides phone numbers",
    "users: search=": "between some thousand and some ten thousand matches "
    "neither the index nor the order is short",
    "preview of delete": "says how many people it takes the group or the tag from",
    "events: subject_id.": "a stretch of numbers of all kinds of rows; "
    "with the kind an index finds them",
    "events: search=": "pieces of texts are in no index of the log: "
    "it is read once, as far as the list looks back",
    "sessions: state=expired": "the last use decides, which changes too often for an index",
    "sessions: last_seen_at": "the last use changes too often for an index",
    "sessions: search=": "pieces of names of devices in the sessions that are kept, 90 days",
    "sign-ins: search=": "pieces of names of devices in the tries that are kept, 90 days",
}
INTRODUCTION = f"""\
Every question that pages can ask, as an administrator asks it: \
`python -m benchmarks.plans`. Rows are those that
PostgreSQL's plans (EXPLAIN ANALYZE) say were read: \
what scans gave on and what they threw away. Rows read only to
count stand apart, with what was counted. \
A question is marked if it reads more than {MOST} times what it shows, or
{MOST} times the {ROOM} rows that a page has room for; \
with the reason where there is one. Milliseconds are those of
the whole request, on a machine that did other things too.
"""
HEAD = (
    "| question | statements | rows read | rows shown | read to count | counted | ms | |\n"
    + "|---" * 8
    + "|"
)


def main() -> None:
    """Ask every question on every engine, write `plans.md`, and print what reads too much."""
    options = _options()
    events = options.people * logs.EVENTS
    lines: list[str] = []
    for engine in options.engines:
        with _filled(engine, options) as (url, version):
            title = f"## {version}: {options.people:,} people, {events:,} events"
            lines += ["", title, "", HEAD, *_asked(url, options)]
    text = "\n".join(["# What every question reads", "", INTRODUCTION, *lines, ""])
    if options.write:
        (HERE / "plans.md").write_text(text)
    for line in lines:
        if options.all or "**" in line or line.startswith("#"):
            print(line)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plans", description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument(
        "--engines", nargs="+", choices=("postgresql", "sqlite"), default=["postgresql"]
    )
    parser.add_argument("--url", help="a database that is filled already (SQLAlchemy's form)")
    parser.add_argument("--keep", help="keep the filled SQLite file or PostgreSQL folder here")
    parser.add_argument("--only", default="", help="questions in which this occurs")
    parser.add_argument(
        "--all", action="store_true", help="print all, not only what reads too much"
    )
    parser.add_argument("--no-write", dest="write", action="store_false", help="print only")
    return parser.parse_args()


@contextmanager
def _filled(engine: str, options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Yield the address of a filled database, in SQLAlchemy's form, and the engine's version."""
    if options.url:
        yield options.url, engine
    elif engine == "sqlite":
        with tempfile.TemporaryDirectory(prefix="backoffice-plans-") as folder:
            url = f"sqlite:///{folder}/people.sqlite3"
            _say(f"filling SQLite with {options.people:,} people")
            data.fill(url, options.people)
            yield url, "SQLite"
    else:
        with postgres.as_it_comes() as server:
            url = server.url.replace("postgresql:", "postgresql+psycopg:")
            _say(f"filling {server.version} with {options.people:,} people")
            data.fill(url, options.people)
            yield url, server.version


def _asked(url: str, options: argparse.Namespace) -> Iterator[str]:
    """Ask all questions, and yield a line of the table for each."""
    app = create_app(data.settings(url))
    client = signed_in(app)
    with app.test_request_context():
        wanted = [question for question in questions.of(app) if options.only in question.name]
        db.session.remove()
        engine = db.engine
    _say(f"{len(wanted)} questions")
    for question in wanted:  # outside a context of the app, which all requests would share
        with explained(engine) as reading:
            status = question.ask(client)
        ms = min(timed(lambda question=question: question.ask(client)) for _ in range(2))
        yield _line(question, status, reading, ms)
    engine.dispose()


def _line(question: Question, status: int, reading: Reading, ms: float) -> str:
    """Return the line of a question: what it read, and a mark if that is too much."""
    numbers = (reading.statements, reading.rows, reading.shown, reading.to_count, reading.counted)
    counts = [f"{number:,}" for number in numbers]
    remarks = f"{_mark(question, status, reading)} {reading.scans}".strip()
    cells = [question.name, *counts, f"{ms:,.1f}", remarks]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _mark(question: Question, status: int, reading: Reading) -> str:
    too_many_rows = reading.rows > MOST * max(reading.shown, ROOM)
    too_much_counting = reading.to_count > MOST * max(reading.counted, ROOM)
    if too_many_rows or too_much_counting:
        for part, why in REASONS.items():
            if part in question.name:
                return f"**why**: {why}"
        return "**too much**"
    if status >= 400:
        return f"status {status}"
    return ""


def signed_in(app: Flask) -> FlaskClient:
    """Return a browser in which an administrator is signed in."""
    client = app.test_client()
    options: dict[str, Any] = {"base_url": app.extensions["settings"].base_url}
    token = TOKEN.search(client.get("/sign-in", **options).get_data(as_text=True))
    form = {
        "csrf_token": token[1] if token else "",
        "identifier": data.OLIVIA,
        "password": data.PASSWORD,
    }
    answer = client.post("/sign-in", data=form, **options)
    assert answer.status_code < 400, answer.get_data(as_text=True)[:2000]
    assert client.get("/", **options).status_code == 200
    return client


def _say(text: str) -> None:
    print(f"[{datetime.now(UTC):%H:%M:%S}] {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
