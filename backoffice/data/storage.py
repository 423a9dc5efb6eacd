"""Store uploaded files in a folder of this machine, or behind the same protocol in a bucket."""

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import structlog
from flask_babel import lazy_gettext as _l

from backoffice import failures
from backoffice.data.bucket import Bucket
from backoffice.errors import CannotStore
from backoffice.models.files import KEY
from backoffice.settings import configured
from backoffice.urls import BucketURL

SENTENCES = {
    failures.NO_SPACE: _l(
        "There is no space left on the server's disk. Nothing was changed; tell your administrator."
    ),
    failures.READ_ONLY: _l(
        "The server cannot write to its folder of files. "
        "Nothing was changed; tell your administrator."
    ),
}
log = structlog.get_logger()


class Storage(Protocol):
    """A store that keeps bytes under keys of our own random digits.

    Any other key raises ValueError.
    """

    def put(self, key: str, content: bytes) -> None:
        """Store the whole content or nothing. Raises CannotStore."""

    def read(self, key: str) -> bytes | None:
        """Return the content, or None if there is none."""

    def has(self, key: str) -> bool:
        """Return whether there is content under the key."""

    def delete(self, key: str) -> None:
        """Delete the content, which may be gone already. Raises OSError if the disk refuses."""

    def keys(self, before: datetime) -> Iterator[str]:
        """Yield every key whose content was stored before that moment."""

    def state(self) -> str:
        """Return whether it can store something, as `/readyz` tells it (backoffice/failures.py)."""

    def discard_unfinished(self, before: datetime) -> None:
        """Remove content that a process began to store before that moment and never finished."""


class Folder:
    """A store of files that only our user may read.

    They lie in folders named by the first two digits of their keys.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, key: str, content: bytes) -> None:
        try:
            self._put(self._path(key), content)
        except OSError as error:
            reason = failures.of_file(error)
            log.error(reason.replace(" ", "_"), where="uploads", error=type(error).__name__)
            raise CannotStore(SENTENCES[reason]) from error

    def _put(self, path: Path, content: bytes) -> None:
        """Write the content to a temporary file, and rename it once it is safe on the disk."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=".", dir=path.parent)  # with mode 0600
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)

    def read(self, key: str) -> bytes | None:
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError:
            return None

    def has(self, key: str) -> bool:
        return self._path(key).is_file()

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def keys(self, before: datetime) -> Iterator[str]:
        return (path.name for path in self._files(before) if KEY.fullmatch(path.name))

    def state(self) -> str:
        return failures.of_folder(self.root)

    def discard_unfinished(self, before: datetime) -> None:
        for path in self._files(before):
            if path.name.startswith("."):
                path.unlink(missing_ok=True)

    def _files(self, before: datetime) -> Iterator[Path]:
        """Yield the files in folders of ours that were written before that moment."""
        for path in self.root.glob("[0-9a-f][0-9a-f]/*"):
            if not path.is_file():
                continue
            written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            if written_at < before:
                yield path

    def _path(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise ValueError("this is no key of ours")
        return self.root / key[:2] / key


def uploads() -> Storage:
    """Return the store of the running application: the bucket of UPLOADS_URL, if that is set.

    A relative UPLOADS_DIR begins at the folder in which the product was started.
    """
    settings = configured()
    if isinstance(settings.uploads_url, BucketURL):
        return Bucket(settings.uploads_url, settings.bucket_credentials)
    return Folder(settings.uploads_dir)


def _sync_folder(folder: Path) -> None:
    """Write the folder to the disk; only then does a renamed file survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
