"""The fixtures of tests: `pytest_plugins = ["backoffice.testing.fixtures"]` in a conftest.py.

Tests run on SQLite, or on the server of DATABASE_URL if that is PostgreSQL; the database that it
names is left alone.
"""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from backoffice.extensions import db
from backoffice.policy.shipped import SHIPPED
from backoffice.testing import browser
from backoffice.testing import cast as the_cast
from backoffice.testing import chromium as the_chromium
from backoffice.testing.client import Client
from backoffice.testing.databases import Workshop, worker_name
from backoffice.testing.stage import Stage, made, migrated, settings_for
from backoffice.urls import DatabaseURL

if TYPE_CHECKING:  # playwright may be missing
    from playwright.sync_api import Browser, Page

Enter = Callable[[str, Callable[[], Any]], None]


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark of tests that need a browser."""
    config.addinivalue_line("markers", "browser: drives a real Chromium")


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """Yield where databases are made; the product's own tests have another one."""
    url = os.environ.get("DATABASE_URL", "")
    server = DatabaseURL(url).url if url.startswith("postgres") else None
    workshop = Workshop(tmp_path_factory.mktemp("databases"), migrated, server)
    yield workshop
    workshop.close()


@pytest.fixture
def engine_name(workshop: Workshop) -> str:
    """Return `sqlite` or `postgresql`."""
    return "postgresql" if workshop.server else "sqlite"


@pytest.fixture(scope="session")
def port() -> int:
    """Return a free port of this worker.

    It has to be known before the app is made, because the base URL contains it.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def stages(workshop: Workshop, port: int) -> Iterator[Callable[[str], Stage]]:
    """Return a function that gives the stage of an engine and sets it up at the first call."""
    ready: dict[str, Stage] = {}

    def stage(engine: str) -> Stage:
        if engine not in ready:
            database = workshop.database(engine, worker_name())
            uploads = workshop.folder / f"uploads-{worker_name()}-{engine}"
            settings = settings_for(
                database.url, base_url=f"http://127.0.0.1:{port}", uploads_dir=uploads
            )
            app = made(settings)
            with app.app_context():
                database.disconnect = db.engine.dispose
            ready[engine] = Stage(app, database, settings)
        return ready[engine]

    yield stage
    for each in ready.values():
        each.database.close()


@pytest.fixture
def stage(engine_name: str, stages: Callable[[str], Stage]) -> Stage:
    return stages(engine_name)


@pytest.fixture
def app(stage: Stage) -> Iterator[Flask]:
    """Yield the product on a migrated database, inside an app context.

    The client does not share the session of that context.
    """
    stage.clear()
    with stage.app.app_context():
        yield stage.app
        db.session.rollback()


@pytest.fixture
def app_with(stage: Stage, app: Flask) -> Iterator[Callable[..., Flask]]:
    """Return a function that makes another app on the same database with other settings.

    For example: `app_with(session_idle=timedelta(minutes=1))`.
    """
    with ExitStack() as at_the_end:

        def build(**others: Any) -> Flask:
            other = made(replace(stage.settings, **others))
            with other.app_context():
                at_the_end.callback(db.engine.dispose)
            at_the_end.callback(other.extensions["jobs"].close)
            return other

        yield build


@pytest.fixture
def world(stage: Stage, app: Flask) -> Enter:
    """Return a function that puts the database into a named state.

    `world("name", build)` calls `build` once per worker, and restores what it made from then on.
    """
    return stage.database.enter


@pytest.fixture
def cast(stage: Stage, world: Enter) -> the_cast.Cast:
    """Add olivia (Administrators), max (Managers), vera (Viewers) and eve, who is blocked."""
    world("cast", partial(the_cast.build, stage.settings))
    return the_cast.Cast()


@pytest.fixture
def staff(stage: Stage, world: Enter) -> list[str]:
    """Add the cast and one member of every shipped group, named like the key of the group.

    The value is the list of these names.
    """
    world("staff", partial(the_cast.build_staff, stage.settings))
    return [shipped.key for shipped in SHIPPED]


@pytest.fixture
def client(app: Flask) -> Client:
    """Return a visitor who has not signed in; `app.test_client()` makes further ones."""
    visitor = app.test_client()
    assert isinstance(visitor, Client)
    return visitor


@pytest.fixture
def signed_in(app: Flask, cast: the_cast.Cast) -> Callable[[str], Client]:
    """Return a function that signs in one of the cast and returns a client: `signed_in("max")`."""

    def sign_in(name: str) -> Client:
        visitor = app.test_client()
        assert isinstance(visitor, Client)
        return visitor.sign_in(name)

    return sign_in


@pytest.fixture
def run(app: Flask) -> Callable[..., Any]:
    """Return a function that runs a command: `run("backoffice", "demo")` gives click's result."""
    return lambda *arguments, **options: app.test_cli_runner().invoke(
        args=list(arguments), **options
    )


@pytest.fixture
def live_server(app: Flask, port: int) -> Iterator[str]:
    """Serve the app behind a real socket, and yield its address."""
    with browser.serving(app, port) as address:
        yield address


@pytest.fixture(scope="session")
def chromium() -> "Iterator[Browser]":
    """Yield a Chromium; tests that need one are skipped where there is none."""
    if reason := the_chromium.missing():
        pytest.skip(reason)
    with browser.chromium() as running:
        yield running


@pytest.fixture
def visitor(chromium: "Browser", live_server: str) -> "Iterator[tuple[Page, browser.Witness]]":
    with browser.visit(chromium, live_server) as both:
        yield both


@pytest.fixture
def page(visitor: "tuple[Page, browser.Witness]") -> "Page":
    """Yield a Playwright page at the live server.

    Errors, CSP violations and requests to other hosts fail the test.
    """
    return visitor[0]


@pytest.fixture
def witness(visitor: "tuple[Page, browser.Witness]") -> browser.Witness:
    """Yield the complaints of the page so far; a test that expects one checks and clears it."""
    return visitor[1]
