"""Files and pictures that people upload, one or several in a column."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from flask_babel import gettext as _

from backoffice import limits
from backoffice.file_types import TYPES, USUAL
from backoffice.models.files import (
    FilesType,
    FileType,
    PictureType,
    StoredFile,
    Value,
    frozen,
    listed,
)
from backoffice.models.kinds.kind import Kind
from backoffice.models.types import TableColumn
from backoffice.text.numbers import formatted, memory


class File(Kind[Value]):
    """A file of an accepted type, or several.

    The `info` may say `accepts`, the names of the types (file_types.py), `largest`, the most bytes
    of a file, and `holds`, the most files of a list.
    """

    name = "file"
    types: ClassVar[tuple[type, ...]] = (FileType,)
    shape = "filled"

    def is_list(self, column: TableColumn) -> bool:
        """Return whether the column holds several files."""
        return bool(getattr(column.type, "several", False))

    def label(self, value: str) -> str:
        """Return the word for what a filter asks for: whether there is a file."""
        return _("has a file") if value == "yes" else _("has no file")

    def holds(self, column: TableColumn) -> int:
        """Return how many files the column holds at most."""
        return int(column.info.get("holds", limits.FILES)) if self.is_list(column) else 1

    def largest(self, column: TableColumn) -> int:
        """Return how many bytes a file has at most."""
        return int(column.info.get("largest", limits.FILE))

    def accepted(self, column: TableColumn) -> tuple[str, ...]:
        """Return the names of the types that the column accepts."""
        return tuple(column.info.get("accepts", USUAL))

    def accept(self, column: TableColumn) -> str:
        """Return what a browser offers to choose, as its `accept` has it."""
        return ",".join(end for name in self.accepted(column) for end in TYPES[name].endings)

    def hint(self, column: TableColumn) -> str:
        """Return the sentence that says what may be uploaded."""
        types = ", ".join(TYPES[name].words for name in self.accepted(column))
        size = memory(self.largest(column))
        if self.is_list(column):
            return _(
                "Up to %(number)s files, each of at most %(size)s: %(types)s.",
                number=self.holds(column),
                size=size,
                types=types,
            )
        return _("A file of at most %(size)s: %(types)s.", size=size, types=types)

    def clean(self, column: TableColumn, value: object) -> Value:
        """Take files that were received (data/files.py): nobody can write one as a text."""
        files = [value] if isinstance(value, StoredFile) else value
        wanted = self._column_type(column).value_class
        if not isinstance(files, list) or not all(isinstance(each, wanted) for each in files):
            raise ValueError(_("A file cannot be written as a text: upload it."))
        if len(files) > self.holds(column):
            raise ValueError(self.too_many(column))
        if not files and not column.nullable and column.default is None:
            raise ValueError(_("Fill this in."))
        if self.is_list(column):
            return files
        return files[0] if files else None

    def too_many(self, column: TableColumn) -> str:
        """Return the sentence for more files than the column holds."""
        return _("Choose at most %(most)s.", most=formatted(self.holds(column)))

    def parse(self, column: TableColumn, text: str) -> Value:
        return self.clean(column, text) if text.strip() else self._nothing(column)

    def keep(self, _column: TableColumn, value: Value) -> str:
        return json.dumps(frozen(value)) if listed(value) else ""

    def recall(self, column: TableColumn, text: str) -> Value:
        """Return the files that a run was given, each of which several rows may get."""
        if not text:
            return self._nothing(column)
        try:
            kept = listed(self._column_type(column).thawed(json.loads(text)))
        except (TypeError, ValueError, RecursionError):
            return self.parse(column, text)  # which says what people do instead
        return self.clean(column, [replace(file, shared=True) for file in kept])

    def write(self, _column: TableColumn, value: Value) -> str:
        return ", ".join(map(str, listed(value)))

    def tell(self, _column: TableColumn, value: Value) -> str:
        return ", ".join(f"{each.name} ({memory(each.size)})" for each in listed(value))

    def export(self, column: TableColumn, value: Value) -> str | None:
        return self.note(column, value) if listed(value) else None

    def plain(self, column: TableColumn, value: Value) -> object:
        described = [_described(each) for each in listed(value)]
        if self.is_list(column):
            return described
        return described[0] if described else None

    def note(self, _column: TableColumn, value: Value) -> str:
        """Write the name, the size and the digest: events and exports have no content."""
        return ", ".join(
            f"{each.name} ({each.size} bytes, SHA-256 {each.sha256})" for each in listed(value)
        )

    def mistakes(self, column: TableColumn) -> Iterator[str]:
        if unknown := set(column.info.get("accepts", ())) - set(TYPES):
            known = ", ".join(sorted(TYPES))
            yield f"accepts names {', '.join(sorted(unknown))}: use some of {known}"
        if not 0 < self.largest(column) <= limits.FILE:
            yield f"a file has at most {limits.FILE:,} bytes: say largest within that"
        if "holds" in column.info and not self.is_list(column):
            yield "holds is for a list: Mapped[list[...]]"
        if not 0 < self.holds(column) <= limits.FILES:
            yield f"a row holds at most {limits.FILES} files: say holds within that"

    def _nothing(self, column: TableColumn) -> Value:
        return [] if self.is_list(column) else None

    def _column_type(self, column: TableColumn) -> FilesType:
        assert isinstance(column.type, FilesType)
        return column.type


class Picture(File):
    """A picture, PNG or JPEG, which is drawn anew, or several."""

    name = "picture"
    types: ClassVar[tuple[type, ...]] = (PictureType,)

    def label(self, value: str) -> str:
        return _("has a picture") if value == "yes" else _("has no picture")

    def accepted(self, _column: TableColumn) -> tuple[str, ...]:
        return ("png", "jpeg")

    def mistakes(self, column: TableColumn) -> Iterator[str]:
        yield from super().mistakes(column)
        if "accepts" in column.info:
            yield "a picture is a PNG or a JPEG: leave out accepts, or make it a File"


def _described(file: StoredFile) -> Mapping[str, Any]:
    return {
        "name": file.name,
        "type": TYPES[file.type].media_type,
        "size": file.size,
        "sha256": file.sha256,
    }
