"""Find a Chromium for browser tests, or install one: `python -m backoffice.testing.chromium`."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MACOS = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
HINT = (
    "no Chromium found: `python -m backoffice.testing.chromium` installs one, or set CHROMIUM to "
    "its path"
)


def missing() -> str:
    """Return what tests in a browser lack here, in words, or ''."""
    if find_spec("playwright") is None:
        return "playwright is not installed: pip install playwright"
    return "" if find() else HINT


def find() -> str | None:
    """Return the path of a Chromium: $CHROMIUM, the system's own, or the one of Playwright."""
    if named := os.environ.get("CHROMIUM"):
        return named
    if system := next(filter(None, map(shutil.which, NAMES)), None):
        return system
    candidates = [MACOS, _downloaded()]
    return next((str(path) for path in candidates if path and path.is_file()), None)


def install() -> None:
    """Install Playwright's Chromium, or Debian's package where Playwright's host is unreachable.

    Playwright comes first, because it needs no rights.
    """
    attempts = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get"):
        # With rights, the libraries that Chromium needs are installed too; else they must exist.
        attempts[0].insert(-1, "--with-deps")
        attempts += [["apt-get", "update"], ["apt-get", "install", "--yes", "chromium"]]
    for command in attempts:
        done = subprocess.run(command, check=False, stdout=sys.stderr)
        if done.returncode == 0 and find():
            return


def _downloaded() -> Path | None:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # it may be missing

    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path)


if __name__ == "__main__":
    if not find():
        install()
    print(find() or sys.exit(HINT))
