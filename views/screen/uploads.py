"""Take the files that a form sends, and keep them where the form is shown again.

What was uploaded is stored at once. The page then has a handle of it: its description, signed, for
this person and this field, for a while. The handle of a file that a row has names the row: it is
worth nothing once the person does not see the row any more.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, TypeVar

from flask import current_app, request
from flask_babel import lazy_gettext as _l
from itsdangerous import BadData, BadSignature, URLSafeTimedSerializer
from werkzeug.datastructures import MultiDict

from backoffice.data import files
from backoffice.data.orphaned_files import GRACE
from backoffice.errors import Busy, NotFound, RuleBroken, TooMany
from backoffice.extensions import db
from backoffice.file_types import LONGEST_NAME
from backoffice.models.base import Record
from backoffice.models.files import FilesType, StoredFile, Value, listed
from backoffice.models.row_keys import RowKey
from backoffice.policy.actor import Actor
from backoffice.text import shortened, without_invisible
from backoffice.transactions import forget_commits
from forms.base import Form
from forms.files import FilesField, KeptFile
from views.screen.file_cells import file_href, thumbnail_href

F = TypeVar("F", bound=Form)
SALT = "backoffice.files"
# Seconds: a handle ends some hours before its file may be swept.
VALID = int(GRACE.total_seconds()) - 4 * 3600
GONE: str = _l("A file of this form is not there any more. Choose it again.")
LONGEST_HANDLE = 2000  # characters


def sent(names: Iterable[str]) -> MultiDict[str, Any]:
    """Return what was sent, with files under these names, where a form takes some."""
    given: MultiDict[str, Any] = MultiDict(request.form)
    for name in names:
        for file in request.files.getlist(name):
            given.add(name, file)
    return given


def filled(
    actor: Actor, form_class: type[F], about: str, *, data: Mapping[str, object] | None = None
) -> F:
    """Return the form with what was sent; new files are stored, and their number is counted.

    `about` says what the form is for: no handle of another form counts. Commits. What is wrong
    with a file is said at its field when the form is validated. Raises TooMany or Busy.
    """
    form = form_class(sent(form_class.of_files()), data=data)
    receive(actor, form, about)
    return form


def receive(actor: Actor, form: Form, about: str) -> None:
    """Store the new files of the form's fields, and find those that are kept."""
    fields = [field for field in _fields(form) if field.raw_data]
    try:
        _count(actor, fields)
    except TooMany as error:
        db.session.rollback()
        form.retry_after = error.retry_after
        for field in (each for each in fields if each.uploads):
            field.uploads = []
            field.complain(error.message)
    for field in fields:
        field.take([*_kept(actor, field, about), *_new(form, field)])


def show(
    actor: Actor, form: Form, about: str, of_row: RowKey | None = None, base: str = ""
) -> None:
    """Have the page show the files of the form.

    `of_row` is the row that has those that the form began with, and `base` its address.
    """
    for field in _fields(form):
        if field.raw_data and not field.taken:  # the form is shown again after a sign-in
            field.take(_kept(actor, field, about))
        sealing = partial(_sealed, actor, field, about, of_row)
        field.shown = [_shown(field, file, sealing, base) for file in listed(field.data)]


def complaint(form: Form) -> tuple[str, str] | None:
    """Return the first field of files of which one was refused, and why."""
    refused = (field for field in _fields(form) if field.process_errors)
    return next(((field.short_name, str(field.process_errors[0])) for field in refused), None)


def complain(form: Form, field_name: str | None, sentence: str) -> bool:
    """Say again what `complaint` returned; return whether the field is one of files."""
    fields = [field for field in _fields(form) if field.short_name == field_name]
    for field in fields:
        field.complain(sentence)
    return bool(fields)


def own(
    actor: Actor, model: type[Record], form: Form, values: Mapping[str, object]
) -> dict[str, object]:
    """Return the values of a form that is saved, each file of which belongs to its row alone.

    A handle may be sent twice, and may stand for a file of another row: what it stands for is
    copied, if the actor still sees it there. Raises RuleBroken with the field.
    """
    fields = [field for field in _fields(form) if field.name in values]
    return {**values, **{field.name: _own(actor, model, field) for field in fields}}


