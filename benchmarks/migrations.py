"""`python -m benchmarks.migrations`: how long an old database with very many people takes to migrate.

Fills the tables of the first revision with people and a log of events with a valid chain, migrates to the newest one,
and fails where a trigger or index is missing or not as declared, or where the chain is broken. Prints the times.
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
    """The address of an empty database, gone afterwards."""
    if engine == "postgresql":
        with postgres.running() as server:
            server.execute("CREATE DATABASE migrations")
            yield server.database("migrations")
    else:
        with tempfile.TemporaryDirectory(prefix="backoffice-benchmark-") as folder:
            yield f"sqlite:///{Path(folder) / 'migrations.sqlite3'}"


@contextmanager
def timed(what: str) -> Iterator[None]:
    started = perf_counter()
    yield
    print(f"  {what:<40} {perf_counter() - started:7.1f} s", flush=True)


def faults(people: int) -> list[str]:
    """What is not as it should be after the migration, one sentence each."""
    with db.engine.connect() as connection:
        there, wanted = schema.present(connection), schema.expected(connection)
    found = [
        f"The {kind} {name} is not as declared."
        for kind, name in wanted
        if there.get((kind, name)) != wanted[kind, name]
    ]
    numbers = [
        db.session.scalar(select(func.count()).select_from(model)) for model in (User, Event)
    ]
    if numbers != [people, people * EVENTS_EACH]:
        found.append(f"There are {numbers} people and events.")
    with timed("verify-events"):
        found += events.verify()
    return found


def measure(engine: str, people: int) -> list[str]:
    """Migrate an old database there and back to the first revision, and forward again."""
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
            found = faults(people)
            db.session.remove()
            with timed("the newest back to 0001"):
                flask_migrate.downgrade(revision="0001")
            db.engine.dispose()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--engine", choices=ENGINES, action="append")
    asked = parser.parse_args()
    found = [fault for engine in asked.engine or ENGINES for fault in measure(engine, asked.people)]
    print("\n".join(found) or "Triggers, indexes and the chain are whole.")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
