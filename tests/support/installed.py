"""The product as others install it: from a wheel, in an environment outside the repository."""

import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile
from sysconfig import get_path

from tests.house.source import ROOT, tracked

# What the wheel is made of, and what its description needs.
PARTS = ("app.py", "backoffice", "forms", "migrations", "views")
BESIDE = ("pyproject.toml", "requirements.txt", "README.md", "LICENSE")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")


@dataclass(frozen=True)
class Installed:
    """An environment with the product; what the product needs is that of the tests.

    `wheel` is the path of what was installed.
    """

    folder: Path
    wheel: str

    @property
    def python(self) -> str:
        return str(self.folder / "bin" / "python")

    def run(self, cwd: Path, *command: str, **more: str) -> str:
        """Run a program of the environment, such as `flask`, and return what it prints.

        If it fails, AssertionError has the output.
        """
        done = subprocess.run(
            (self.python, "-m", *command),
            cwd=cwd,
            env=environment(**more),
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-20_000:]}\n{done.stderr[-5_000:]}"
        return done.stdout

    def start(self, cwd: Path, *command: str, **more: str) -> subprocess.Popen[bytes]:
        """Start a program of the environment beside the test, which has to end it."""
        return subprocess.Popen((self.python, "-m", *command), cwd=cwd, env=environment(**more))


def environment(**more: str) -> dict[str, str]:
    """Return an environment that knows nothing of the repository and of the tests."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | more


def sources(folder: Path) -> Path:
    """Copy what the wheel is made of, for setuptools builds beside its sources."""
    for path in tracked():
        if path.parts[0] in (*PARTS, *BESIDE):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            copyfile(ROOT / path, folder / path)
    return folder


def wheel(source: Path, folder: Path) -> Path:
    """Build the wheel of a copy of the sources without the network, and return its path."""
    options = ("--no-build-isolation", "--no-deps", "--no-index", "--wheel-dir", str(folder))
    subprocess.run((*PIP, "wheel", *options, str(source)), check=True, capture_output=True)
    (built,) = folder.glob("backoffice-*.whl")
    return built


def install(folder: Path, *wheels: Path) -> Installed:
    """Make an environment with these wheels, of which the product is the first."""
    venv.create(folder, with_pip=False, symlinks=True)
    made = Installed(folder, str(wheels[0]) if wheels else "")
    (site,) = (folder / "lib").glob("python*/site-packages")
    (site / "requirements.pth").write_text(f"{get_path('purelib')}\n")
    for name in ("flask", "pip"):  # whose programs lie with the requirements
        program = folder / "bin" / name
        program.write_text(f'#!/bin/sh\nexec {made.python} -m {name} "$@"\n')
        program.chmod(0o755)
    if not wheels:
        return made
    into = (*PIP, "--python", made.python, "install", "--no-deps", "--no-index", "--no-compile")
    subprocess.run((*into, *map(str, wheels)), check=True, capture_output=True)
    return made
