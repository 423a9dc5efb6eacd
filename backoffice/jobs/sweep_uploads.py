"""Remove files of replaced or removed pictures that the disk did not let go at the time."""

from backoffice.actions.engine.restoring import remembered_files
from backoffice.data import orphaned_files
from backoffice.queueing import Stopping
from backoffice.settings import Settings


def run(_settings: Settings, stopping: Stopping) -> None:
    """Remove files that are older than a day, belong to no row, and come back by no undo."""
    orphaned_files.sweep(stopping=stopping, remembered=remembered_files)
