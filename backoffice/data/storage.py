"""Where uploaded files lie: a folder of this machine, behind a few functions that another store could have too."""

import os
import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import structlog

from backoffice import failures
from backoffice.errors import CannotStore
from backoffice.extensions import configured

ROOT = Path(__file__).parents[2]
SENTENCES = {
    failures.NO_SPACE: "There is no space left on the server's disk. Nothing was changed; tell your administrator.",
    failures.READ_ONLY: "The server cannot write to its folder of files. Nothing was changed; tell your administrator.",
}
log = structlog.get_logger()
KEY = re.compile(
    r"[0-9a-f]{32}(?:-\d{1,4})?", re.ASCII
)  # random, ours, and which rendition: nothing that people typed


class Storage(Protocol):
    """Keeps bytes under keys that are our own random digits; other keys raise ValueError."""

    def put(self, key: str, content: bytes) -> None:
        """Keep the content: all of it, or none. Raises CannotStore."""

    def read(self, key: str) -> bytes | None:
        """The content, or None where there is none."""

    def delete(self, key: str) -> None:
        """Forget the content; it may be gone already. Raises OSError where the disk refuses."""

    def names(self, before: datetime) -> Iterator[str]:
        """Every key whose content was put before that moment."""

    def discard_unfinished(self, before: datetime) -> None:
        """Remove what a process began to put before that moment, and never finished."""


class Folder:
    """Files that only we may read, in folders by the first two digits of their keys."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, key: str, content: bytes) -> None:
        try:
            self._put(self._path(key), content)
        except OSError as error:
            why = failures.of_file(error)
            log.error(why.replace(" ", "_"), where="uploads", error=type(error).__name__)
            raise CannotStore(SENTENCES[why]) from error

    def _put(self, path: Path, content: bytes) -> None:
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

    def names(self, before: datetime) -> Iterator[str]:
        return (path.name for path in self._files(before) if KEY.fullmatch(path.name))

    def discard_unfinished(self, before: datetime) -> None:
        for path in self._files(before):
            if path.name.startswith("."):
                path.unlink(missing_ok=True)

    def _files(self, before: datetime) -> Iterator[Path]:
        """What was put into folders of ours, and not lately; other things are left alone."""
        for path in self.root.glob("[0-9a-f][0-9a-f]/*"):
            if path.is_file() and datetime.fromtimestamp(path.stat().st_mtime, UTC) < before:
                yield path

    def _path(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise ValueError("this is no key of ours")
        return self.root / key[:2] / key


def uploads() -> Storage:
    """The storage of the running application. A relative UPLOADS_DIR begins at the project's own folder."""
    return Folder(ROOT / configured().uploads_dir)


def _settle(folder: Path) -> None:
    """A renamed file is safe from a power cut only once its folder is written too."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
