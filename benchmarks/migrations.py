"""Time the migration of an old database with very many people: `python -m benchmarks.migrations`.

It fills the tables of the first revision with people and a log of events with a valid chain, and
migrates to the newest revision. It prints the times, and fails where a trigger or index is missing
or not as declared, or where the chain is broken.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import flask_migrate
from sqlalchemy import func, select

from app import create_app
from backoffice import events, schema
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.user import User
from backoffice.settings import Settings
from benchmarks import postgres
from tests.support.old_database import EVENTS_EACH, fill, unguard

ENGINES = ("sqlite", "postgresql")


@contextmanager
def database(engine: str) -> Iterator[str]:
    """Yield the address of an empty database, and remove the database afterwards."""
    if engine == "postgresql":
        with postgres.running() as server:
            server.execute("CREATE DATABASE migrations")
            yield server.database("migrations")
    else:
        with tempfile.TemporaryDirectory(prefix="backoffice-benchmark-") as folder:
            yield f"sqlite:///{Path(folder) / 'migrations.sqlite3'}"


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print the seconds that the block takes."""
    started = perf_counter()
    yield
    print(f"  {what:<40} {perf_counter() - started:7.1f} s", flush=True)


def faults(people: int) -> list[str]:
    """Return one sentence for everything that is not as it should be after the migration."""
    with db.engine.connect() as connection:
        present = schema.present(connection)
        expected = schema.expected(connection)
    sentences = [
        f"The {kind} {name} is not as declared."
        for kind, name in expected
        if present.get((kind, name)) != expected[kind, name]
    ]
    numbers = [_count(User), _count(Event)]
    if numbers != [people, people * EVENTS_EACH]:
        sentences.append(f"There are {numbers} people and events.")
    with timed("verify-events"):
        sentences += events.verify()
    return sentences


def _count(model: type[User | Event]) -> int | None:
    return db.session.scalar(select(func.count()).select_from(model))


def measure(engine: str, people: int) -> list[str]:
    """Migrate an old database to the newest revision and back, and return its faults."""
    print(f"{engine}: {people:,} people, {people * EVENTS_EACH:,} events")
    with database(engine) as url:
        environ = {"BACKOFFICE_ENV": "development", "DATABASE_URL": url}
        with create_app(Settings.from_environment(environ)).app_context():
            flask_migrate.upgrade(revision="0001")
            with timed("filled"):
                unguard(db.engine)
                fill(db.engine, people=people)
            with timed("0001 to the newest"):
                flask_migrate.upgrade()
            sentences = faults(people)
            db.session.remove()
            with timed("the newest back to 0001"):
                flask_migrate.downgrade(revision="0001")
            db.engine.dispose()
    return sentences


def main() -> None:
    """Measure every engine that is asked for, print the faults, and fail if there are any."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--engine", choices=ENGINES, action="append")
    options = parser.parse_args()
    sentences = []
    for engine in options.engine or ENGINES:
        sentences += measure(engine, options.people)
    print("\n".join(sentences) or "Triggers, indexes and the chain are whole.")
    sys.exit(bool(sentences))


if __name__ == "__main__":
    main()
