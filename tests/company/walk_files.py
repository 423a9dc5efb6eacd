"""Upload files and pictures for a company's own rows.

`test_company_package.py` runs this with the package.
"""

import gc
import hashlib
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from acme.models.parcel import Keepsake, Parcel
from flask import Flask
from sqlalchemy import select

from backoffice.data import files
from backoffice.events import verification
from backoffice.extensions import db
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.company import pallets
from tests.company.pallets import newest_event
from tests.company.parcels import (
    LIST,
    PDF,
    PNG,
    added,
    another,
    deleted,
    edit_page,
    edited,
    file,
    form_of,
    parcel,
    stored,
    swept,
)
from tests.support.acting import act
from tests.support.html import error_at, read, sent_by
from tests.support.races import at_once


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    return client.sign_in("olivia")


@pytest.fixture
def folder(app: Flask) -> Path:
    found: Path = app.extensions["settings"].uploads_dir
    return found


def test_files_are_kept_shown_and_downloaded(olivia: Client, folder: Path) -> None:
    row = added(
        olivia,
        slip=file(),
        photo=file(PNG, "gate.png"),
        papers=[file(), file(b"plain text\n", "notes.txt")],
    )
    assert (row.slip.name, row.slip.type, row.slip.size) == ("slip.pdf", "pdf", len(PDF))
    assert row.photo.name == "gate.webp"
    assert [paper.name for paper in row.papers] == ["slip.pdf", "notes.txt"]
    assert len(stored(folder)) == 5
    details = read(olivia.get(f"{LIST}{row.id}"))
    href = details.one("a", href=f"{LIST}{row.id}/files/slip/{row.slip.key}")["href"]
    answer = olivia.get(href)
    assert answer.data == PDF
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=slip.pdf")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    small = details.one("img", alt="gate.webp")["src"]
    assert olivia.get(small).content_type == "image/webp"
    assert read(olivia.get(LIST)).one("img", alt="gate.webp")


def test_an_untouched_form_keeps_everything(olivia: Client, folder: Path) -> None:
    row = added(olivia, slip=file(), photo=file(PNG, "gate.png"), papers=[file(), file()])
    before, events = stored(folder), newest_event().id
    assert edited(olivia, row, form_of(edit_page(olivia, row))).status_code == 303
    assert parcel().papers == row.papers
    assert (stored(folder), newest_event().id) == (before, events)


def test_a_new_file_takes_the_place_of_the_old_one(olivia: Client, folder: Path) -> None:
    row = added(olivia, slip=file())
    old = row.slip.key
    sent = form_of(edit_page(olivia, row), slip=[file(b"%PDF-1.7 other", "new.pdf")])
    assert edited(olivia, row, sent).status_code == 303
    assert parcel().slip.name == "new.pdf"
    assert stored(folder) == [parcel().slip.key]
    assert olivia.get(f"{LIST}{row.id}/files/slip/{old}").status_code == 404
    event = newest_event()
    assert event.before["slip"] == f"slip.pdf ({len(PDF)} bytes, SHA-256 {row_digest(PDF)})"
    assert event.after["slip"].startswith("new.pdf (14 bytes, SHA-256 ")
    assert verification.verify() == []


def row_digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_file_that_is_not_kept_is_removed(olivia: Client, folder: Path) -> None:
    row = added(olivia, slip=file(), papers=[file(name="a.pdf"), file(name="b.pdf")])
    sent = form_of(edit_page(olivia, row))
    sent["slip"], sent["papers"] = [""], sent["papers"][:2]
    assert edited(olivia, row, sent).status_code == 303
    assert parcel().slip is None
    assert [paper.name for paper in parcel().papers] == ["a.pdf"]
    assert stored(folder) == [parcel().papers[0].key]


def test_an_upload_survives_an_error_elsewhere(olivia: Client, folder: Path) -> None:
    answer = olivia.post(f"{LIST}new", {"name": "", "slip": file(), "photo": file(PNG, "p.png")})
    assert answer.status_code == 422
    assert error_at(answer, "name")
    assert "Keep slip.pdf" in read(answer).text
    answer = olivia.post(f"{LIST}new", form_of(answer))
    assert answer.status_code == 422, "the name is still missing"
    assert olivia.post(f"{LIST}new", form_of(answer) | {"name": "Two"}).status_code == 303
    assert (parcel().slip.name, parcel().photo.name) == ("slip.pdf", "p.webp")
    swept(folder)
    assert stored(folder) == sorted([parcel().slip.key, *parcel().photo.storage_keys])


