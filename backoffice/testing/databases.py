"""Databases for tests: migrated once per session, and restored for each test.

A *world* is a named state of the database. `empty` is what the migrations leave. Any other, such
as `cast`, is built once per worker, saved, and from then on restored.
"""

import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from sqlalchemy import create_engine
from sqlalchemy.engine import URL

Migrate = Callable[[str], None]


class Database(ABC):
    """One worker's database on one engine."""

    url: str

    def __init__(self) -> None:
        self.worlds: set[str] = {"empty"}
        # Called before the database is replaced under the app's pool of connections.
        self.disconnect: Callable[[], object] = _nothing

    def enter(self, world: str, build: Callable[[], Any]) -> None:
        """Put the database into `world`; the first time, `build` makes it out of an empty one."""
        if world in self.worlds:
            self.restore(world)
            return
        self.restore("empty")
        build()
        self.save(world)
        self.worlds.add(world)

    def close(self) -> None:
        """Let go of the database at the end of the session."""
        self.disconnect()

    @abstractmethod
    def restore(self, world: str) -> None:
        """Bring back the rows of a saved world, whatever a test did to them."""

    @abstractmethod
    def save(self, world: str) -> None:
        """Keep the present rows under this name."""


class SQLiteDatabase(Database):
    """A database file; worlds are copies of it."""

    def __init__(self, template: Path, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.file = folder / "test.sqlite3"
        self.url = f"sqlite:///{self.file}"
        shutil.copyfile(template, self._world("empty"))

    def restore(self, world: str) -> None:
        self.disconnect()
        for stale in self.folder.glob(f"{self.file.name}*"):
            stale.unlink()  # a connection that a test left open keeps the old file to itself
        shutil.copyfile(self._world(world), self.file)

    def save(self, world: str) -> None:
        with closing(create_engine(self.url).raw_connection()) as connection:
            connection.execute("VACUUM INTO ?", (str(self._world(world)),))

    def _world(self, world: str) -> Path:
        return self.folder / f"{world}.world"


class ServerDatabase(Database):
    """A database on a PostgreSQL server that others use as well; worlds are databases beside it.

    It needs the right to create databases, and no other.
    """

    def __init__(self, server: URL, name: str, migrate: Migrate) -> None:
        super().__init__()
        self.server, self.name = server, name
        self.url = text_of(server.set(database=name))
        self._execute("CREATE DATABASE {}", self.name)
        migrate(self.url)
        self.save("empty")

    def restore(self, world: str) -> None:
        self.disconnect()
        self._execute("DROP DATABASE {} WITH (FORCE)", self.name)
        self._execute("CREATE DATABASE {} TEMPLATE {}", self.name, self._world(world))

    def save(self, world: str) -> None:
        self.disconnect()
        self._execute("CREATE DATABASE {} TEMPLATE {}", self._world(world), self.name)

    def close(self) -> None:
        super().close()
        for name in (self.name, *map(self._world, self.worlds)):
            self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _world(self, world: str) -> str:
        return f"{self.name}_{world}"

    def _execute(self, statement: LiteralString, *names: str) -> None:
        with psycopg.connect(libpq(self.server), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


class Workshop:
    """Where databases are made: a folder, and a PostgreSQL server if there is one."""

    def __init__(self, folder: Path, migrate: Migrate, server: URL | None = None) -> None:
        self.folder = folder
        self.migrate = migrate
        self.server = server

    def database(self, engine: str, worker: str) -> Database:
        """Return the worker's own database on this engine, migrated and otherwise empty."""
        if engine == "sqlite":
            folder = self.folder / worker
            folder.mkdir(exist_ok=True)
            return SQLiteDatabase(self.sqlite_template(), folder)
        return self.postgresql(worker)

    def sqlite_template(self) -> Path:
        """Return the file of a migrated database."""
        template = self.folder / "template.sqlite3"
        if not template.exists():
            self.migrate(f"sqlite:///{template}")
        return template

    def postgresql(self, worker: str) -> Database:
        """Return the worker's own database on the server, under a name that no other run has."""
        assert self.server is not None
        return ServerDatabase(self.server, f"backoffice_test_{os.getpid()}_{worker}", self.migrate)

    def close(self) -> None:
        """Remove what lies in the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _nothing() -> None:
    pass


def text_of(address: URL) -> str:
    return address.render_as_string(hide_password=False)


def libpq(address: URL) -> str:
    return text_of(address.set(drivername="postgresql"))


def run_script(url: str, path: Path) -> None:
    """Run the statements of a file, in a database that has none of our tables yet."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in path.read_text("utf-8").split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
    engine.dispose()


def worker_name() -> str:
    """Return gw0, gw1 and so on under xdist, and `main` without it."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")
