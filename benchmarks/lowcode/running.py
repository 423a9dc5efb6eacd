"""Run the applications of the peers, each with its own libraries, and walk through them.

`python -m benchmarks.lowcode.running [--peers django sqladmin]` makes an environment for each in
`.venv/lowcode`, installs what its `requirements.txt` names, and runs its `walk.py` in an empty
folder. Ours runs in the test suite (`tests/stories/test_lowcode.py`).
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.lowcode.features import PEERS, System

ENVIRONMENTS = Path(__file__).parents[2] / ".venv" / "lowcode"
QUIET = ("--quiet", "--disable-pip-version-check")


def main() -> None:
    """Walk through the peers that the command line names, by default all of them."""
    peers = {peer.folder.name: peer for peer in PEERS}
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lowcode.running")
    parser.add_argument("--peers", nargs="+", choices=peers, default=list(peers))
    for name in parser.parse_args().peers:
        walk(peers[name], environment(peers[name]))
        print(f"{peers[name].title}: every page and every action answers as it should.")


def environment(system: System) -> Path:
    """Return the Python of a peer's environment, which has all that it requires."""
    folder = ENVIRONMENTS / system.folder.name
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    requirements = system.folder / "requirements.txt"
    subprocess.run([python, "-m", "pip", "install", *QUIET, "-r", requirements], check=True)
    return python


def walk(system: System, python: Path) -> None:
    """Run the walk of a peer. Raises CalledProcessError if something answers otherwise."""
    environ = os.environ | {"PYTHONPATH": str(system.folder)}
    command = [python, "-W", "ignore", system.folder / "walk.py"]
    with tempfile.TemporaryDirectory(prefix="backoffice-lowcode-") as empty:
        subprocess.run(command, cwd=empty, env=environ, check=True)


if __name__ == "__main__":
    main()
