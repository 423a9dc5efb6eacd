"""A small HTTP client that adds little time of its own: one socket per request, cookies kept."""

import re
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

TOKEN = re.compile(r'name="(?:csrf_token|csrfmiddlewaretoken)"[^>]*?value="([^"]+)"')
BLOCK = 1 << 16
SLOWEST = 600  # seconds; some peers export for minutes
Pairs = Iterable[tuple[str, object]]


class Unexpected(Exception):
    """An unsuccessful answer, whose time would not be that of the request that was meant."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def token(self) -> str:
        """The CSRF token of the form on the page."""
        match = TOKEN.search(self.text)
        if not match:
            raise Unexpected(f"no CSRF token on the page:\n{self.text[:1000]}")
        return match[1]


class Client:
    """One browser that talks to one server on this machine."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> Answer:
        """Send a GET request, which must be answered with 200."""
        return _expected(path, self._ask("GET", path), {200})

    def post(self, path: str, pairs: Pairs) -> Answer:
        """Send a form, which must be accepted."""
        body = urlencode(list(pairs)).encode()
        return _expected(path, self._ask("POST", path, body), {200, 302, 303})

    def drain(self, path: str) -> tuple[int, int]:
        """GET a long answer, discard it while it arrives, and return its bytes and lines."""
        with self._open("GET", path) as connection:
            first = connection.recv(BLOCK)
            status = first.split(b" ", 2)[1]
            if status != b"200":
                raise Unexpected(f"{path}: {first[:200]!r}")
            body = first.partition(b"\r\n\r\n")[2]
            size = len(first)
            lines = body.count(b"\n")
            while block := connection.recv(BLOCK):
                size += len(block)
                lines += block.count(b"\n")
            return size, lines

    def _ask(self, method: str, path: str, body: bytes = b"") -> Answer:
        with self._open(method, path, body) as connection:
            blocks = []
            while block := connection.recv(BLOCK):
                blocks.append(block)
        head, _, content = b"".join(blocks).partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
            if name.lower() == "set-cookie":
                self._keep_cookie(value)
        return Answer(int(first.split()[1]), headers, content)

    def _keep_cookie(self, header: str) -> None:
        pair = header.partition(";")[0]
        name, _, value = pair.partition("=")
        self.cookies[name] = value

    @contextmanager
    def _open(self, method: str, path: str, body: bytes = b"") -> Iterator[socket.socket]:
        """Connect, send the request, and yield the connection.

        The request is HTTP/1.0, in which an answer ends when its connection does.
        """
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        lines = [f"{method} {path} HTTP/1.0", f"Host: 127.0.0.1:{self.port}"]
        if cookies:
            lines.append(f"Cookie: {cookies}")
        if method == "POST":
            lines.append("Content-Type: application/x-www-form-urlencoded")
            lines.append(f"Content-Length: {len(body)}")
        request = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        with socket.create_connection(("127.0.0.1", self.port), timeout=SLOWEST) as connection:
            connection.sendall(request)
            yield connection


def _expected(path: str, answer: Answer, statuses: set[int]) -> Answer:
    if answer.status not in statuses:
        beginning = answer.body[:2000].decode(errors="replace")
        raise Unexpected(f"{path}: status {answer.status}\n{beginning}")
    return answer
