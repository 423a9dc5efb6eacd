"""Serve the files of a row to those who see the row, and have no browser run anything in them."""

from urllib.parse import quote

from flask import Response, request
from werkzeug import Response as AnyResponse

from backoffice.data import files
from backoffice.errors import NotFound
from backoffice.file_types import TYPES
from backoffice.models.files import Picture, StoredFile
from backoffice.models.row_keys import RowKey
from backoffice.policy.actor import Actor
from views.screen.definition import Definition

SANDBOX = "default-src 'none'; sandbox"
# A browser styles its own page around a picture, inline.
PICTURE_SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
# Seconds: its address never shows another picture, but a right may be taken away.
A_DAY = 24 * 3600


def file(screen: Definition, actor: Actor, row_id: RowKey, name: str, key: str) -> AnyResponse:
    """Return a file of a row as a download.

    A browser may keep it, and asks each time whether it may still show it. Raises NotFound.
    """
    found = _found(screen, actor, row_id, name, key)
    if isinstance(found, Picture):
        raise NotFound
    response = _answer(found, files.content(found), "attachment")
    response.headers["Cache-Control"] = "private, no-cache"
    response.set_etag(found.sha256)
    return response.make_conditional(request)


def picture(
    screen: Definition, actor: Actor, row_id: RowKey, name: str, key: str, *, size: int
) -> Response:
    """Return a picture of a row, as we encoded it, in one of its sizes. Raises NotFound."""
    found = _found(screen, actor, row_id, name, key)
    if size not in found.renditions:
        raise NotFound
    response = _answer(found, files.content(found, size), "inline")
    response.headers["Content-Security-Policy"] = PICTURE_SANDBOX
    response.headers["Cache-Control"] = f"private, max-age={A_DAY}, immutable"
    return response


def _found(screen: Definition, actor: Actor, row_id: RowKey, name: str, key: str) -> StoredFile:
    shown = {*screen.column_list, *screen.column_details_list, *screen.form_columns}
    if name not in shown:
        raise NotFound
    return files.find(actor=actor, model=screen.model, row_id=row_id, name=name, key=key)


def _answer(found: StoredFile, content: bytes, disposition: str) -> Response:
    response = Response(content, content_type=TYPES[found.type].media_type)
    ascii_name = found.name.encode("ascii", "replace").decode().replace("?", "_")
    names = {"filename": ascii_name, "filename*": f"UTF-8''{quote(found.name, safe='')}"}
    response.headers.set("Content-Disposition", disposition, **names)
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
