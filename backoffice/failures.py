"""The causes of failures of disks and databases, in words for people, the log and health checks."""

import errno
import os
import sqlite3
from pathlib import Path

import structlog
from sqlalchemy.exc import DBAPIError

log = structlog.get_logger()

OK, MISSING = "ok", "missing"
NO_SPACE, READ_ONLY, AWAY = "no space left", "read-only", "away"
# Bytes: enough for a few pictures, and for what SQLite writes beside its file before a commit.
LEAST_FREE = 16 * 2**20
# EFBIG is a limit that the system sets for one process; a person can do as little about it.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# The lowest byte of SQLite's result codes; the higher bytes only add detail.
SQLITE = {
    sqlite3.SQLITE_FULL: NO_SPACE,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: AWAY,
}
POSTGRESQL = {"53100": NO_SPACE, "25006": READ_ONLY}  # disk_full, read_only_sql_transaction
# undefined_table, undefined_column; and of a column of another type than at the start:
# datatype_mismatch, undefined_function, cannot_coerce, a prepared statement that fits no more
# (0A000), and two values that are compared but are of no common type.
CHANGED_TABLE = ("42P01", "42703", "42804", "42883", "42846", "0A000", "22P02", "22007")


def of_database(error: DBAPIError) -> str:
    """Return why the database does not write: NO_SPACE, READ_ONLY or AWAY; '' if something else."""
    if isinstance(error.orig, sqlite3.Error):
        code = getattr(error.orig, "sqlite_errorcode", 0)
        return SQLITE.get(code & 0xFF, "")
    state = getattr(error.orig, "sqlstate", None)
    if state in POSTGRESQL:
        return POSTGRESQL[state]
    return AWAY if _is_gone(error, state) else ""


def of_file(error: OSError) -> str:
    """Return why a file cannot be written: NO_SPACE or READ_ONLY."""
    return NO_SPACE if error.errno in FULL else READ_ONLY


def of_folder(folder: Path) -> str:
    """Return whether files can be written to the folder, or to its first parent that exists."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        disk = os.statvfs(existing)
    except OSError:
        return AWAY
    if disk.f_flag & os.ST_RDONLY or not os.access(existing, os.W_OK | os.X_OK):
        return READ_ONLY
    has_space = disk.f_bavail * disk.f_frsize >= LEAST_FREE
    # Some file systems do not count their inodes, and report 0 of 0.
    has_inodes = disk.f_favail > 0 or disk.f_files == 0
    return OK if has_space and has_inodes else NO_SPACE


def is_missing_table(error: DBAPIError) -> bool:
    """Return whether a table or column is not there, or has become another one."""
    state = getattr(error.orig, "sqlstate", None)
    if state in CHANGED_TABLE:
        return True
    # SQLite has no code of its own for this.
    return str(error.orig).startswith(("no such table", "no such column"))


def _is_gone(error: DBAPIError, state: str | None) -> bool:
    """Return whether the server is away.

    psycopg gives no state to an error of connecting. States that begin with 08 are a broken
    connection, those with 57P a server that shuts down.
    """
    if error.connection_invalidated:
        return True
    if state is None:
        return type(error.orig).__name__ in ("OperationalError", "ConnectionTimeout")
    return state.startswith(("08", "57P"))
