"""Checks whether the product can work: its database, its migrations and its store of files."""

import ast
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from flask import current_app
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from backoffice import apps, clock, failures
from backoffice.data.storage import uploads
from backoffice.extensions import MIGRATIONS, db
from backoffice.failures import MISSING, OK
from backoffice.settings import configured

# How long a database that could not write counts as such: PostgreSQL cannot be asked about it.
REMEMBERED = timedelta(minutes=1)
# What a migration is called, and what comes before it.
NAMES = ("revision", "down_revision", "depends_on")


def parts() -> Mapping[str, str]:
    """Return the state of each part: `ok`, `away`, `missing`, `no space left` or `read-only`.

    Only migrations can be `missing`; they are `unknown` if the database is away. The answer names
    no paths.
    """
    try:
        migrations = migrations_state()
    except (DBAPIError, PoolTimeout):
        db.session.rollback()
        database = failures.AWAY
        migrations = "unknown"
    else:
        database = _database()
    return {"database": database, "migrations": migrations, "uploads": uploads().state()}


def database_refused(why: str) -> None:
    """Remember for a while that the database could not write, and why."""
    _refusals()[why] = clock.now() + REMEMBERED


def migrations_state() -> str:
    """Return OK, or MISSING if the code has migrations that the database has not had.

    A database that is ahead of the code is OK: it is migrated before the new code starts. Raises
    SQLAlchemy's errors if the database does not answer.
    """
    connection = db.session.connection()
    if not inspect(connection).has_table("alembic_version"):
        return MISSING
    applied = _applied(connection)
    if not applied:
        return MISSING
    known, heads = revisions()
    is_behind = applied <= known and not heads <= applied
    return MISSING if is_behind else OK


def is_behind_the_database() -> bool:
    """Return whether the database has had migrations that this process does not know.

    It then has tables and columns that the process knows nothing of, such as those of a package
    that did not join.
    """
    known, _heads = revisions()
    return not _applied(db.session.connection()) <= known


def _applied(connection: Connection) -> set[str]:
    return set(connection.scalars(text("SELECT version_num FROM alembic_version")))


def revisions() -> tuple[frozenset[str], frozenset[str]]:
    """Return all revisions, and the newest ones, those of packages that join among them.

    They are read from the files of the migrations: Alembic would take 11 MB of memory.
    """
    return _revisions(current_app.extensions["apps"])


@cache
def _revisions(companies: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
    folders = [MIGRATIONS / "versions", *apps.folders(companies, "migrations")]
    migrations = [_names_in(path) for folder in folders for path in folder.glob("*.py")]
    known = frozenset(name for each in migrations for name in each["revision"])
    # A revision on which another one depends is implied by it: Alembic stores the other alone.
    predecessors = {
        name for each in migrations for name in (*each["down_revision"], *each["depends_on"])
    }
    return known, known - predecessors


def own_heads() -> frozenset[str]:
    """Return the newest migrations of the product itself."""
    return _revisions(())[1]


def _names_in(path: Path) -> dict[str, tuple[str, ...]]:
    """Return what the file of a migration says under each of NAMES."""
    said: dict[str, tuple[str, ...]] = dict.fromkeys(NAMES, ())
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            name = ast.unparse(target)
            if name in NAMES:
                value = ast.literal_eval(node.value)
                said[name] = (value,) if isinstance(value, str) else tuple(value or ())
    return said


def _database() -> str:
    for why, until in _refusals().items():
        if clock.now() < until:
            return why
    url = configured().database_url.url
    if url.get_backend_name() != "sqlite":
        return OK
    if not url.database or url.database.startswith((":", "file:")):
        return OK
    return failures.of_folder(Path(db.engine.url.database or "").parent)


def _refusals() -> dict[str, datetime]:
    """Return until when each reason of `database_refused` is remembered, by reason."""
    refusals: dict[str, datetime] = current_app.extensions.setdefault("database_refusals", {})
    return refusals
