"""Sends what waits in the outbox: at once when something was put there, and every minute what is to be tried again."""

from backoffice.queueing import Stopping
from backoffice.services import delivery
from backoffice.settings import Settings


def run(settings: Settings, stopping: Stopping) -> None:
    """Send until nothing is due."""
    delivery.deliver_due(settings, stopping=stopping)
