"""The product as a process starts only if it is complete, and ends cleanly when told to."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE

ROOT = Path(__file__).parent.parent
GUNICORN = [sys.executable, "-m", "gunicorn", "--no-control-socket", "--threads", "4"]


def environment(**others: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    return kept | others


@pytest.mark.one_engine("sqlite", reason="the process is the same on both")
def test_production_without_configuration_does_not_start(engine_name: str) -> None:
    done = subprocess.run(
        [*GUNICORN, "--bind", "127.0.0.1:0", "app:create_app()"],
        cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "SECRET_KEY is missing" in done.stderr + done.stdout
    assert "BASE_URL is missing" in done.stderr + done.stdout


def test_sigterm_lets_a_request_finish_and_ends_with_zero(blank_database: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [*GUNICORN, "--bind", f"127.0.0.1:{port}", "app:create_app()"],
        cwd=ROOT,
        env=environment(
            BACKOFFICE_ENV="test", DATABASE_URL=blank_database, BASE_URL=f"http://127.0.0.1:{port}"
        ),
    )
    try:
        assert answers(f"http://127.0.0.1:{port}/healthz")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0
    finally:
        process.kill()


def answers(url: str, patience: float = PATIENCE) -> bool:
    """Return whether the address answers within `patience` seconds."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            time.sleep(0.1)
    return False
