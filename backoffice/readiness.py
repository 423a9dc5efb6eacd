"""Whether the product can do its work: its database, its tables and its folder of files, part by part."""

import os
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from flask import current_app
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from backoffice import clock, failures
from backoffice.data.storage import ROOT
from backoffice.extensions import configured, db

OK, MISSING = "ok", "missing"
LEAST_FREE = (
    16 * 2**20
)  # bytes: a few pictures, and what SQLite writes beside its file before a commit
REMEMBERED = timedelta(
    minutes=1
)  # for which a database that had no space is called full: PostgreSQL cannot be asked
REVISION = re.compile(r"^(down_revision|revision)\b.*?=\s*[\"'](\w+)[\"']", re.MULTILINE)


def parts() -> Mapping[str, str]:
    """What each part is: OK, `away`, `missing` (migrations), `no space left` or `read-only`. It names no paths."""
    try:
        migrations = migrations_state()
    except (DBAPIError, PoolTimeout):
        db.session.rollback()
        return {"database": failures.AWAY, "migrations": "unknown", "uploads": _folder(_uploads())}
    return {"database": _database(), "migrations": migrations, "uploads": _folder(_uploads())}


def database_refused(why: str) -> None:
    """Remember for a while that the database could not write."""
    _refusals()[why] = clock.now() + REMEMBERED


def migrations_state() -> str:
    """OK, or MISSING where the code knows of migrations that the database has not had.

    A database that is further than the code is as it should be: it was migrated before the new code started. Raises
    what SQLAlchemy raises where the database does not answer.
    """
    connection = db.session.connection()
    if not inspect(connection).has_table("alembic_version"):
        return MISSING
    has = set(connection.scalars(text("SELECT version_num FROM alembic_version")))
    known, heads = revisions()
    return MISSING if not has or (has <= known and not heads <= has) else OK


@cache
def revisions() -> tuple[frozenset[str], frozenset[str]]:
    """Every revision, and the newest: read from the files, for Alembic takes 11 MB that only `flask db` needs."""
    found = [
        dict(REVISION.findall(path.read_text("utf-8")))
        for path in (ROOT / "migrations/versions").glob("*.py")
    ]
    known = frozenset(one["revision"] for one in found)
    return known, known - {one.get("down_revision") for one in found}


def _database() -> str:
    if why := next((why for why, until in _refusals().items() if clock.now() < until), ""):
        return why
    url = configured().database_url.url
    if (
        url.get_backend_name() != "sqlite"
        or not url.database
        or url.database.startswith((":", "file:"))
    ):
        return OK
    return _folder(Path(db.engine.url.database or "").parent)


def _refusals() -> dict[str, datetime]:
    found: dict[str, datetime] = current_app.extensions.setdefault("database_refusals", {})
    return found


def _uploads() -> Path:
    return ROOT / configured().uploads_dir


def _folder(folder: Path) -> str:
    """Whether files can be written there, or where it would be made."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        disk = os.statvfs(there)
    except OSError:
        return failures.AWAY
    if disk.f_flag & os.ST_RDONLY or not os.access(there, os.W_OK | os.X_OK):
        return failures.READ_ONLY
    free = disk.f_bavail * disk.f_frsize >= LEAST_FREE
    # Some file systems do not count their inodes, and say 0 of 0.
    return OK if free and (disk.f_favail or not disk.f_files) else failures.NO_SPACE
