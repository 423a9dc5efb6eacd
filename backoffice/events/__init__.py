"""The events log: what happened, appended in the transaction of the change, chained by hash.

Knows secrets and what lies below. `events.record` is all that most areas need; histories and refused attempts are
modules of their own.
"""

from backoffice.events.log import EventDraft, record, record_many, redact, subject_of, verify

__all__ = ["EventDraft", "record", "record_many", "redact", "subject_of", "verify"]
