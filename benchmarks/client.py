"""A small HTTP client: one socket per request, cookies kept, as little of its own time as possible."""

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
    """An answer that is no success: what was measured would not be the thing it is called."""


@dataclass(frozen=True)
class Answer:
    """What came back; header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def token(self) -> str:
        """The CSRF token of the form on the page."""
        found = TOKEN.search(self.text)
        if not found:
            raise Unexpected(f"no CSRF token on the page:\n{self.text[:1000]}")
        return found[1]


class Client:
    """Asks one server, as one browser."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> Answer:
        """GET, which must succeed."""
        return _expected(path, self._ask("GET", path), {200})

    def post(self, path: str, pairs: Pairs) -> Answer:
        """POST a form, which must be accepted."""
        return _expected(
            path, self._ask("POST", path, urlencode(list(pairs)).encode()), {200, 302, 303}
        )

    def drain(self, path: str) -> tuple[int, int]:
        """GET and forget a long answer while it comes; how many bytes and lines it had."""
        with self._open("GET", path) as connection:
            first = connection.recv(BLOCK)
            if not first.split(b" ", 2)[1] == b"200":
                raise Unexpected(f"{path}: {first[:200]!r}")
            size, lines = len(first), first.partition(b"\r\n\r\n")[2].count(b"\n")
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
                key, _, kept = value.partition(";")[0].partition("=")
                self.cookies[key] = kept
        return Answer(int(first.split()[1]), headers, content)

    @contextmanager
    def _open(self, method: str, path: str, body: bytes = b"") -> Iterator[socket.socket]:
        """A connection on which the request has been sent. HTTP/1.0, so that answers end with the connection."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        lines = [f"{method} {path} HTTP/1.0", f"Host: 127.0.0.1:{self.port}"]
        if cookies:
            lines.append(f"Cookie: {cookies}")
        if method == "POST":
            lines += [
                "Content-Type: application/x-www-form-urlencoded",
                f"Content-Length: {len(body)}",
            ]
        request = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        with socket.create_connection(("127.0.0.1", self.port), timeout=SLOWEST) as connection:
            connection.sendall(request)
            yield connection


def _expected(path: str, answer: Answer, statuses: set[int]) -> Answer:
    if answer.status not in statuses:
        raise Unexpected(
            f"{path}: status {answer.status}\n{answer.body[:2000].decode(errors='replace')}"
        )
    return answer
