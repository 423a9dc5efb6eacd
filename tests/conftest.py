"""The fixtures of all tests; a test that uses `app` runs twice, on SQLite and on PostgreSQL."""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis
from playwright.sync_api import Browser

from backoffice import clock, limits
from backoffice.auth.totp import STEP
from backoffice.extensions import db
from backoffice.testing import browser
from backoffice.testing import cast as the_cast
from backoffice.testing.client import Client
from backoffice.testing.databases import worker_name
from backoffice.testing.stage import Stage, migrated
from tests.support import worker_process
from tests.support import zoo as the_zoo
from tests.support.databases import SharedWorkshop
from tests.support.installed import Installed, install, sources, wheel
from tests.support.patience import PATIENCE
from tests.support.smtp import Server
from tests.support.statements import Statements, counted

pytest_plugins = ["backoffice.testing.fixtures"]
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
    config.stash[FOLDER] = Path(given) if given else SharedWorkshop.new_folder()


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
        SharedWorkshop(config.stash[FOLDER], migrated).close()


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


@pytest.fixture(scope="session")
def workshop(pytestconfig: pytest.Config) -> SharedWorkshop:
    return SharedWorkshop(pytestconfig.stash[FOLDER], migrated)


# --- what tests ask for, besides the fixtures of companies ---


@pytest.fixture
def zoo(stage: Stage, world: Callable[[str, Callable[[], Any]], None]) -> the_cast.Cast:
    """Add the cast among 65 people who are much alike, with groups, tags and a bulk run."""
    world("zoo", partial(the_zoo.build, stage.settings))
    return the_cast.Cast()


@pytest.fixture(autouse=True)
def unhurried(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pages ask for what they can do without as long as it takes on a busy machine."""
    if "app" not in request.fixturenames:
        return
    for name in ("FIND", "FIND_IN_LIST", "VIEW_COUNTS", "VIEW_COUNT"):
        monkeypatch.setattr(limits, name, PATIENCE)


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
def entered(app: Flask) -> Callable[[str], Client]:
    """Return a function that signs somebody in, in a browser of their own: `entered("vera")`."""

    def sign_in(name: str) -> Client:
        other = app.test_client()
        assert isinstance(other, Client)
        return other.sign_in(name)

    return sign_in


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
def blank_database(workshop: SharedWorkshop, engine_name: str) -> str:
    """Return the URL of a database without tables, for migrations and first installations."""
    return workshop.blank(engine_name, worker_name())


@pytest.fixture(scope="session")
def installed(workshop: SharedWorkshop) -> Installed:
    """Return an environment in which the product is installed from its wheel, one for all."""
    folder = workshop.folder / "installed"
    with workshop.once("installed") as first:
        if not first:
            (built,) = (folder / "wheels").iterdir()
            return Installed(folder / "venv", str(built))
        shutil.rmtree(folder, ignore_errors=True)
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


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Yield a Chromium; where there is none, tests that need it fail."""
    with browser.chromium() as running:
        yield running
