"""Uploads meet a full disk, a limit, a busy server, and their end: nothing that was typed is lost.

`test_company_package.py` runs this with the package.
"""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acme.models.parcel import Parcel
from flask import Flask
from sqlalchemy import func, select

from backoffice import slots
from backoffice.data.storage import Folder
from backoffice.extensions import db
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.company.parcels import LIST, PDF, PNG, added, file, form_of, parcel, stored
from tests.support.html import error_at, value_of
from views.screen import uploads


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    return client.sign_in("olivia")


@pytest.fixture
def folder(app: Flask) -> Path:
    found: Path = app.extensions["settings"].uploads_dir
    return found


def sent(client: Client, **fields: Any) -> Any:
    return client.post(f"{LIST}new", {"name": "Typed"} | fields)


def number_of_parcels() -> int:
    settle()
    return db.session.scalar(select(func.count()).select_from(Parcel)) or 0


def test_a_full_disk_is_said_at_the_field(
    olivia: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    with monkeypatch.context() as patched:
        patched.setattr(Folder, "_put", is_full)
        answer = sent(olivia, slip=file())
    assert answer.status_code == 422
    assert error_at(answer, "slip").startswith("There is no space left on the server's disk.")
    assert value_of(answer, "name") == "Typed"
    assert number_of_parcels() == 0
    assert stored(folder) == []


def test_a_disk_that_fills_up_before_a_kept_file_is_copied_is_said_there(
    olivia: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = form_of(olivia.post(f"{LIST}new", {"name": "", "slip": file()})) | {"name": "Typed"}

    def is_full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    with monkeypatch.context() as patched:
        patched.setattr(Folder, "_put", is_full)
        answer = olivia.post(f"{LIST}new", form)
    assert answer.status_code == 422
    assert "no space left" in error_at(answer, "slip")
    assert olivia.post(f"{LIST}new", form_of(answer)).status_code == 303
    assert parcel().slip.name == "slip.pdf"


def test_uploads_are_limited_for_each_person(
    app_with: Callable[..., Flask], cast: Cast, folder: Path
) -> None:
    olivia = app_with(uploads_per_hour=3).test_client().sign_in("olivia")
    added(olivia, slip=file(), papers=[file(), file()])
    answer = sent(olivia, slip=file())
    assert answer.status_code == 429
    assert error_at(answer, "slip").startswith("You have reached the limit for files: 3 per hour.")
    assert value_of(answer, "name") == "Typed"
    assert olivia.post(f"{LIST}new", form_of(answer)).status_code == 303
    assert parcel().slip is None
    assert len(stored(folder)) == 3


def test_a_picture_that_finds_no_slot_is_said_at_its_field(
    olivia: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = slots.Slots(1)
    monkeypatch.setattr(slots, "pictures", lambda _number: room)
    with room.taken():
        answer = sent(olivia, photo=file(PNG, "p.png"))
    assert answer.status_code == 429
    assert error_at(answer, "photo").startswith("Many people are asking for this")
    assert sent(olivia, photo=file(PNG, "p.png")).status_code == 303


def test_a_handle_ends_before_its_file_may_be_swept(
    olivia: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = form_of(olivia.post(f"{LIST}new", {"name": "", "slip": file()})) | {"name": "Typed"}
    monkeypatch.setattr(uploads, "VALID", -1)
    answer = olivia.post(f"{LIST}new", form)
    assert answer.status_code == 422
    assert "not there any more" in error_at(answer, "slip")
    assert uploads.GRACE.total_seconds() > 20 * 3600


def test_a_kept_file_whose_content_is_gone_is_said(olivia: Client, folder: Path) -> None:
    form = form_of(olivia.post(f"{LIST}new", {"name": "", "slip": file()})) | {"name": "Typed"}
    Folder(folder).delete(stored(folder)[0])
    answer = olivia.post(f"{LIST}new", form)
    assert answer.status_code == 422
    assert "not there any more" in error_at(answer, "slip")


def test_a_row_whose_file_the_storage_lost_is_shown_and_edited(
    olivia: Client, folder: Path
) -> None:
    row = added(olivia, slip=file(PDF))
    Folder(folder).delete(row.slip.key)
    assert olivia.get(f"{LIST}{row.id}").status_code == 200
    assert olivia.get(f"{LIST}{row.id}/files/slip/{row.slip.key}").status_code == 404
    page = olivia.get(f"{LIST}{row.id}/edit")
    assert olivia.post(f"{LIST}{row.id}/edit", form_of(page) | {"slip": [""]}).status_code == 303
