"""Carries out a Dockerfile in a scratch folder, for machines that have no containers.

It knows the instructions that ours use. The base image is an environment of Python in which the
requirements are there already; nothing is fetched.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from tests.support.installed import Installed, environment

OFFLINE = {
    "PIP_NO_INDEX": "1",
    "PIP_NO_BUILD_ISOLATION": "false",  # which switches the isolation off, as pip reads it
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}


@dataclass
class Image:
    """What a Dockerfile makes, below `root`.

    Attributes:
        user: who runs the command, which is only remembered.
        command, healthcheck: what a container runs.
    """

    root: Path
    context: Path
    base: Installed
    arguments: dict[str, str] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "root"
    command: list[str] = field(default_factory=list)
    healthcheck: str = ""

    def build(self, **arguments: str) -> "Image":
        """Carry out the Dockerfile of the context, with these build arguments."""
        text = (self.context / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
        for line in text.splitlines():
            if line and not line.startswith("#"):
                instruction, _blank, rest = line.partition(" ")
                if instruction == "ARG":
                    name, _equals, default = rest.partition("=")
                    self.arguments[name] = arguments.get(name, default)
                else:
                    getattr(self, f"_{instruction.lower()}")(rest)
        return self

    def run(self, command: str, **more: str) -> str:
        """Run a shell command as in a container, and return what it prints."""
        done = subprocess.run(
            command, shell=True, cwd=self.here, env=self.environment(**more),
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout[-5000:]}\n{done.stderr[-5000:]}"
        return done.stdout

    def start(self, port: int, **more: str) -> subprocess.Popen[bytes]:
        """Start the command of the image, at another port."""
        command = [part.replace("8000", str(port)) for part in self.command]
        return subprocess.Popen(command, cwd=self.here, env=self.environment(**more))

    def is_healthy(self, port: int) -> bool:
        """Ask as the image says that a container is to be asked."""
        command = self.healthcheck.replace("8000", str(port))
        done = subprocess.run(
            command, shell=True, env=self.environment(), check=False, capture_output=True
        )
        return done.returncode == 0

    @property
    def here(self) -> Path:
        return self.root / self.folder.lstrip("/")

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of a container, in which programs are those of the base."""
        path = f"{self.base.folder / 'bin'}:{os.environ['PATH']}"
        return environment(**OFFLINE) | {"PATH": path} | self.arguments | self.environ | more

    def _from(self, image: str) -> None:
        assert re.search(r"python:3\.\d+", image)

    def _env(self, rest: str) -> None:
        self.environ |= dict(pair.split("=", 1) for pair in shlex.split(rest))

    def _workdir(self, folder: str) -> None:
        self.folder = folder
        self.here.mkdir(parents=True, exist_ok=True)

    def _copy(self, rest: str) -> None:
        *sources, target = rest.split()
        for source in sources:
            path, into = self.context / source, self.here / target
            if path.is_dir():
                shutil.copytree(path, into, dirs_exist_ok=True)
            else:
                shutil.copy(path, into)

    def _run(self, command: str) -> None:
        self.run(command)

    def _user(self, user: str) -> None:
        self.user = Template(user).substitute(self.arguments)

    def _volume(self, folder: str) -> None:
        assert folder == self.folder

    def _expose(self, port: str) -> None:
        assert port == "8000"

    def _healthcheck(self, rest: str) -> None:
        self.healthcheck = rest.removeprefix("CMD ")

    def _cmd(self, rest: str) -> None:
        self.command = json.loads(rest)
