"""Define the jobs that run outside requests, one per file, and their schedule.

Times are UTC.
"""

from huey import crontab

from backoffice.jobs import deliver_messages, purge, sweep_uploads
from backoffice.mail.outbox import DELIVERY
from backoffice.queueing import Job

SCHEDULE = (
    Job(DELIVERY, deliver_messages.run, crontab(minute="*")),
    Job("purge", purge.run, crontab(hour="3", minute="17")),
    Job("sweep_uploads", sweep_uploads.run, crontab(hour="3", minute="41")),
)