def test_a_form_that_is_sent_twice_makes_rows_with_files_of_their_own(
    olivia: Client, folder: Path
) -> None:
    sent = form_of(olivia.post(f"{LIST}new", {"name": "", "slip": file()})) | {"name": "Twice"}
    assert olivia.post(f"{LIST}new", sent).status_code == 303
    first = parcel()
    assert olivia.post(f"{LIST}new", sent).status_code == 303
    second = parcel()
    assert first.slip.key != second.slip.key
    deleted(olivia, first)
    assert files.content(second.slip) == PDF
    sent["papers"] = sent["slip"] * 2
    assert olivia.post(f"{LIST}new", sent).status_code == 422, "a handle is for its field"
    swept(folder)
    assert stored(folder) == [second.slip.key]


def test_a_form_that_is_sent_twice_at_once_makes_no_file_of_two_rows(
    olivia: Client, folder: Path
) -> None:
    sent = form_of(olivia.post(f"{LIST}new", {"name": "", "slip": file()})) | {"name": "Twice"}
    browsers = [another(olivia).sign_in("olivia") for _ in range(4)]
    answers = at_once([partial(browser.post, f"{LIST}new", sent) for browser in browsers])
    assert {answer.status_code for answer in answers} == {303}
    settle()
    keys = [row.slip.key for row in db.session.scalars(select(Parcel))]
    assert len(set(keys)) == 4
    swept(folder)
    assert stored(folder) == sorted(keys)


def test_two_at_once_replace_a_file_and_one_of_them_is_told(olivia: Client, folder: Path) -> None:
    row = added(olivia, slip=file())
    forms = [
        form_of(edit_page(olivia, row), slip=[file(PDF + str(number).encode(), f"{number}.pdf")])
        for number in range(4)
    ]
    browsers = [another(olivia).sign_in("olivia") for _ in forms]
    asked = zip(browsers, forms, strict=True)
    page = f"{LIST}{row.id}/edit"
    answers = at_once([partial(browser.post, page, form) for browser, form in asked])
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]
    kept = parcel().slip
    assert files.content(kept) == PDF + kept.name[0].encode()
    swept(folder)
    assert stored(folder) == [kept.key]


def test_a_file_is_kept_once_however_often_it_is_sent(olivia: Client) -> None:
    row = added(olivia, papers=[file()])
    sent = form_of(edit_page(olivia, row))
    sent["papers"] *= 2
    assert edited(olivia, row, sent).status_code == 303
    assert parcel().papers == row.papers


def test_what_was_never_saved_goes_at_night(olivia: Client, folder: Path) -> None:
    row = added(olivia, slip=file())
    olivia.post(f"{LIST}new", {"name": "", "slip": file(), "photo": file(PNG, "p.png")})
    assert len(stored(folder)) == 4
    swept(folder)
    assert stored(folder) == [row.slip.key]


def test_files_go_with_their_row(olivia: Client, folder: Path) -> None:
    kept = added(olivia, slip=file())
    row = added(olivia, slip=file(), photo=file(PNG, "p.png"), papers=[file(), file()])
    deleted(olivia, row)
    assert stored(folder) == [kept.slip.key]


def test_two_people_at_once_lose_nothing(olivia: Client, folder: Path) -> None:
    row = added(olivia, slip=file())
    mine = form_of(edit_page(olivia, row), papers=[file(name="mine.pdf")])
    theirs = form_of(edit_page(olivia, row), papers=[file(name="theirs.pdf")])
    assert edited(olivia, row, theirs).status_code == 303
    answer = edited(olivia, row, mine)
    assert answer.status_code == 409
    assert "mine.pdf" in answer.text
    form = read(answer).one("form", action=f"{LIST}{row.id}/edit")
    sent: dict[str, list[Any]] = {}
    for name, value in sent_by(form):
        sent.setdefault(name, []).append(value)
    assert edited(olivia, row, sent).status_code == 303
    assert [paper.name for paper in parcel().papers] == ["mine.pdf"]
    assert parcel().slip == row.slip
    swept(folder)
    assert len(stored(folder)) == 2


