"""A real server and a real Chromium; a page that complains fails its test."""

from __future__ import annotations  # for what playwright declares, which may be missing

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from io import BufferedReader
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from backoffice.testing.cast import PASSWORD, address
from backoffice.testing.chromium import HINT, find
from backoffice.testing.client import settle, without_app

with suppress(ImportError):  # without it, tests in a browser are skipped
    from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, Route

# No sandbox, because CI runs as root; the rest keeps Chromium from calling home.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PATIENCE = 60_000  # milliseconds; busy cores may take their time
LOCAL = ("data", "blob", "about")
# Chromium calls every answer from 400 on an error; `Witness.response` judges them by the request.
ANSWER_LOGGED = "Failed to load resource"
CSP_WITNESS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP refused ${event.blockedURI} by ${event.violatedDirective}`));
"""


class Silent(WSGIRequestHandler):
    """A request handler that logs nothing and accepts that a browser leaves half-way.

    Werkzeug goes on reading before it closes the answer. That fails if the browser has left, and
    would leave the file open.
    """

    def setup(self) -> None:
        super().setup()
        self.rfile = Patient(self.rfile)

    def log_request(self, *_args: object) -> None:
        pass


class Patient(BufferedReader):
    """The body that the browser sends, which is empty once the browser has left."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection.raw)
        self.connection = connection  # which stays open as long as this

    def read(self, size: int | None = -1, /) -> bytes:
        try:
            return super().read(size)
        except ConnectionError:
            return b""


@contextmanager
def serving(app: Flask, port: int) -> Iterator[str]:
    """Serve the app behind a real socket, one thread per request, at the test's time of day.

    The address that is yielded has no trailing slash.
    """
    here = without_app()

    def answer(environ: Any, start: Any) -> Any:
        return here.copy().run(app, environ, start)

    server = make_server("127.0.0.1", port, answer, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run one Chromium for a worker."""
    executable = find()
    assert executable, HINT
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


class Witness(list[str]):
    """What a visit must not cause: console errors, requests to other hosts, failed answers."""

    def __init__(self, home: str) -> None:
        super().__init__()
        self.home = urlsplit(home).netloc

    def console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(ANSWER_LOGGED):
            self.append(f"console: {message.text}")

    def route(self, route: Route, request: Request) -> None:
        where = urlsplit(request.url)
        if where.netloc == self.home or where.scheme in LOCAL:
            route.continue_()
        else:
            self.append(f"request to a stranger: {request.url}")
            route.abort()

    def response(self, response: Response) -> None:
        # What is requested for itself may be refused, with a page.
        may_be_refused = response.request.resource_type in ("document", "fetch", "xhr")
        if response.status >= (500 if may_be_refused else 400):
            self.append(f"{response.status} for {response.url}")


@contextmanager
def visit(browser: Browser, home: str, **options: Any) -> Iterator[tuple[Page, Witness]]:
    """Open a page at `home` as a new visitor, with these options of the browser context.

    If the witness has any complaint at the end, the test fails.
    """
    context = browser.new_context(
        **{"base_url": home, "viewport": {"width": 1280, "height": 800}} | options
    )
    context.set_default_timeout(PATIENCE)
    context.add_init_script(CSP_WITNESS)
    witness = Witness(home)
    context.route("**/*", witness.route)
    context.on("console", witness.console)
    context.on("weberror", lambda error: witness.append(f"script: {error.error}"))
    context.on("response", witness.response)
    # Playwright calls back from a greenlet that does not know the test's app context.
    ours = copy_context()
    context.on("request", lambda _request: ours.run(settle))
    yield context.new_page(), witness
    context.close()
    assert not witness, "the browser complained:\n" + "\n".join(witness)


def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    """Sign in by the form, as one of the cast or with an address."""
    page.goto("/sign-in")
    page.locator("[name=identifier]").fill(address(name))
    page.locator("[name=password]").fill(password)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url(lambda url: not urlsplit(url).path.startswith("/sign-in"))
