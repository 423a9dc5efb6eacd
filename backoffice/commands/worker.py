"""Run the worker: a process of its own that does what is done outside requests."""

import logging
import signal
import time

import click
import structlog
from flask import current_app
from flask.cli import AppGroup
from huey.consumer import Consumer

from backoffice.queueing import Queue
from backoffice.signals import ENDING_SIGNALS

POLL = 1  # seconds until a task is noticed if the storage cannot announce it
REPEATED = 60  # seconds in which the same complaint of huey is logged once
log = structlog.get_logger()


def add(group: AppGroup) -> None:
    group.command("worker")(work)


@click.option(
    "--threads",
    type=click.IntRange(1, 16),
    default=2,
    show_default=True,
    help="Jobs at the same time.",
)
def work(threads: int) -> None:
    """Send mails and tidy up, until SIGTERM or Ctrl-C; what is being done is finished first.

    Several workers may run, on several machines too.
    """
    queue: Queue = current_app.extensions["jobs"]
    huey_log = logging.getLogger("huey")
    huey_log.handlers = [Plainly(logging.WARNING)]
    huey_log.propagate = False
    Worker(queue, threads).run()
    queue.huey.storage.close()


class Worker(Consumer):  # type: ignore[misc]  # huey ships no types
    """A consumer of huey that ends cleanly on every signal that ends a process."""

    def __init__(self, queue: Queue, threads: int) -> None:
        super().__init__(queue.huey, workers=threads, max_delay=POLL)
        self.queue = queue

    def _set_signal_handlers(self) -> None:
        for number in ENDING_SIGNALS:
            signal.signal(number, self._end)
        log.info("worker_started", threads=self.workers)

    def _end(self, number: int, _frame: object) -> None:
        self.queue.stopping.set()  # so that long jobs stop at the next mail
        self._signum = number  # the consumer's loop looks at this, and then waits for its threads

    def stop(self, graceful: bool = True) -> None:
        super().stop(graceful=True)


class Plainly(logging.Handler):
    """A handler that writes huey's complaints to our log, each once in REPEATED seconds.

    Tracebacks are left out, since they may show what was worked on. `said` has the time at which
    each complaint was last logged.
    """

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.said: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        text = str(record.msg)
        now = time.monotonic()
        if now - self.said.get(text, -REPEATED) < REPEATED:
            return
        self.said[text] = now
        error: type[BaseException] | None = record.exc_info[0] if record.exc_info else None
        log.warning("worker", note=text, error=error.__name__ if error else None)
