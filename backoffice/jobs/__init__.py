"""Define the jobs that run outside requests, one per file, and their schedule.

Times are UTC.
"""

from collections.abc import Iterator
from dataclasses import replace

from flask import Flask
from huey import crontab

from backoffice import apps
from backoffice.jobs import (
    access_reviews,
    check_events,
    deliver_messages,
    end_access,
    purge,
    sweep_uploads,
)
from backoffice.mail.outbox import DELIVERY
from backoffice.queueing import Job

SCHEDULE: tuple[Job, ...] = (
    Job(DELIVERY, deliver_messages.run, crontab(minute="*")),
    Job("access_reviews", access_reviews.run, crontab(minute="37")),
    Job("end_access", end_access.run, crontab(minute="7")),
    Job(check_events.JOB, check_events.run, crontab(hour="2", minute="23")),
    Job("purge", purge.run, crontab(hour="3", minute="17")),
    Job("sweep_uploads", sweep_uploads.run, crontab(hour="3", minute="41")),
)


def schedule(app: Flask) -> Iterator[Job]:
    """Yield the jobs of the product and of packages that join.

    Those of a package are each `JOB` of a module in its `jobs`. Their names begin with the
    package's, so that no two clash.
    """
    yield from SCHEDULE
    for name in app.extensions["apps"]:
        for module in apps.modules(name, "jobs"):
            job: Job = module.JOB
            yield replace(job, name=f"{name}.{job.name}")
