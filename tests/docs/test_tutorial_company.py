"""docs/tutorial-company.md has the files that the comparison counts, and keeps its promises.

`tests/stories/test_lowcode.py` walks through what they make, on each engine and in a browser.
"""

import re
from pathlib import Path

import pytest

from benchmarks.lowcode.features import APART, OURS
from benchmarks.lowcode.report import Result
from tests.docs.tutorial import Block, blocks
from tests.house.source import ROOT

TEXT = (ROOT / "docs" / "tutorial-company.md").read_text("utf-8")
PACKAGE = OURS.folder / "acme"
MARKERS = re.compile(r"^ *# feature: .*\n", re.MULTILINE)
FILES = {block.path: block for block in blocks(TEXT) if block.path}


def written(path: Path) -> str:
    """Return a file of the package as the tutorial shows it."""
    return MARKERS.sub("", path.read_text("utf-8"))


def test_tutorial_has_every_file_of_the_package_and_no_other() -> None:
    present = {f"acme/{path.relative_to(PACKAGE)}" for path in PACKAGE.rglob("*.py")}
    empty = {path for path in present if path.endswith("__init__.py")}
    assert set(FILES) == present - empty
    shell = "\n".join(block.code for block in blocks(TEXT) if block.kind == "sh")
    assert [path for path in sorted(empty) if path not in shell] == []


@pytest.mark.parametrize("path", FILES)
def test_each_file_is_the_one_that_is_walked_through(path: str) -> None:
    assert FILES[path].code == written(PACKAGE.parent / path)


def test_it_is_at_most_sixty_lines_beside_models_and_migrations() -> None:
    counts = Result.of(OURS).counts
    lines = sum(count.lines for feature, count in counts.items() if feature not in APART)
    assert 0 < lines <= 60


def test_its_commands_are_those_that_there_are() -> None:
    known = re.compile(
        r"mkdir |touch |export BACKOFFICE_APPS=acme PYTHONPATH=\$PWD$|psql |sqlite3 |"
        r"flask --app app (db upgrade|backoffice (new-migration acme \"Begin\"|check))$|"
        r"BACKOFFICE_ENV=demo flask --app app backoffice serve$"
    )
    commands = [line for block in blocks(TEXT) if block.kind == "sh" for line in lines_of(block)]
    assert commands
    assert [command for command in commands if not known.match(command)] == []


def lines_of(block: Block) -> list[str]:
    return [line for line in block.code.splitlines() if line]
