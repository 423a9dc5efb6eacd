"""The fixtures of all tests; a test that uses `app` runs twice, on SQLite and on PostgreSQL."""

import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis
from playwright.sync_api import Browser, Page

from app import create_app
from backoffice import clock
from backoffice.auth.totp import STEP
from backoffice.extensions import db
from backoffice.policy.shipped import SHIPPED
from backoffice.settings import Settings
from tests.support import browser, worker_process
from tests.support import cast as the_cast
from tests.support import zoo as the_zoo
from tests.support.client import Client, Runner
from tests.support.databases import Database, Workshop, worker_name
from tests.support.installed import Installed, install, sources, wheel
from tests.support.smtp import Server
from tests.support.statements import Statements, counted

os.environ["LC_ALL"] = "C.UTF-8"  # commands speak the language of their shell
ENGINES = os.environ.get("BACKOFFICE_TEST_ENGINES", "sqlite,postgresql").split(",")
FOLDER = pytest.StashKey[Path]()

# The time of one example says nothing on a shared machine, and the database is restored once for a
# test, not for every example.
PER_TEST = [HealthCheck.function_scoped_fixture]
# In CI the examples are always the same: what fails there is the change. Elsewhere each run tries
# others.
IN_CI = bool(os.environ.get("CI"))
hypothesis.register_profile(
    "house", deadline=None, suppress_health_check=PER_TEST, derandomize=IN_CI
)
hypothesis.load_profile("house")


# --- one folder for all workers: xdist's controller makes it and clears it away ---


def pytest_configure(config: pytest.Config) -> None:
    # CI's time limit: leave as tidily as on ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    given = getattr(config, "workerinput", {}).get("backoffice_folder")
    config.stash[FOLDER] = Path(given) if given else Workshop.new_folder()


@pytest.hookimpl(optionalhook=True)  # of xdist: unknown under `-p no:xdist`
def pytest_configure_node(node: Any) -> None:
    node.workerinput["backoffice_folder"] = str(node.config.stash[FOLDER])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return one more than there are cores: tests wait for locks, browsers and processes."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return cores + 1


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        Workshop(config.stash[FOLDER], migrated).close()


# --- both engines ---


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that uses an engine on each of them.

    `one_engine("sqlite", reason=...)` limits it to one.
    """
    if "engine_name" not in metafunc.fixturenames:
        return
    engines = ENGINES
    if marker := metafunc.definition.get_closest_marker("one_engine"):
        if not marker.kwargs.get("reason"):
            raise pytest.UsageError(f"{metafunc.definition.nodeid}: one_engine needs a reason")
        engines = [engine for engine in ENGINES if engine in marker.args]
    metafunc.parametrize("engine_name", engines)


def settings_for(url: str, **others: Any) -> Settings:
    """Return the settings of a test: the cheapest argon2, a fixed key, and long time limits."""
    values = {"BACKOFFICE_ENV": "test", "DATABASE_URL": url, "SECRET_KEY": "0123456789abcdef" * 4}
    values |= {"BASE_URL": "http://127.0.0.1", "ARGON2_MEMORY_KIB": "8", "ARGON2_TIME_COST": "1"}
    # Races have more threads than a server, on machines that do other things as well.
    values |= {
        "HASHING_SLOTS": "200",
        "DATABASE_LOCK_TIMEOUT": "20",
        "DATABASE_STATEMENT_TIMEOUT": "20",
    }
    values |= {"DATABASE_POOL_TIMEOUT": "20"}
    values |= {"BACKOFFICE_APPS": os.environ.get("BACKOFFICE_APPS", "")}  # of walks in packages
    # What the stories about throttles count to, whatever the product's defaults are.
    values |= {"FAILURES_PER_5_MINUTES": "5", "FAILURES_PER_HOUR": "20"}
    values |= {
        "DENIALS_PER_MINUTE": "100000",
        "EXPORTS_PER_HOUR": "100000",
        "AVATARS_PER_HOUR": "100000",
    }
    return replace(Settings.from_environment(values), **others)


def made(settings: Settings) -> Flask:
    """Make the product itself, with our client as its test client."""
    app = create_app(settings)
    worker_process.keep_tasks_in_memory(app)
    app.test_client_class = Client
    app.test_cli_runner_class = Runner
    app.config["TEST_BASE_URL"] = settings.base_url
    return app


def migrated(url: str) -> None:
    """Bring a blank database to the newest migration, as `flask db upgrade` does."""
    app = create_app(settings_for(url))
    with app.app_context():
        try:
            flask_migrate.upgrade(revision="heads")
        finally:
            db.engine.dispose()


@dataclass
class Stage:
    """The app and database of one engine.

    A worker keeps them to its end, because building either takes longer than a test.
    """

    app: Flask
    database: Database
    settings: Settings

    def clear(self) -> None:
        """Return the database and the uploads to what the migrations leave."""
        self.database.restore("empty")
        shutil.rmtree(self.settings.uploads_dir, ignore_errors=True)
        self.settings.uploads_dir.mkdir(parents=True)


@pytest.fixture(scope="session")
def workshop(pytestconfig: pytest.Config) -> Workshop:
    return Workshop(pytestconfig.stash[FOLDER], migrated)


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


# --- what tests ask for ---


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
def world(stage: Stage, app: Flask) -> Callable[[str, Callable[[], Any]], None]:
    """Return a function that puts the database into a named state.

    `world("name", build)` calls `build` once per worker, and restores what it made from then on.
    """
    return stage.database.enter


@pytest.fixture
def cast(stage: Stage, world: Callable[[str, Callable[[], Any]], None]) -> the_cast.Cast:
    """Add olivia (Administrators), max (Managers), vera (Viewers) and eve, who is blocked."""
    world("cast", partial(the_cast.build, stage.settings))
    return the_cast.Cast()


@pytest.fixture
def staff(stage: Stage, world: Callable[[str, Callable[[], Any]], None]) -> list[str]:
    """Add the cast and one member of every shipped group, named like the key of the group.

    The value is the list of these names.
    """
    world("staff", partial(the_cast.build_staff, stage.settings))
    return [shipped.key for shipped in SHIPPED]


@pytest.fixture
def zoo(stage: Stage, world: Callable[[str, Callable[[], Any]], None]) -> the_cast.Cast:
    """Add the cast among 65 people who are much alike, with groups, tags and a bulk run."""
    world("zoo", partial(the_zoo.build, stage.settings))
    return the_cast.Cast()


@pytest.fixture
def olivia(zoo: the_cast.Cast, client: Client) -> Client:
    """Sign in olivia, who may do everything, among the people of `zoo`."""
    return client.sign_in("olivia")


@pytest.fixture
def boss(app: Flask, staff: list[str]) -> Client:
    """The main administrator, who may block and appoint staff, but neither managers nor viewers."""
    visitor = app.test_client().sign_in("main_administrator")
    assert isinstance(visitor, Client)
    return visitor


@pytest.fixture
def client(app: Flask) -> Client:
    """Return a visitor who has not signed in; `app.test_client()` makes further ones."""
    visitor = app.test_client()
    assert isinstance(visitor, Client)
    return visitor


@pytest.fixture
def still() -> Iterator[datetime]:
    """Stop the product's clock for the test, its threads and its live server; yield what it shows.

    It shows the beginning of the present step of authenticator apps. However long the machine
    takes, a code stays the present one, no minute passes, and no midnight comes between.
    """
    now = clock.now()
    now -= timedelta(seconds=now.second % STEP, microseconds=now.microsecond)
    with clock.at(now):
        yield now


@pytest.fixture
def run(app: Flask) -> Callable[..., Any]:
    """Return a function that runs a command: `run("backoffice", "demo")` gives click's result."""
    return lambda *arguments, **options: app.test_cli_runner().invoke(
        args=list(arguments), **options
    )


