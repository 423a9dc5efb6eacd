"""The worker: what is done outside requests, as a process of its own."""

import logging
import signal
import time
from typing import Any

import click
import structlog
from flask import current_app
from flask.cli import AppGroup
from huey.consumer import Consumer

from backoffice.queueing import Queue

POLL = 1  # seconds until a task is seen where the storage cannot call
REPEATED = 60  # seconds in which huey says the same thing once
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
    chatter = logging.getLogger("huey")
    chatter.handlers, chatter.propagate = [Plainly(logging.WARNING)], False
    Worker(queue, threads).run()
    queue.huey.storage.close()


class Worker(Consumer):  # type: ignore[misc]  # huey ships no types
    """huey's consumer, which ends cleanly on every signal that ends a process."""

    def __init__(self, queue: Queue, threads: int) -> None:
        super().__init__(queue.huey, workers=threads, max_delay=POLL)
        self.queue = queue

    def _set_signal_handlers(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._end)
        log.info("worker_started", threads=self.workers)

    def _end(self, number: int, _frame: object) -> None:
        self.queue.stopping.set()  # so that long jobs stop at the next mail
        self._signum = number  # the consumer's loop looks at this, and then waits for its threads

    def stop(self, graceful: bool = True) -> None:
        super().stop(graceful=True)


class Plainly(logging.Handler):
    """What huey complains about, in our log and without traces: they may show what was worked on."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.said: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        text, now = str(record.msg), time.monotonic()
        if now - self.said.get(text, -REPEATED) < REPEATED:
            return
        self.said[text] = now
        fault: Any = record.exc_info[0] if record.exc_info else None
        log.warning("worker", note=text, error=fault.__name__ if fault else None)
