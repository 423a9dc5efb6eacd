"""Keep the events log: what happened, appended in the transaction of the change, chained by hash.

This package knows secrets and what lies below. Most areas need only `events.record`. The events of
one row, refused attempts and the check of the chain are modules of their own.
"""

from backoffice.events.log import EventDraft, record, record_many, redact, subject_of
from backoffice.events.verification import verify

__all__ = ["EventDraft", "record", "record_many", "redact", "subject_of", "verify"]
