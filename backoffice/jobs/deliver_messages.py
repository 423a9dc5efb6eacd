"""Sends what waits in the outbox: at once when something was put there, and every minute what is to be tried again."""

from backoffice.mail import delivery
from backoffice.queueing import Stopping
from backoffice.settings import Settings


def run(settings: Settings, stopping: Stopping) -> None:
    """Send until nothing is due."""
    delivery.deliver_due(settings, stopping=stopping)
