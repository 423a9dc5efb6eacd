"""The tutorial keeps its promises.

Its files are written, its commands typed, and the result is walked through.
"""

import os
import re
import sys
from pathlib import Path

import pytest

from tests.docs.tutorial import MIGRATION, Block, Copy, blocks, commands, files

BIN = Path(sys.executable).parent
SCREEN, ACTION, SCOPE = (
    "views/admin/warehouses.py",
    "backoffice/actions/warehouses.py",
    "backoffice/policy/warehouses.py",
)
# How far a reader has come: up to the action, or to the end of the page.
STEPS = {"action": ["walk_warehouses.py", "walk_closing.py"], "end": ["walk_stores.py"]}


def first(path: str) -> Block:
    return next(block for block in files() if block.path == path)


def reader(folder: Path, step: str) -> Copy:
    """Return a copy of the code in which the page was followed up to this step."""
    copy = Copy.of_repository(folder)
    for block in files():
        if step == "action" and block.path == SCOPE:
            break
        copy.write(block)
    migration = next(command for command in commands() if command.startswith(MIGRATION))
    copy.run("sh", "-c", f"{migration} BIN={BIN}", **os.environ)
    return copy


def test_tutorial_has_only_blocks_that_are_carried_out() -> None:
    known = re.compile(
        r"make migration |make run$|export BACKOFFICE_ENV=demo$|"
        r"\.venv/bin/flask --app app backoffice act "
    )
    assert [block for block in blocks() if not block.path and block.kind != "sh"] == []
    assert [block.path for block in files() if block.kind != "python"] == []
    assert [command for command in commands() if not known.match(command)] == []


def test_screen_is_at_most_ten_lines() -> None:
    assert len(first(SCREEN).lines) <= 10


def test_action_is_at_most_25_lines() -> None:
    assert len(first(ACTION).lines) <= 25


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_what_the_reader_has_then_works(tmp_path: Path, step: str) -> None:
    copy = reader(tmp_path / "copy", step)
    assert copy.passed(*(f"tests/docs/{name}" for name in STEPS[step])) > 0


def test_what_the_reader_writes_pleases_the_linter(tmp_path: Path) -> None:
    copy = Copy.of_repository(tmp_path / "copy")
    for block in files():
        copy.write(block)
    written = [block.path for block in files()]
    checked = copy.run(str(BIN / "ruff"), "check", "--no-cache", *written, **os.environ)
    formatted = copy.run(
        str(BIN / "ruff"), "format", "--no-cache", "--check", *written, **os.environ
    )
    assert "All checks passed" in checked
    assert "already formatted" in formatted
