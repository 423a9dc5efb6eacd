"""Tell people what ends soon, and remove memberships and extra permissions that have ended."""

from backoffice.people import access_ends
from backoffice.policy.actor import system
from backoffice.queueing import Stopping
from backoffice.settings import Settings


def run(settings: Settings, stopping: Stopping) -> None:
    """Do so until nothing is left to tell or to remove."""
    access_ends.tell(settings, stopping)
    access_ends.clear(actor=system(request_id="end_access"), stopping=stopping)