def test_who_does_not_see_the_row_gets_no_file(olivia: Client, cast: Cast) -> None:
    row = added(olivia, name="Secret", slip=file(), photo=file(PNG, "p.png"))
    other = added(olivia, slip=file())
    key, picture = row.slip.key, row.photo.key
    addresses = {
        f"{LIST}{row.id}/files/slip/{key}": 200,
        f"{LIST}{other.id}/files/slip/{key}": 404,
        f"{LIST}{row.id}/files/papers/{key}": 404,
        f"{LIST}{row.id}/files/name/{key}": 404,
        f"{LIST}{row.id}/files/photo/{picture}": 404,
        f"{LIST}{row.id}/files/slip/{'0' * 32}": 404,
        f"{LIST}{row.id}/files/slip/..": 404,
        f"{LIST}{row.id}/pictures/photo/{picture}/256": 200,
        f"{LIST}{row.id}/pictures/photo/{picture}/257": 404,
        f"{LIST}{row.id}/pictures/slip/{key}/256": 404,
        f"/admin/users/{cast.max.id}/files/slip/{key}": 404,
        f"/avatars/{picture}/256": 404,
    }
    for address, status in addresses.items():
        assert olivia.get(address).status_code == status, address
    vera = another(olivia).sign_in("vera")
    stranger = another(olivia)
    assert vera.get(f"{LIST}{other.id}/files/slip/{other.slip.key}").status_code == 200
    for address in addresses:
        assert vera.get(address).status_code == 404, address
        assert stranger.get(address).status_code == 303, address


HANDLES = {
    "another field": lambda handle: ("papers", handle),
    "broken": lambda handle: ("slip", handle[:-2] + "xx"),
    "nothing": lambda _handle: ("slip", "x"),
    "long": lambda handle: ("slip", handle * 200),
    "a key": lambda _handle: ("slip", "0" * 32),
}


@pytest.mark.parametrize("name", HANDLES)
def test_a_handle_counts_for_its_field_alone(name: str, olivia: Client) -> None:
    answer = olivia.post(f"{LIST}new", {"name": "", "slip": file()})
    (handle,) = [value for value in form_of(answer)["slip"] if value]
    field, changed = HANDLES[name](handle)
    answer = olivia.post(f"{LIST}new", {"name": "Two", field: ["", changed]})
    assert answer.status_code == 422
    assert "not there any more" in error_at(answer, field)


def test_a_handle_of_somebody_else_is_none(olivia: Client) -> None:
    answer = olivia.post(f"{LIST}new", {"name": "", "slip": file()})
    sent = form_of(answer) | {"name": "Two"}
    pallets.allow("managers", "parcels.view", "parcels.create")
    max_ = another(olivia).sign_in("max")
    answer = max_.post(f"{LIST}new", sent)
    assert answer.status_code == 422
    assert "not there any more" in error_at(answer, "slip")


def test_a_row_like_another_has_files_of_its_own(olivia: Client, folder: Path) -> None:
    row = added(olivia, slip=file(), photo=file(PNG, "p.png"))
    page = olivia.get(f"{LIST}new?_from={row.id}")
    assert "Keep slip.pdf" in read(page).text
    assert olivia.post(f"{LIST}new", form_of(page)).status_code == 303
    again = parcel()
    deleted(olivia, row)
    assert stored(folder) == sorted([again.slip.key, *again.photo.storage_keys])


def test_the_file_of_another_row_is_copied(olivia: Client, folder: Path) -> None:
    row = added(olivia, slip=file(), photo=file(PNG, "p.png"))
    sent = form_of(edit_page(olivia, row))
    again = olivia.post(f"{LIST}new", {name: sent[name] for name in ("name", "slip", "photo")})
    assert again.status_code == 303
    assert parcel().slip.sha256 == row.slip.sha256
    assert parcel().slip.key != row.slip.key
    deleted(olivia, row)
    assert len(stored(folder)) == 3
    assert files.content(parcel().slip) == PDF


