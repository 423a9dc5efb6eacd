"""Where uploaded files lie: a folder of this machine, behind four functions that another store could have too."""

import os
import re
import tempfile
from pathlib import Path
from typing import Protocol

from flask import current_app

from backoffice.settings import Settings

ROOT = Path(__file__).parents[2]
KEY = re.compile(r"[0-9a-f]{32}(?:-\d{1,4})?", re.ASCII)  # random, ours, and which rendition: nothing that people typed


class Storage(Protocol):
    """Keeps bytes under keys that are our own random digits; other keys raise ValueError."""

    def put(self, key: str, content: bytes) -> None:
        """Keep the content: all of it, or none."""

    def read(self, key: str) -> bytes | None:
        """The content, or None where there is none."""

    def delete(self, key: str) -> None:
        """Forget the content; it may be gone already."""


class Folder:
    """Files that only we may read, in folders by the first two digits of their keys."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, key: str, content: bytes) -> None:
        path = self._path(key)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        number, aside = tempfile.mkstemp(prefix=".", dir=path.parent)  # for us alone: 0600
        try:
            with os.fdopen(number, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(number)
            Path(aside).replace(path)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise
        _settle(path.parent)

    def read(self, key: str) -> bytes | None:
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError:
            return None

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise ValueError("this is no key of ours")
        return self.root / key[:2] / key


def uploads() -> Storage:
    """The storage of the running application. A relative UPLOADS_DIR begins at the project's own folder."""
    settings: Settings = current_app.extensions["settings"]
    return Folder(ROOT / settings.uploads_dir)


def _settle(folder: Path) -> None:
    """A renamed file is safe from a power cut only once its folder is written too."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
