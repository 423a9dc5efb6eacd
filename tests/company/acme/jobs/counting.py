"""Count pallets at night."""

from huey import crontab

from backoffice.queueing import Job

counted: list[str] = []


def run(settings: object, _stopping: object) -> None:
    counted.append("tonight")


JOB = Job("counting", run, crontab(hour="2", minute="5"))
