"""`new-app` writes a repository altogether, or says why it writes nothing."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from backoffice import __version__
from backoffice.scaffold.repository import WHEEL

pytestmark = pytest.mark.one_engine("sqlite", reason="nothing is asked of a database")
NewApp = Callable[..., Result]


@pytest.fixture
def new_app(run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NewApp:
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: run("backoffice", "new-app", *arguments)


def test_a_repository_is_written(new_app: NewApp, tmp_path: Path) -> None:
    wheel = tmp_path / WHEEL
    wheel.write_bytes(b"the product")
    said = new_app("acme", "--wheel", str(wheel))
    assert said.exit_code == 0
    commands = [line.split("  ")[1] for line in said.output.partition("Then:\n")[2].splitlines()]
    assert commands == ["cd acme", "make run", "make test", "git init && git add ."]
    folder = tmp_path / "acme"
    assert (folder / "wheels" / WHEEL).read_bytes() == b"the product"
    assert f"backoffice=={__version__}" in (folder / "pyproject.toml").read_text()
    assert f"./wheels/{WHEEL}\n" in (folder / "requirements.txt").read_text()
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".whl"]
    texts = [path.read_text() for path in files]
    assert len(texts) > 15
    assert not [text for text in texts if "{{" in text]
    assert {path.name for path in tmp_path.iterdir()} == {"acme", WHEEL}


def test_what_is_written_pleases_the_linter(new_app: NewApp, tmp_path: Path) -> None:
    new_app("acme")
    ruff = (sys.executable, "-m", "ruff")
    rules = ("--isolated", "--no-cache", "--select", "E4,E7,E9,F,I,UP,B,W,PT,RET,SIM")
    for command in (("check", *rules), ("format", "--isolated", "--no-cache", "--check")):
        options = ("--config", "line-length=100")
        done = subprocess.run(
            (*ruff, *command, *options),
            cwd=tmp_path / "acme",
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "name, words",
    [
        ("Acme", "small letters"),
        ("acme-stock", "small letters"),
        ("../Acme", "small letters"),
        ("..", "small letters"),
        ("acme.stock", "small letters"),
        ("2acme", "small letters"),
        ("äcme", "small letters"),
        ("a" * 41, "at most 40"),
        ("a" * 100_000, "at most 40"),
        ("class", "can be called class"),
        ("_acme", "can be called _acme"),
        ("email", "is called email already"),
        ("backoffice", "is called backoffice already"),
        ("views", "is called views already"),
        ("migrations", "is called migrations already"),
        ("app", "is called app already"),
        ("flask", "is called flask already"),
        ("wheels", "is called wheels already"),
    ],
)
def test_a_name_that_no_package_can_have_is_refused(
    new_app: NewApp, tmp_path: Path, name: str, words: str
) -> None:
    said = new_app(name)
    assert said.exit_code == 1
    assert words in said.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_nothing_is_written_over(new_app: NewApp, tmp_path: Path, kind: str) -> None:
    there = tmp_path / "acme"
    if kind == "folder":
        there.mkdir()
    elif kind == "file":
        there.write_text("mine")
    else:
        there.symlink_to("nowhere")
    said = new_app("acme")
    assert said.exit_code == 1
    assert "exists already" in said.output
    assert list(tmp_path.iterdir()) == [there]
    assert not there.is_dir() or not list(there.iterdir())


def test_it_may_be_written_beside_what_is_here(
    new_app: NewApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "product").mkdir()
    monkeypatch.chdir(tmp_path / "product")
    said = new_app("../acme")
    assert (said.exit_code, "cd ../acme\n" in said.output) == (0, True)
    assert (tmp_path / "acme" / "acme" / "models" / "warehouse.py").exists()
    assert list((tmp_path / "product").iterdir()) == []


@pytest.mark.parametrize("path", ["nowhere/acme", f"{'a' * 300}/acme"])
def test_a_folder_that_cannot_be_is_said_to_be_none(
    new_app: NewApp, tmp_path: Path, path: str
) -> None:
    said = new_app(path)
    assert (said.exit_code, "Nothing was written" in said.output) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_the_wheel_of_another_version_is_refused(new_app: NewApp, tmp_path: Path) -> None:
    wheel = tmp_path / "backoffice-99.0.0-py3-none-any.whl"
    wheel.touch()
    said = new_app("acme", "--wheel", str(wheel))
    assert (said.exit_code, WHEEL in said.output) == (1, True)
    assert list(tmp_path.iterdir()) == [wheel]


def test_a_disk_that_refuses_leaves_nothing(
    new_app: NewApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, *_text: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    said = new_app("acme")
    assert (said.exit_code, "No space left" in said.output) == (1, True)
    assert list(tmp_path.iterdir()) == []
