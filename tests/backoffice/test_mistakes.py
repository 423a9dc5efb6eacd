"""A mistake in what a company declares is told in one sentence, wherever the product is started."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest

from tests.house.source import ROOT
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.one_engine("sqlite", reason="the start asks no database")
RIGHT = '''"""Crates, and their screen."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Entity
from views.screen import Screen


class Crate(Entity):
    __tablename__ = "crates"
    name: Mapped[str] = mapped_column(String(80))


class Crates(Screen):
    model = Crate
    form_columns = ("name",)
'''
WRONG = RIGHT.replace("form_columns", "form_colums")
TOLD = (
    "screens/crates.py:15: Crates: there is no option 'form_colums': did you mean 'form_columns'?\n"
)
FLASK = ("-m", "flask", "--app", "app")


@pytest.fixture
def screens(tmp_path: Path) -> Path:
    """Return the file of a package that has a screen with a mistake."""
    file = tmp_path / "boxes" / "screens" / "crates.py"
    file.parent.mkdir(parents=True)
    for folder in (file.parent, file.parent.parent):
        (folder / "__init__.py").touch()
    file.write_text(WRONG)
    return file


def environment(screens: Path) -> dict[str, str]:
    folder = screens.parents[2]
    return os.environ | {
        "BACKOFFICE_ENV": "development",
        "BACKOFFICE_APPS": "boxes",
        "DATABASE_URL": f"sqlite:///{folder / 'boxes.sqlite3'}",
        "PYTHONPATH": str(folder),
    }


def run(screens: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, *command),
        cwd=ROOT,
        env=environment(screens),
        check=False,
        capture_output=True,
        text=True,
    )


def test_a_command_says_nothing_but_the_mistake(screens: Path) -> None:
    done = run(screens, *FLASK, "backoffice", "check")
    assert done.returncode == 4
    assert done.stdout == ""
    assert done.stderr == f"Backoffice cannot start:\n  - {screens.parents[1]}/{TOLD}"


def test_gunicorn_gives_up_with_the_mistake(screens: Path) -> None:
    done = run(screens, "-m", "gunicorn", "--bind", "127.0.0.1:0", "app:create_app()")
    assert done.returncode == 4
    assert TOLD in done.stderr
    assert "Traceback" not in done.stderr


def test_whoever_asks_for_the_traceback_gets_it(screens: Path) -> None:
    done = run(screens, *FLASK, "--debug", "backoffice", "check")
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert TOLD in done.stderr


@pytest.fixture
def served(screens: Path) -> Iterator[str]:
    """Yield the address of a server that starts anew when code changes, and has no mistake yet."""
    screens.write_text(RIGHT)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    said = (screens.parents[2] / "said.txt").open("w")
    server = subprocess.Popen(
        (sys.executable, *FLASK, "run", "--debug", "--port", port),
        cwd=ROOT,
        env=environment(screens) | {"PORT": port},
        stderr=said,
        stdout=said,
        start_new_session=True,
    )
    yield f"http://127.0.0.1:{port}/healthz"
    os.killpg(server.pid, 15)
    server.wait(PATIENCE)
    said.close()


def answer(address: str, status: HTTPStatus) -> str:
    """Return what is answered as soon as it has this status."""
    for _again in range(int(PATIENCE * 5)):
        try:
            got, text = HTTPStatus.OK, urlopen(address).read().decode()
        except HTTPError as error:
            got, text = HTTPStatus(error.code), error.read().decode()
        except URLError:
            got, text = HTTPStatus.BAD_GATEWAY, ""
        if got == status:
            return text
        time.sleep(0.2)
    raise AssertionError(f"the server never answered {status}")


@pytest.mark.slow
def test_a_server_that_starts_anew_waits_until_it_is_mended(screens: Path, served: str) -> None:
    answer(served, HTTPStatus.OK)
    screens.write_text(WRONG)
    assert answer(served, HTTPStatus.INTERNAL_SERVER_ERROR).endswith(TOLD.rstrip())
    screens.write_text(RIGHT)
    answer(served, HTTPStatus.OK)
    said = (screens.parents[2] / "said.txt").read_text()
    assert said.count(TOLD) == 1
    assert "Traceback" not in said
