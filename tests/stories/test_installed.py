"""The product works where only its wheel is installed, and keeps its data where it is started."""

import re
import signal
import subprocess
import time
import zipfile
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest

from backoffice import __version__
from backoffice.testing.client import TOKEN
from tests.house.source import ROOT, tracked
from tests.support.installed import PARTS, Installed, sources, wheel
from tests.support.patience import PATIENCE

PASSWORD = "lantern-under-bridges"


class Visitor:
    """A browser that speaks to a real server."""

    def __init__(self, home: str) -> None:
        self.home = home
        self.opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def get(self, path: str, **headers: str) -> str:
        return self._text(Request(self.home + path, headers=headers))

    def post(self, path: str, **data: str) -> str:
        token = TOKEN.search(self.get(path))
        assert token
        form = urlencode({"csrf_token": token[1], **data}).encode()
        return self._text(Request(self.home + path, form))

    def _text(self, request: Request) -> str:
        with self.opener.open(request, timeout=PATIENCE) as answer:
            text: str = answer.read().decode()
            return text


def awaited(home: str, process: subprocess.Popen[bytes]) -> Visitor:
    """Return a visitor of the server, once it says that it is ready."""
    visitor, end = Visitor(home), time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            visitor.get("/readyz")
            return visitor
        except (URLError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError(f"no server: {process.poll()}")


@pytest.fixture
def demo(installed: Installed, tmp_path: Path, port: int) -> Iterator[tuple[Path, Visitor]]:
    """Serve the demo from an empty folder, and yield the folder and a visitor."""
    home = f"http://127.0.0.1:{port}"
    environ = {"BACKOFFICE_ENV": "demo", "DEMO_PASSWORD": PASSWORD, "BASE_URL": home}
    environ |= {"SECRET_KEY": "0123456789abcdef" * 3}
    flask = ("flask", "--app", "app", "backoffice")
    installed.run(tmp_path, *flask, "demo", "--people", "50", **environ)
    process = installed.start(tmp_path, *flask, "web", **environ)
    try:
        yield tmp_path, awaited(home, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


@pytest.mark.slow
@pytest.mark.one_engine("sqlite", reason="the wheel has no engine of its own")
def test_the_demo_runs_in_any_folder(demo: tuple[Path, Visitor], engine_name: str) -> None:
    folder, visitor = demo
    page = visitor.get("/sign-in")
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert len(files) > 3
    for path in files:
        assert visitor.get(path)
    assert "Anmelden" in visitor.get("/sign-in", **{"Accept-Language": "de"})
    assert "Home" in visitor.post("/sign-in", identifier="olivia@example.com", password=PASSWORD)
    assert "max@example.com" in visitor.get("/admin/users/")
    mail = re.search(r"/demo/mailbox/\d+", visitor.get("/demo/mailbox"))
    assert mail
    assert "Backoffice" in visitor.get(f"{mail[0]}/html")
    assert '"ready"' in visitor.get("/readyz")
    assert {path.name for path in folder.iterdir()} == {"instance", "uploads"}
    with pytest.raises(HTTPError):
        visitor.get("/admin/nothing/")


def test_the_wheel_has_every_file_of_the_product(tmp_path: Path) -> None:
    built = wheel(sources(tmp_path / "source"), tmp_path)
    with zipfile.ZipFile(built) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == {str(path) for path in tracked() if path.parts[0] in PARTS}


def test_the_version_stands_in_one_place(installed: Installed, tmp_path: Path) -> None:
    said = installed.run(tmp_path, "flask", "backoffice", "--version")
    assert said.split() == ["Backoffice", __version__]
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f'"{__version__}"' not in text


def test_pages_name_the_present_version() -> None:
    pages = [(ROOT / path).read_text("utf-8") for path in tracked() if path.suffix == ".md"]
    named = re.findall(r"backoffice-(\d+\.\d+\.\d+)-py3", "\n".join(pages))
    assert set(named) == {__version__}


def test_dependencies_are_those_of_the_requirements(installed: Installed, tmp_path: Path) -> None:
    program = "import importlib.metadata as m; print(*m.requires('backoffice'), sep='\\n')"
    (tmp_path / "named.py").write_text(program)
    named = installed.run(tmp_path, "named").splitlines()
    pins = re.findall(r"^(\S+==\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert [each for each in named if "==" in each and "extra" not in each] == pins


@pytest.mark.parametrize(
    "command, words",
    [
        (("new-screen", "Warehouse", "name"), "name it in BACKOFFICE_APPS"),
        (("translations",), "are collected in its repository"),
    ],
)
def test_nothing_is_written_into_the_installed_product(
    installed: Installed, tmp_path: Path, command: tuple[str, ...], words: str
) -> None:
    flask = ("flask", "--app", "app", "backoffice")
    with pytest.raises(AssertionError, match=words):
        installed.run(tmp_path, *flask, *command, BACKOFFICE_ENV="development")


def test_a_folder_that_cannot_hold_the_data_stops_the_start_with_the_cure(
    installed: Installed, tmp_path: Path
) -> None:
    (tmp_path / "instance").write_text("a file in its place")
    with pytest.raises(AssertionError, match="in a folder in which it may write") as stopped:
        installed.run(tmp_path, "flask", "--app", "app", "db", "heads", BACKOFFICE_ENV="test")
    assert "Traceback" not in str(stopped.value)
