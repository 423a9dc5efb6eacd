"""Receive the files that people upload for columns and actions, and read them again.

A file is stored before its row is saved, so that a form that is refused for something else still
has it. If no row ever names it, the nightly job removes it (data/orphaned_files.py).
"""

import hashlib
import secrets
from contextlib import suppress
from functools import partial
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from backoffice import file_types, slots, throttles
from backoffice.data import pictures
from backoffice.data.storage import Storage, uploads
from backoffice.errors import NotFound, RuleBroken
from backoffice.extensions import db
from backoffice.file_types import TYPES, FileType
from backoffice.models import fields, kinds
from backoffice.models.base import Record
from backoffice.models.files import File, Picture, StoredFile, listed
from backoffice.models.kinds.files import File as FileKind
from backoffice.models.kinds.files import Picture as PictureKind
from backoffice.models.row_keys import RowKey
from backoffice.models.types import TableColumn
from backoffice.policy import quotas
from backoffice.policy.actor import Actor
from backoffice.policy.rules import may_read, scope
from backoffice.settings import configured
from backoffice.text.numbers import memory
from backoffice.transactions import after_rollback

THUMBNAIL, LARGE = Picture.renditions


def count_upload(*, actor: Actor) -> None:
    """Count one more upload by the actor. The caller has to commit. Raises TooMany."""
    quotas.consume(actor=actor, throttle=throttles.UPLOADS)


def receive(
    target: TableColumn | InstrumentedAttribute[Any], data: bytes, filename: str
) -> StoredFile:
    """Check what was sent for a column, such as `Parcel.slip`, and return the file, stored.

    No row names it yet. Raises RuleBroken, which says what is wrong with it, CannotStore or Busy.
    """
    column: TableColumn
    if isinstance(target, InstrumentedAttribute):
        column = target.property.columns[0]
    else:
        column = target
    kind = kinds.of(column)
    assert isinstance(kind, FileKind)
    if len(data) > kind.largest(column):
        size = memory(kind.largest(column))
        raise RuleBroken(_("The file has more than %(size)s.", size=size))
    if isinstance(kind, PictureKind):
        return _picture(data, filename)
    file_type = _checked(kind, column, data, filename)
    file = File(**_described(data, file_types.named(filename, file_type), file_type.name))
    _put(uploads(), {file.key: data})
    return file


def _checked(kind: FileKind, column: TableColumn, data: bytes, filename: str) -> FileType:
    """Return the type of what was sent. Raises RuleBroken if the column does not accept it."""
    if not data:
        raise RuleBroken(_("This file is empty."))
    accepted = kind.accepted(column)
    file_type = file_types.recognised(data, filename, accepted)
    if file_type is None:
        words = ", ".join(TYPES[name].words for name in accepted)
        raise RuleBroken(
            _("This file is none of these, whatever its name says: %(types)s.", types=words)
        )
    return file_type


def _picture(data: bytes, filename: str) -> Picture:
    """Draw the picture anew, small and large, and store both."""
    with slots.pictures(configured().picture_slots).taken():
        drawn = pictures.whole(data, filename, Picture.renditions)
    name = file_types.named(pictures.without_ending(filename), TYPES["webp"])
    picture = Picture(**_described(drawn[LARGE], name, "webp"))
    _put(uploads(), {f"{picture.key}-{size}": content for size, content in drawn.items()})
    return picture


def _described(data: bytes, name: str, file_type: str) -> dict[str, Any]:
    return {
        "key": secrets.token_hex(16),
        "name": name,
        "type": file_type,
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def _put(store: Storage, contents: dict[str, bytes]) -> None:
    for key, content in contents.items():
        store.put(key, content)


def content(file: StoredFile, rendition: int = LARGE) -> bytes:
    """Return the content of a file, of a picture in one of its sizes. Raises NotFound."""
    key = f"{file.key}-{rendition}" if file.renditions else file.key
    found = uploads().read(key)
    if found is None:
        raise NotFound
    return found


def is_there(file: StoredFile) -> bool:
    """Return whether the storage still has the content of a file."""
    store = uploads()
    return all(store.has(key) for key in file.storage_keys)


def copied(file: StoredFile) -> StoredFile:
    """Store the same content under another key, for another row. Raises NotFound, CannotStore.

    It goes again if the row is not saved.
    """
    key = secrets.token_hex(16)
    numbers = file.renditions or (LARGE,)
    contents = {size: content(file, size) for size in numbers}
    copy = type(file)(**file.stored() | {"key": key, "shared": False})
    _put(uploads(), dict(zip(copy.storage_keys, contents.values(), strict=True)))
    after_rollback(partial(_remove, uploads(), copy))
    return copy


def _remove(store: Storage, file: StoredFile) -> None:
    """Remove a file that no row has got; the night removes what cannot be removed now."""
    for key in file.storage_keys:
        with suppress(OSError):
            store.delete(key)


def find(*, actor: Actor, model: type[Record], row_id: RowKey, name: str, key: str) -> StoredFile:
    """Return the file with that key in a column of a row that the actor sees. Raises NotFound."""
    if not (fields.is_file(model, name) and may_read(actor, model, name)):
        raise NotFound
    statement = select(fields.attribute(model, name)).where(model.id == row_id, scope(actor, model))
    for file in listed(db.session.scalar(statement)):  # type: ignore[arg-type]  # it is a file
        if file.key == key:
            return file
    raise NotFound
