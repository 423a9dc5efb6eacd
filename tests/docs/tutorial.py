"""docs/tutorial.md as its reader takes it: files to write and commands to type.

A copy of the code is there to do it in.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.house.source import ROOT, tracked

TEXT = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
BLOCK = re.compile(
    r"^(?:\*\*(?P<path>[^*\n]+)\*\*\n\n)?```(?P<kind>\w*)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
MIGRATION = "make migration"
ENGINES = "BACKOFFICE_TEST_ENGINES"  # the setting of tests/conftest.py


@dataclass(frozen=True)
class Block:
    """One code block: a file if a path stands above it, else commands."""

    path: str
    kind: str
    code: str

    @property
    def lines(self) -> list[str]:
        """The lines that count: neither blank nor a comment, but imports and docstrings."""
        stripped = (line.strip() for line in self.code.splitlines())
        return [line for line in stripped if line and not line.startswith("#")]


def blocks(text: str = TEXT) -> list[Block]:
    """Return every code block of the page, in order."""
    return [
        Block(found["path"] or "", found["kind"], found["code"]) for found in BLOCK.finditer(text)
    ]


def files() -> list[Block]:
    """Return the files to write, in order; a path that comes twice is written anew."""
    return [block for block in blocks() if block.path]


def commands() -> list[str]:
    """Return the commands to type, in order."""
    return [line for block in blocks() if block.kind == "sh" for line in block.lines]


@dataclass(frozen=True)
class Copy:
    """The repository's code in a folder of its own.

    Its environment counts as installed.
    """

    folder: Path

    @classmethod
    def of_repository(cls, folder: Path) -> "Copy":
        for path in tracked():
            if path.parts[:2] != ("docs", "images") and path.parts[0] != "benchmarks":
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / path, folder / path)
        (folder / ".venv").mkdir()
        for stamp in ("runtime.stamp", "dev.stamp"):
            (folder / ".venv" / stamp).touch()
        return cls(folder)

    def write(self, block: Block) -> None:
        (self.folder / block.path).write_text(block.code, "utf-8")

    def passed(self, *files: str) -> int:
        """Run test files of the copy on the engines of this run; return how many tests passed.

        Raises AssertionError with the output where one fails or is skipped.
        """
        ours = ("PYTEST", "BACKOFFICE")
        environ = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
        environ[ENGINES] = os.environ.get(ENGINES, "sqlite,postgresql")
        options = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist")
        output = self.run(sys.executable, "-m", "pytest", *options, *files, **environ)
        assert "skipped" not in output
        found = re.search(r"(\d+) passed", output)
        return int(found[1]) if found else 0

    def run(self, *command: str, **environ: str) -> str:
        """Run a program of the environment in the copy, and return its output.

        If it fails, AssertionError has the output.
        """
        done = subprocess.run(
            command, cwd=self.folder, env=environ, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, (
            f"{' '.join(command)}\n{done.stdout[-20_000:]}\n{done.stderr[-5_000:]}"
        )
        return done.stdout
