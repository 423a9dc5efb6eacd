"""Send the mails that wait in the outbox.

The job runs at once when a mail is queued, and every minute for those to be tried again.
"""

from backoffice.mail import delivery
from backoffice.queueing import Stopping
from backoffice.settings import Settings


def run(settings: Settings, stopping: Stopping) -> None:
    """Send mails until none is due."""
    delivery.deliver_due(settings, stopping=stopping)
