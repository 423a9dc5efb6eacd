"""Files in columns: the Python types of their values, and the types of the columns.

`photo: Mapped[Picture | None]` holds a picture, `papers: Mapped[list[File]]` several files. A row
has what is said about a file, as JSON; its bytes are in the storage, under its key.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from sqlalchemy import JSON, Dialect, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB

# What the storage has a content under: our own random digits and the number of a rendition,
# nothing that people typed.
KEY = re.compile(r"[0-9a-f]{32}(?:-\d{1,4})?", re.ASCII)


@dataclass(frozen=True)
class StoredFile:
    """A file that the storage keeps. It never changes: another content has another key.

    Attributes:
        key: what the storage has it under (data/uploaded_files.py).
        name: its name for people, made harmless.
        type: the name of its type (file_types.py).
        size: in bytes.
        sha256: the digest of its content, in hexadecimal digits.
        shared: whether several rows may have it, or an undo may bring it back. It is then removed
            only at night, after a look at all of them.
    """

    key: str
    name: str
    type: str
    size: int
    sha256: str
    shared: bool = False

    # The numbers of the files under the key, if there are several: the sizes of a picture, in
    # pixels.
    renditions: ClassVar[tuple[int, ...]] = ()

    def __str__(self) -> str:
        return self.name

    @property
    def storage_keys(self) -> list[str]:
        """The keys of its contents in the storage."""
        return [f"{self.key}-{number}" for number in self.renditions] or [self.key]

    def stored(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


class File(StoredFile):
    """A file of any accepted type, kept as it was sent."""


class Picture(StoredFile):
    """A picture that was drawn anew, small and large: no byte of what was sent is left."""

    renditions: ClassVar[tuple[int, ...]] = (256, 2048)


Value = StoredFile | Sequence[StoredFile] | None


class FilesType(TypeDecorator[Any]):
    """The type of a column with a file, or with a list of `several`."""

    impl = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    cache_ok = True
    value_class: ClassVar[type[StoredFile]]

    def __init__(self, *, several: bool = False) -> None:
        super().__init__()
        self.several = several

    @property
    def python_type(self) -> type[Any]:
        return list if self.several else self.value_class

    def process_bind_param(self, value: Any, _dialect: Dialect | None) -> Any:
        return frozen(value)

    def process_result_value(self, value: Any, _dialect: Dialect | None) -> Any:
        return self.thawed(value)

    def thawed(self, value: Any) -> Any:
        """Return the value that `frozen` wrote."""
        if isinstance(value, Mapping):
            return self.value_class(**value)
        return None if value is None else [self.value_class(**each) for each in value]


class FileType(FilesType):
    """The type of a column with files."""

    cache_ok = True
    value_class = File


class PictureType(FilesType):
    """The type of a column with pictures."""

    cache_ok = True
    value_class = Picture


def frozen(value: Any) -> Any:
    """Return files as JSON has them; any other value is itself."""
    if isinstance(value, StoredFile):
        return value.stored()
    if isinstance(value, list):
        return [frozen(each) for each in value]
    return value


def listed(value: Value) -> list[StoredFile]:
    """Return the files of a column's value."""
    if value is None:
        return []
    return [value] if isinstance(value, StoredFile) else list(value)
