"""Several workers at once, a worker that is killed, and a very long queue."""

import resource
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select, update

from backoffice import clock
from backoffice.extensions import db
from backoffice.mail.delivery import deliver_due
from backoffice.models.message import Message
from backoffice.settings import Settings
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle
from backoffice.testing.stage import Stage
from tests.support.outbox import LINK, put, state_of
from tests.support.patience import PATIENCE
from tests.support.races import at_once
from tests.support.smtp import Server

WORKERS, MAILS = 4, 40


@pytest.fixture
def settings(stage: Stage, cast: Cast, smtp: Server) -> Settings:
    return replace(stage.settings, smtp_url=smtp.url)


def working(app: Flask, settings: Settings) -> Callable[[], int]:
    """Do what a worker's thread does."""

    def work() -> int:
        with app.app_context():
            return deliver_due(settings)

    return work


def test_several_workers_send_each_message_once(
    app: Flask, settings: Settings, smtp: Server
) -> None:
    for number in range(MAILS):
        put(settings, address=f"p{number}@example.com")
    sent = at_once([working(app, settings)] * WORKERS)
    assert sum(sent) == MAILS
    assert Counter(mail.to for mail in smtp.mails) == Counter(
        f"p{number}@example.com" for number in range(MAILS)
    )
    settle()
    assert set(map(tuple, db.session.execute(select(Message.state, Message.attempts)))) == {
        ("sent", 1)
    }


def test_a_slow_server_does_not_make_others_take_over(
    app: Flask, settings: Settings, smtp: Server
) -> None:
    """Others leave alone what one worker is sending, for as long as it is held."""
    put(settings)
    smtp.delay = 0.5
    assert sorted(at_once([working(app, settings)] * WORKERS)) == [0, 0, 0, 1]
    assert len(smtp.mails) == 1


@pytest.mark.slow
def test_a_worker_killed_before_its_mark_costs_one_duplicate(
    app: Flask, settings: Settings, smtp: Server, worker: Callable[..., Any]
) -> None:
    first_worker = worker(smtp_url=smtp.url, killed=True)
    smtp.once_kept = first_worker.kill
    message = put(settings)
    first_worker.wait(timeout=PATIENCE)
    assert (state_of(message), len(smtp.mails)) == ("sending", 1)
    smtp.once_kept = lambda: None
    db.session.execute(update(Message).values(held_until=clock.now() - timedelta(seconds=1)))
    settle()
    worker(smtp_url=smtp.url)
    first, second = smtp.wait(2)
    assert first["Message-ID"] == second["Message-ID"]
    assert first.link == second.link == LINK
    wait_until_sent(message)
    assert (message.attempts, len(smtp.mails)) == (2, 2)


def wait_until_sent(message: Message) -> None:
    """Wait for the state, because the worker marks it a moment after the server has the mail."""
    for _ in range(6000):
        if state_of(message) == "sent":
            return
        time.sleep(0.02)
    raise AssertionError(state_of(message))


@pytest.mark.slow
def test_a_long_queue_takes_no_more_memory_than_a_short_one(
    app: Flask, stage: Stage, cast: Cast, statements: Callable[[], Any]
) -> None:
    demo = replace(stage.settings, environment="demo")  # no server: what is measured is ours
    now = clock.now()
    row = {"purpose": "blocked", "next_attempt_at": now, "created_at": now, "updated_at": now}
    rows = [
        row | {"address": f"p{number}@example.com", "user_id": cast.max.id} for number in range(500)
    ]
    db.session.execute(insert(Message), rows)
    settle()
    assert deliver_due(demo, stopping=after(100)) == 100
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with statements() as seen:
        assert deliver_due(demo) == 400
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8 * 1024  # KiB
    assert len(seen) < 400 * 16, "as many statements for each, however many wait"


def after(number: int) -> Callable[[], bool]:
    """Return a function that says stop once it was asked so often."""
    asked = iter(range(number))
    return lambda: next(asked, None) is None