def _own(actor: Actor, model: type[Record], field: FilesField) -> Value:
    try:
        files_of_row = [_owned(actor, model, field, file) for file in listed(field.data)]
    except NotFound:
        raise RuleBroken(str(GONE), field=field.name) from None
    except RuleBroken as error:
        raise RuleBroken(error.message, field=field.name) from error
    if field.multiple:
        return files_of_row
    return files_of_row[0] if files_of_row else None


def _owned(actor: Actor, model: type[Record], field: FilesField, file: StoredFile) -> StoredFile:
    """Return a file of the row or a new one, or a copy of what a handle stands for.

    Raises NotFound if the handle is of a row that does not have the file any more, or is not seen.
    """
    if file in field.owned or file.key not in field.sealed:
        return file
    row_id = field.sources[file.key]
    if row_id is not None:
        files.find(actor=actor, model=model, row_id=row_id, name=field.name, key=file.key)
    return files.copied(file)


def handles(form: Form) -> list[tuple[str, str]]:
    """Return what keeps the new files of a form, as another page posts it again."""
    return [
        (field.name, kept.handle)
        for field in _fields(form)
        for kept in field.shown
        if kept.handle not in field.handles
    ]


def _fields(form: Form) -> list[FilesField]:
    return [field for field in form if isinstance(field, FilesField)]


def _count(actor: Actor, fields: list[FilesField]) -> None:
    """Count the uploads, and commit: nobody should wait for a lock while pictures are drawn."""
    number = sum(len(field.uploads) for field in fields)
    for _upload in range(number):
        files.count_upload(actor=actor)
    if number:
        db.session.commit()
        forget_commits()


def _new(form: Form, field: FilesField) -> Iterator[StoredFile]:
    """Yield the new files, stored; what is wrong with one is said at the field."""
    for upload in field.uploads:
        # One byte more than allowed is enough to see that the file is too large.
        data = upload.stream.read(field.kind.largest(field.column) + 1)
        try:
            yield files.receive(field.column, data, upload.filename)
        except (RuleBroken, Busy) as error:
            form.retry_after = getattr(error, "retry_after", form.retry_after)
            name = shortened(without_invisible(upload.filename), LONGEST_NAME)
            field.complain(f"{name}: {error.message}" if field.multiple else error.message)


def _kept(actor: Actor, field: FilesField, about: str) -> Iterator[StoredFile]:
    """Yield the files that the handles stand for."""
    owned = {file.key: file for file in field.owned}
    for handle in field.handles:
        try:
            file, row_id = _opened(actor, field, handle, about)
        except (BadData, TypeError, ValueError):
            field.complain(str(GONE))
        else:
            field.sealed.setdefault(file.key, handle)
            field.sources.setdefault(file.key, row_id)
            yield owned.get(file.key, file)


def _opened(
    actor: Actor, field: FilesField, handle: str, about: str
) -> tuple[StoredFile, RowKey | None]:
    """Return the file that a handle stands for, and the row that had it, if there was one.

    Raises BadData if it was made for somebody else, for another field, or too long ago.
    """
    whose, what, described, row_id = _signer().loads(handle[:LONGEST_HANDLE], max_age=VALID)
    if (whose, what) != (actor.user_id, f"{about}.{field.short_name}"):
        raise BadSignature("this handle is not for this field")
    file: StoredFile = _column_type(field).thawed(described)
    return file, row_id


def _sealed(
    actor: Actor, field: FilesField, about: str, of_row: RowKey | None, file: StoredFile
) -> str:
    """Return a new handle of a file of the form."""
    row_id = of_row if file in field.owned else None
    content = [actor.user_id, f"{about}.{field.short_name}", file.stored(), row_id]
    return str(_signer().dumps(content))


def _shown(
    field: FilesField, file: StoredFile, sealing: Callable[[StoredFile], str], base: str
) -> KeptFile:
    handle = field.sealed.get(file.key) or sealing(file)
    if not base or file not in field.owned:
        return KeptFile(file, handle)
    href = file_href(base, field.short_name, file)
    thumbnail = thumbnail_href(base, field.short_name, file)
    return KeptFile(file, handle, href, thumbnail)


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt=SALT)


def _column_type(field: FilesField) -> FilesType:
    assert isinstance(field.column.type, FilesType)
    return field.column.type
