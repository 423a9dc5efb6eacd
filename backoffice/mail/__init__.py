"""Write mails into the outbox in the transaction of a change; render and deliver them after it.

This package knows data and what lies below. Who gets which mail, and when, is decided above it.
"""

from backoffice.mail import templates

templates.verify_at_start()