@pytest.fixture
def blank_database(workshop: Workshop, engine_name: str) -> str:
    """Return the URL of a database without tables, for migrations and first installations."""
    return workshop.blank(engine_name, worker_name())


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Return an environment in which the product is installed from its wheel."""
    folder = tmp_path_factory.mktemp("installed")
    return install(folder / "venv", wheel(sources(folder / "source"), folder / "wheels"))


@pytest.fixture
def statements(app: Flask) -> Callable[[], AbstractContextManager[Statements]]:
    """Return a function that collects SQL: `with statements() as seen:`; `len(seen)` counts it."""
    return lambda: counted(db.engine)


@pytest.fixture
def smtp() -> Iterator[Server]:
    """Run a mail server on loopback: `smtp.url`, `smtp.wait()[0].link`.

    tests/support/smtp.py says what else it can do.
    """
    server = Server()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def worker(stage: Stage, app: Flask) -> Iterator[Callable[..., Any]]:
    """Return a function that starts a worker process: `worker(smtp_url=smtp.url)`.

    The process uses the test's database and ends with the test. `killed=True` says that the test
    kills it.
    """
    with worker_process.shared_queue(app), ExitStack() as at_the_end:

        def start(*, killed: bool = False, **others: Any) -> Any:
            process = worker_process.start(stage.settings, **others)
            at_the_end.callback(worker_process.killed if killed else worker_process.ended, process)
            return process

        yield start


@pytest.fixture
def live_server(app: Flask, port: int) -> Iterator[str]:
    """Serve the app behind a real socket, and yield its address."""
    with browser.serving(app, port) as address:
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with browser.chromium() as running:
        yield running


@pytest.fixture
def visitor(chromium: Browser, live_server: str) -> Iterator[tuple[Page, browser.Witness]]:
    with browser.visit(chromium, live_server) as both:
        yield both


@pytest.fixture
def page(visitor: tuple[Page, browser.Witness]) -> Page:
    """Yield a Playwright page at the live server.

    Errors, CSP violations and requests to other hosts fail the test.
    """
    return visitor[0]


@pytest.fixture
def witness(visitor: tuple[Page, browser.Witness]) -> browser.Witness:
    """Yield the complaints of the page so far; a test that expects one checks and clears it."""
    return visitor[1]
