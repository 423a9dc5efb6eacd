"""The nginx of docs/deployment.md works, with gunicorn behind it and slow clients before it.

Only TLS is left out.
"""

import os
import re
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.house.source import ROOT
from tests.support.patience import PATIENCE
from tests.test_process import GUNICORN, answers, environment
from tests.test_web_process import unanswered

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
TEXT = (ROOT / "docs" / "deployment.md").read_text("utf-8")
SLOW_BODY = b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nidentifier="
HALF_A_HEADER = b"GET /sign-in HTTP/1.1\r\nHost: 127.0"
HEALTHY = ("--worker-class", "backoffice.gunicorn_worker.Worker")
AROUND = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 256; }}
http {{ access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b;
       fastcgi_temp_path {folder}/c;
uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e; {server} }}
"""


def configuration(folder: Path, port: int, behind: int) -> str:
    """Return the configuration that the page shows, on loopback and without a certificate."""
    (server,) = re.findall(r"```nginx\n(.+?)```", TEXT, re.DOTALL)
    server = re.sub(r"\n +ssl_\w+ [^\n]+", "", server)
    server = server.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    server = server.replace("server_name admin.example.com;", "server_name 127.0.0.1;")
    return AROUND.format(
        folder=folder, server=server.replace("127.0.0.1:8000", f"127.0.0.1:{behind}")
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def port(tmp_path: Path, blank_database: str) -> Iterator[int]:
    """Run nginx and yield its port."""
    front, behind = free_port(), free_port()
    (tmp_path / "nginx.conf").write_text(configuration(tmp_path, front, behind))
    told = environment(
        BACKOFFICE_ENV="test", DATABASE_URL=blank_database, BASE_URL=f"http://127.0.0.1:{front}"
    )
    command = [*GUNICORN, *HEALTHY, "--bind", f"127.0.0.1:{behind}", "app:create_app()"]
    application = subprocess.Popen(command, cwd=ROOT, env=told)
    with subprocess.Popen([str(NGINX), "-c", tmp_path / "nginx.conf", "-p", tmp_path]) as proxy:
        try:
            assert answers(f"http://127.0.0.1:{behind}/healthz")
            assert answers(f"http://127.0.0.1:{front}/healthz")
            yield front
        finally:
            proxy.terminate()
            application.terminate()
            application.wait(30)


@pytest.mark.slow
@pytest.mark.skipif(NGINX is None, reason="nginx is not installed: apt-get install nginx-light")
@pytest.mark.one_engine("sqlite", reason="nothing is asked of a database")
def test_slow_clients_of_nginx_cost_the_others_nothing(port: int) -> None:
    with ExitStack() as stack:
        slow = []
        for begun in [SLOW_BODY] * 24 + [HALF_A_HEADER] * 32:
            connection = stack.enter_context(
                socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
            )
            connection.sendall(begun)
            slow.append(connection)
        for _ in range(3):
            page = f"http://127.0.0.1:{port}/sign-in"
            with urllib.request.urlopen(page, timeout=PATIENCE) as answer:
                assert answer.status == 200
        assert unanswered(slow) == len(slow), "none of them had to end first"
