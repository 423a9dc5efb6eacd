"""Removes files that are nobody's: of pictures that were replaced or removed while the disk refused to let them go."""

from backoffice.people import orphaned_files
from backoffice.queueing import Stopping
from backoffice.settings import Settings


def run(_settings: Settings, stopping: Stopping) -> None:
    """Remove what is older than a day and belongs to no row."""
    orphaned_files.sweep(stopping=stopping)
