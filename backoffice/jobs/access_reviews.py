"""Remind reviewers before access reviews end, and close those whose end has come."""

from backoffice.people import review_ends
from backoffice.policy.actor import system
from backoffice.queueing import Stopping
from backoffice.settings import Settings


def run(settings: Settings, stopping: Stopping) -> None:
    """Do so for one review after the other, each in a transaction of its own."""
    review_ends.remind(settings, stopping)
    review_ends.close(actor=system(request_id="access_reviews"), stopping=stopping)
