"""The Dockerfiles, of the product and of a company, are carried out, and what they make runs."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.house.source import ROOT, tracked
from tests.support.dockerfile import Image
from tests.support.installed import Installed, install
from tests.support.patience import PATIENCE

JOINED = "import app; print(app.create_app().extensions['apps'])"
SETTINGS = {"BASE_URL": "https://admin.example.com", "SECRET_KEY": "0123456789abcdef" * 3}


def context_of_product(folder: Path, _installed: Installed) -> Path:
    """Return the repository as a fresh clone has it."""
    for path in tracked():
        if path.parts[0] not in ("tests", "benchmarks", "docs"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes((ROOT / path).read_bytes())
    return folder


def context_of_company(folder: Path, installed: Installed) -> Path:
    command = ("flask", "backoffice", "new-app", "acme", "--wheel", installed.wheel)
    installed.run(folder.parent, *command)
    return folder.parent / "acme"


@pytest.mark.slow
@pytest.mark.one_engine("sqlite", reason="an image keeps its data in its volume")
@pytest.mark.parametrize("made", [context_of_product, context_of_company])
def test_an_image_is_built_serves_and_says_that_it_is_healthy(
    made: Callable[[Path, Installed], Path],
    installed: Installed,
    tmp_path: Path,
    port: int,
    engine_name: str,
) -> None:
    context = made(tmp_path / "context", installed)
    base = install(tmp_path / "base")
    image = Image(tmp_path / "root", context, base).build(UID=str(os.getuid()))
    image.run("flask db upgrade", **SETTINGS)
    assert not image.is_healthy(port)
    process = image.start(port, **SETTINGS)
    try:
        end = time.monotonic() + PATIENCE
        while not image.is_healthy(port):
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.2)
        assert b'"ready"' in urlopen(f"http://127.0.0.1:{port}/readyz").read()
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    assert (tmp_path / "root/data/instance/backoffice.sqlite3").exists()
    joined = image.run(
        "python -c 'import app; print(app.create_app().extensions[\"apps\"])'", **SETTINGS
    )
    assert ("acme" in joined) == (made is context_of_company)


def test_nobody_runs_an_image_as_root(tmp_path: Path, installed: Installed) -> None:
    company = context_of_company(tmp_path / "context", installed)
    for folder in (ROOT, company):
        lines = (folder / "Dockerfile").read_text().splitlines()
        assert "ARG UID=10001" in lines
        commands = [number for number, line in enumerate(lines) if line.startswith("CMD")]
        assert lines.index("USER ${UID}") < min(commands)
