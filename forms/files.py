"""A field for files: those that the row has or that were sent before, and new ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from wtforms import Field
from wtforms.form import BaseForm
from wtforms.validators import StopValidation

from backoffice.models.files import StoredFile, Value, listed
from backoffice.models.kinds.files import File as FileKind
from backoffice.models.row_keys import RowKey
from backoffice.models.types import TableColumn


@dataclass(frozen=True)
class KeptFile:
    """A file as the page shows it.

    `handle` is what the page sends back to keep it. `href` is where its content is, if a row has it
    already, and `thumbnail` where it is small, if it is a picture.
    """

    file: StoredFile
    handle: str
    href: str = ""
    thumbnail: str = ""


class FilesField(Field):
    """Files in a column, or in a parameter of an action.

    The page posts an empty value first, so that 'none' and 'not sent' differ, then the handle of
    each file that is kept, and the browser adds new files. A field alone can neither read a handle
    nor store a file: until `take` was called, it has what the row has, whatever was sent.

    Attributes:
        handles: the handles that were sent.
        uploads: the new files that were sent, as Werkzeug has them.
        taken: whether `take` was called.
        sealed: the handles that were sent, by the keys of their files.
        sources: the rows that had these files when their handles were made; None for new ones.
        shown: the files that the page shows.
    """

    repeats = True
    takes_files = True

    def __init__(
        self,
        label: str = "",
        *,
        kind: FileKind,
        column: TableColumn,
        required: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(label, **kwargs)
        self.kind = kind
        self.column = column
        self.flags.required = required
        self.handles: list[str] = []
        self.uploads: list[Any] = []
        self.taken = False
        self.sealed: dict[str, str] = {}
        self.sources: dict[str, RowKey | None] = {}
        self.shown: list[KeptFile] = []

    @property
    def accept(self) -> str:
        """What a browser offers to choose."""
        return self.kind.accept(self.column)

    @property
    def largest(self) -> int:
        """How many bytes a file has at most."""
        return self.kind.largest(self.column)

    @property
    def multiple(self) -> bool:
        """Whether several files may be chosen."""
        return self.kind.is_list(self.column)

    @property
    def owned(self) -> list[StoredFile]:
        """The files that the row has."""
        value: Value = self.object_data
        return listed(value)

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        self.handles = [value for value in valuelist if isinstance(value, str) and value]
        self.uploads = [value for value in valuelist if getattr(value, "filename", None)]
        most = self.kind.holds(self.column)
        # Of a single file, a new one replaces the one that is kept.
        if len(self.uploads) > most or (self.multiple and self.number_sent > most):
            self.handles, self.uploads = self.handles[:most], []
            raise ValueError(self.kind.too_many(self.column))

    @property
    def number_sent(self) -> int:
        """How many files were sent or kept."""
        return len(self.handles) + len(self.uploads)

    def take(self, given: Iterable[StoredFile]) -> None:
        """Have these files, in this order; of a single file the last one."""
        files = list(dict.fromkeys(given))
        self.taken = True
        if self.multiple:
            self.data = list(files)
        else:
            self.data = files[-1] if files else None

    def complain(self, sentence: str) -> None:
        """Say what is wrong with a file that was sent."""
        self.process_errors = [*self.process_errors, sentence]

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse a choice of nothing, unless something else is wrong with it already."""
        if self.errors:
            raise StopValidation
        if self.flags.required and not listed(self.data):
            raise StopValidation(_("Choose a file."))
