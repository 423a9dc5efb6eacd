"""Start an application in the usual way: under gunicorn with two workers."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from benchmarks.client import Client
from benchmarks.peer import Peer

ROOT = Path(__file__).parent.parent
WORKERS = 2
PATIENCE = 30  # seconds until a server must have answered
MEGABYTE = 1e6


class Application:
    """A running peer, and a browser signed in to it."""

    def __init__(self, peer: Peer, url: str, process: psutil.Process, port: int) -> None:
        self.peer = peer
        self.url = url
        self.process = process
        self.client = Client(port)

    def memory(self) -> float:
        """Return the megabytes of the largest worker."""
        sizes = [worker.memory_info().rss for worker in self.process.children()]
        return max(sizes) / MEGABYTE

    @contextmanager
    def peak(self) -> Iterator[list[float]]:
        """Collect the megabytes of the largest worker, ten times a second."""
        seen = [self.memory()]
        done = threading.Event()

        def watch() -> None:
            while not done.wait(0.1):
                seen.append(self.memory())

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield seen
        finally:
            done.set()
            watcher.join()


@contextmanager
def running(peer: Peer, url: str, *, workers: int = WORKERS) -> Iterator[Application]:
    """Start the peer, wait until it answers, and stop it when the block ends."""
    port = _free_port()
    command = [
        sys.executable, "-m", "gunicorn",
        "--bind", f"127.0.0.1:{port}",
        "--workers", str(workers),
        "--timeout", "900",
        "--log-level", "warning",
        "--no-control-socket",
        peer.target,
    ]  # fmt: skip
    environment = os.environ | peer.environment(url, port) | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        _wait(Client(port), peer, process)
        yield Application(peer, url, psutil.Process(process.pid), port)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


def cold_start(peer: Peer, url: str) -> float:
    """Return the seconds from starting the server with one worker to its first answer."""
    begun = time.perf_counter()
    with running(peer, url, workers=1):
        return time.perf_counter() - begun


def _wait(client: Client, peer: Peer, process: subprocess.Popen[bytes]) -> None:
    """Ask for the first page until it is answered; refused connections do not count."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{peer.title} did not start")
        with suppress(OSError):
            client.get(peer.start)
            return
        time.sleep(0.01)
    raise RuntimeError(f"{peer.title} does not answer")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
