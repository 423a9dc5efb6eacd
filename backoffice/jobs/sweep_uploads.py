"""Remove files that no row has: their row let them go, or they were never saved."""

import structlog

from backoffice import readiness
from backoffice.actions.engine.restoring import remembered_files
from backoffice.data import orphaned_files
from backoffice.queueing import Stopping
from backoffice.settings import Settings
from backoffice.transactions import begin

log = structlog.get_logger()


def run(_settings: Settings, stopping: Stopping) -> None:
    """Remove files that are older than a day, belong to no row, and come back by no undo.

    Where the database has tables that this process does not know, such as those of a package that
    did not join, a file of theirs would look like nobody's: nothing is removed.
    """
    begin(writing=False)
    if readiness.is_behind_the_database():
        log.error("uploads_of_unknown_tables")
        return
    orphaned_files.sweep(stopping=stopping, remembered=remembered_files)