HOSTILE: dict[str, tuple[str, bytes, str]] = {
    "html": ("slip", b"<!doctype html><script>alert(1)</script>", "slip.pdf"),
    "svg": ("photo", b'<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>', "p.png"),
    "program": ("slip", b"MZ\x90\x00" + bytes(200), "slip.txt"),
    "empty": ("slip", b"", "slip.pdf"),
    "too large": ("slip", b"%PDF-" + bytes(100_000), "slip.pdf"),
    "png elsewhere": ("slip", PNG, "slip.pdf"),
    "half a picture": ("photo", PNG[:60], "p.png"),
    "zip": ("papers", b"PK\x03\x04" + bytes(100), "a.docx"),
    "blank in front": ("papers", b" " + b"%PDF-\0", "a.pdf"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_of_another_type_is_refused_at_its_field(
    name: str, olivia: Client, folder: Path
) -> None:
    field, content, filename = HOSTILE[name]
    answer = olivia.post(f"{LIST}new", {"name": "One", field: file(content, filename)})
    assert answer.status_code == 422
    assert error_at(answer, field)
    assert stored(folder) == []


NAMES = {
    "../../etc/passwd": "passwd.pdf",
    "invoice\u202efdp.exe": "invoicefdp.exe.pdf",
    "Rechnung März.PDF": "Rechnung März.pdf",
    "a" * 400 + ".pdf": "a" * 115 + "….pdf",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_made_harmless(name: str, olivia: Client) -> None:
    row = added(olivia, slip=file(name=name))
    assert row.slip.name == NAMES[name]
    answer = olivia.get(f"{LIST}{row.id}/files/slip/{row.slip.key}")
    assert answer.status_code == 200
    assert "\n" not in answer.headers["Content-Disposition"]


def test_too_many_files_are_refused(olivia: Client, folder: Path) -> None:
    answer = olivia.post(f"{LIST}new", {"name": "One", "papers": [file() for _ in range(4)]})
    assert error_at(answer, "papers") == "Choose at most 3."
    row = added(olivia, papers=[file(), file()])
    sent = form_of(edit_page(olivia, row), papers=[file(), file()])
    answer = edited(olivia, row, sent)
    assert error_at(answer, "papers") == "Choose at most 3."
    assert len(parcel().papers) == 2


# What is not read to its end is left to the garbage collector, by Werkzeug and by its client.
LEFT_OPEN = pytest.mark.filterwarnings("ignore::ResourceWarning")


@LEFT_OPEN
def test_a_form_with_files_takes_more_than_another(olivia: Client, folder: Path) -> None:
    large, huge = (b"%PDF-" + bytes(size) for size in (9 * 2**20, 13 * 2**20))
    assert len(added(olivia, papers=[file(large)]).papers) == 1
    assert olivia.post(f"{LIST}new", {"name": "One", "papers": [file(huge)]}).status_code == 413
    assert olivia.post("/admin/depots/new", {"name": file(large)}).status_code == 413
    answer = olivia.post(
        f"{LIST}new", {"name": "One", "papers": [file(large + bytes(2**20 + 2**10))]}
    )
    assert error_at(answer, "papers") == "slip.pdf: The file has more than 10 MB."
    assert len(stored(folder)) == 1
    assert olivia.post(f"{LIST}new", {"name": "x" * (5 * 2**20)}).status_code == 413
    texts = {"name": "x" * (5 * 2**20), "slip": file()}
    assert olivia.post(f"{LIST}new", texts).status_code == 413
    gc.collect()


@LEFT_OPEN
def test_a_form_of_very_many_parts_is_refused(olivia: Client) -> None:
    papers = [(BytesIO(b"x"), "x.txt") for _ in range(2_100)]
    assert olivia.post(f"{LIST}new", {"name": "One", "papers": papers}).status_code == 413
    gc.collect()


def test_a_text_in_place_of_a_file_and_a_file_in_place_of_a_text(olivia: Client) -> None:
    answer = olivia.post(f"{LIST}new", {"name": file(), "slip": "slip.pdf"})
    assert answer.status_code == 422
    assert error_at(answer, "name")


def test_a_file_belongs_to_the_person_of_its_row(olivia: Client, cast: Cast, folder: Path) -> None:
    with olivia.application.test_request_context():
        picture = files.receive(Keepsake.picture, PNG, "p.png")
    db.session.add(Keepsake(name="Ring", picture=picture, user_id=cast.vera.id))
    settle()
    assert len(stored(folder)) == 2
    act(olivia, "users", "delete", cast.vera.id)
    assert stored(folder) == []
