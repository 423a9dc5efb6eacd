"""What a disk or a database means by refusing, in words for people, the log and health checks."""

import errno
import sqlite3

import structlog
from sqlalchemy.exc import DBAPIError

log = structlog.get_logger()

NO_SPACE, READ_ONLY, AWAY = "no space left", "read-only", "away"
# EFBIG is a limit that the system sets for one process; a person can do as little about it.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# The first byte of SQLite's codes, the rest tells more; and PostgreSQL's disk_full and read_only_sql_transaction.
SQLITE = {
    sqlite3.SQLITE_FULL: NO_SPACE,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: AWAY,
}
POSTGRESQL = {"53100": NO_SPACE, "25006": READ_ONLY}
MISSING = ("42P01", "42703")  # undefined_table, undefined_column


def of_database(error: DBAPIError) -> str:
    """Why the database does not write: NO_SPACE, READ_ONLY or AWAY; '' where it is something else."""
    if isinstance(error.orig, sqlite3.Error):
        return SQLITE.get(getattr(error.orig, "sqlite_errorcode", 0) & 0xFF, "")
    state = getattr(error.orig, "sqlstate", None)
    return POSTGRESQL.get(state or "", AWAY if _is_gone(error, state) else "")


def of_file(error: OSError) -> str:
    """Why a file cannot be written: NO_SPACE or READ_ONLY."""
    return NO_SPACE if error.errno in FULL else READ_ONLY


def is_missing_table(error: DBAPIError) -> bool:
    """Whether the statement speaks of a table or column that the database does not have."""
    state = getattr(error.orig, "sqlstate", None)
    return state in MISSING or str(error.orig).startswith(("no such table", "no such column"))


def _is_gone(error: DBAPIError, state: str | None) -> bool:
    """psycopg gives no state to what it could not connect to; 08 is a broken connection, 57P a server that ends."""
    no_answer = state is None and type(error.orig).__name__ in (
        "OperationalError",
        "ConnectionTimeout",
    )
    return error.connection_invalidated or no_answer or (state or "").startswith(("08", "57P"))
