"""Nobody waits forever: a hanging database or a held lock leads to a page that says so.

How long they wait is what is set, and one test adds that up. The others only look that the wait
ends: by itself, and while whatever it is for still hangs.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text

from backoffice import database, limits
from backoffice.data import lists
from backoffice.events import log
from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.settings import Settings
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, outside, settle
from backoffice.testing.stage import Stage
from backoffice.transactions import with_timeouts
from tests.support.acting import confirmed, edit, previewed, run_at
from tests.support.relay import Relay

A_SECOND = timedelta(seconds=1)
Build = Callable[..., Flask]


def test_what_a_person_waits_for_is_over_in_five_seconds() -> None:
    settings = Settings(base_url="http://127.0.0.1")
    asked = database.request_timeouts(settings)
    assert asked.statement is not None
    reconnecting = (
        limits.DATABASE_PING
        + settings.database_connect_timeout.total_seconds()
        + limits.DATABASE_GRACE
    )
    assert reconnecting < 5
    assert asked.lock <= asked.statement + limits.DATABASE_GRACE < 5
    assert settings.database_pool_timeout.total_seconds() < 5
    assert limits.REPEATING + asked.lock <= 5

    assert limits.READY < 1, "health checks are asked by machines, which give up earlier"


def is_ready(client: Client) -> bool:
    """Ask the health check until it says so; on a busy machine one check may be given up."""
    return any(client.get("/readyz").status_code == 200 for _ in range(50))


@pytest.mark.one_engine("postgresql", reason="SQLite has no server")
def test_a_server_that_falls_silent_is_a_page_that_says_so(
    stage: Stage, app_with: Build, cast: Cast
) -> None:
    """Open and new connections alike; both health checks answer meanwhile.

    The server says nothing until the test lets it, so every answer is one that did not wait for it.
    """
    settle()
    with Relay(stage.settings.database_url) as relay:
        app = app_with(database_url=relay.url, database_statement_timeout=A_SECOND)
        client = app.test_client().sign_in("olivia")
        vera = cast.vera.id
        assert client.get("/admin/users/").status_code == 200
        client.token()
        settle()
        relay.silent.set()
        assert client.get("/admin/users/").status_code == 503
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503
        answer = client.post(f"/admin/users/{vera}/edit", {"version": 1, "first_name": "Vea"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        relay.silent.clear()
        assert is_ready(client)
        assert client.get("/admin/users/").status_code == 200


@contextmanager
def held(stage: Stage) -> Iterator[None]:
    """Hold locks on users and sessions during the block, like a transaction that was forgotten."""
    with stage.app.app_context(), db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE users, sessions IN EXCLUSIVE MODE"))
        else:
            connection.execute(text("UPDATE users SET version = version"))
        yield
        connection.rollback()


def test_a_lock_that_somebody_holds_is_a_page_that_says_so(
    stage: Stage, app_with: Build, cast: Cast
) -> None:
    client = (
        app_with(database_lock_timeout=A_SECOND, database_statement_timeout=A_SECOND * 4)
        .test_client()
        .sign_in("olivia")
    )
    vera = cast.vera.id
    settle()
    with held(stage):
        answer = client.post(f"/admin/users/{vera}/edit", {"version": 1, "first_name": "Vea"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert "Somebody else was changing the same rows" in answer.text
        assert client.get("/admin/users/").status_code == 200, "looking needs no lock"
        assert is_ready(client)
    assert edit(client, "users", vera, first_name="Vea").status_code == 303


@pytest.mark.one_engine("postgresql", reason="SQLite has no other way of writing many events")
def test_a_lock_is_said_where_many_events_are_written(
    stage: Stage, app_with: Build, cast: Cast
) -> None:
    """An index that is built on the events holds such a lock."""
    tags = [ClientTag(name=f"Tag {number}") for number in range(log.WORTH_COPYING)]
    db.session.add_all(tags)
    client = app_with(database_lock_timeout=A_SECOND).test_client().sign_in("olivia")
    page = previewed(client, "client-tags", "delete", *(tag.id for tag in tags))
    with db.engine.connect() as other:
        other.execute(text("LOCK TABLE events IN SHARE MODE"))
        answer = confirmed(client, "client-tags", "delete", page)
    assert answer.status_code == 503
    assert "Somebody else was changing the same rows" in answer.text
    answer = confirmed(client, "client-tags", "delete", page)
    assert run_at(answer).counts == {"done": len(tags)}


# Runs far longer than any limit, without touching a table.
COUNTING = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000)"
    " SELECT max(i) FROM n"
)


def test_a_statement_that_takes_too_long_is_a_page_that_says_so(
    app_with: Build, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = app_with(database_statement_timeout=A_SECOND).test_client().sign_in("olivia")
    monkeypatch.setattr(lists, "page", lambda *_args, **_kwargs: db.session.execute(text(COUNTING)))
    answer = client.get("/admin/users/")
    assert answer.status_code == 503
    assert "This takes the database too long" in answer.text


@pytest.mark.one_engine("postgresql", reason="SQLite has no name for its limits")
def test_a_statement_has_the_limit_of_what_it_is_for(app: Flask, stage: Stage, cast: Cast) -> None:
    """Short for pages, long for bulk runs, none for commands; also within an open transaction."""

    def limit() -> str:
        return str(db.session.scalar(text("SHOW statement_timeout")))

    def as_a_request() -> list[str]:
        found = []
        with stage.app.app_context():
            timeouts = database.request_timeouts(Settings())
            database.configure_transactions(reading=True, timeouts=timeouts)
            found.append(limit())
            with with_timeouts(database.bulk_timeouts(Settings())):
                found.append(limit())
            db.session.rollback()
            found.append(limit())
            return [*found, str(db.session.scalar(text("SHOW jit")))]

    assert outside(as_a_request) == ["4s", "2min", "4s", "off"]
    assert limit() == "0"


@pytest.mark.one_engine("postgresql", reason="connections of SQLite do not die")
@pytest.mark.parametrize("what", ["list", "edit", "act"])
def test_a_connection_that_dies_at_any_moment_is_our_page(
    app: Flask, stage: Stage, cast: Cast, what: str
) -> None:
    """Kill it before each statement in turn, including the COMMIT and the end of the request."""
    client = stage.app.test_client().sign_in("olivia")
    vera = cast.vera.id

    def once(version: int) -> Any:
        if what == "list":
            return client.get("/admin/users/")
        if what == "edit":
            return edit(client, "users", vera, version=version, first_name=f"Vera {version}")
        return client.post("/admin/users/actions/end-sessions", {"row": [vera]})

    client.token()
    assert once(cast.vera.version).status_code < 400
    statuses = []
    texts = ""
    for number in range(100):
        settle()
        version = cast.vera.version
        with killer(stage, number) as killed:
            answer = once(version)
        assert "X-Request-ID" in answer.headers
        if not killed:
            break
        statuses.append(answer.status_code)
        texts += answer.text if answer.status_code == 503 else ""
    assert len(statuses) > 3
    assert set(statuses) <= {200, 303, 503}, "a commit that was kept may still be answered"
    assert 503 in statuses
    assert ("It may be done, or not at all" in texts) is (what != "list"), (
        "the COMMIT was not answered"
    )


@contextmanager
def killer(stage: Stage, number: int) -> Iterator[list[int]]:
    """Kill the request's connection just before its statement with this number.

    Yields a list that holds the process id once it was killed.
    """
    seen = [0]
    killed = list[int]()

    def strike(connection: Any) -> None:
        if seen[0] == number:
            pid = connection.connection.driver_connection.info.backend_pid
            stage.database.connection.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])  # type: ignore[attr-defined]  # PostgreSQL's
            killed.append(pid)
        seen[0] += 1

    def statement(connection: Any, *_more: Any) -> None:
        strike(connection)

    with stage.app.app_context():
        engine = db.engine
    listeners = (("before_cursor_execute", statement), ("commit", strike), ("rollback", strike))
    settle()
    try:
        for name, listener in listeners:
            event.listen(engine, name, listener)
        yield killed
    finally:
        for name, listener in listeners:
            event.remove(engine, name, listener)
