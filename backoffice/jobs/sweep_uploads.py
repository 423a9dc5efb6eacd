"""Remove files of replaced or removed pictures that the disk did not let go at the time."""

from backoffice.people import orphaned_files
from backoffice.queueing import Stopping
from backoffice.settings import Settings


def run(_settings: Settings, stopping: Stopping) -> None:
    """Remove files that are older than a day and belong to no row."""
    orphaned_files.sweep(stopping=stopping)
