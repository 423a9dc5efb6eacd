"""Give files to actions, on the page and at the command line, and undo what they set.

`test_company_package.py` runs this with the package.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acme.models.parcel import Parcel
from flask import Flask
from sqlalchemy import select

from backoffice.data import files
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkRun
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.company.pallets import choose, newest_event, plan, run
from tests.company.parcels import (
    PDF,
    PNG,
    added,
    deleted,
    edit_page,
    edited,
    file,
    form_of,
    parcel,
    stored,
    swept,
)
from tests.support.html import error_at, read

OTHER = b"%PDF-1.7 another\n"


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    return client.sign_in("olivia")


@pytest.fixture
def folder(app: Flask) -> Path:
    found: Path = app.extensions["settings"].uploads_dir
    return found


def newest_run() -> BulkRun:
    settle()
    return db.session.scalars(select(BulkRun).order_by(BulkRun.id.desc()).limit(1)).one()


def rows() -> list[Parcel]:
    settle()
    return list(db.session.scalars(select(Parcel).order_by(Parcel.id)))


def test_an_action_has_the_content_and_tells_name_and_size(olivia: Client, folder: Path) -> None:
    row = added(olivia)
    address = plan(olivia, "measure", [row.id], "parcels")
    page = choose(olivia, address, letter=file(), more=[file(), file(b"text", "notes.txt")])
    assert page.status_code == 200, error_at(page, "with.letter")
    assert "Keep slip.pdf" in read(page).text
    assert run(olivia, address).location != address
    assert parcel().weight == len(PDF)
    result = read(olivia.get(f"/admin/bulk-runs/{newest_run().id}")).text
    assert f"Letter slip.pdf ({len(PDF)} bytes)" in result
    assert "notes.txt (4 bytes)" in result
    event = newest_event()
    assert event.after["letter"].startswith(f"slip.pdf ({len(PDF)} bytes, SHA-256 ")
    assert "slip.pdf" in read(olivia.get(f"/admin/events/{event.id}")).text
    swept(folder)
    assert stored(folder) == []


def test_a_wrong_file_is_said_at_its_field_and_the_other_stays(olivia: Client) -> None:
    address = plan(olivia, "measure", [added(olivia).id], "parcels")
    page = choose(olivia, address, letter=file(PNG), more=[file()])
    assert page.status_code == 422
    assert (
        error_at(page, "with.letter") == "This file is none of these, whatever its name says: PDF."
    )
    assert "Keep slip.pdf" in read(page).text
    page = choose(olivia, address, letter="")
    assert error_at(page, "with.letter") == "Choose a file."
    sent = form_of(page, "panel")
    assert run(olivia, address).location == address
    olivia.post(address, sent | {"with.letter": ["", file()]})
    assert run(olivia, address).location != address


def test_what_was_chosen_is_kept_when_it_is_chosen_again(olivia: Client, folder: Path) -> None:
    address = plan(olivia, "measure", [added(olivia).id], "parcels")
    page = choose(olivia, address, letter=file())
    before = newest_run().parameters["letter"]
    olivia.post(address, form_of(page, "panel"))
    assert newest_run().parameters["letter"] == before
    assert len(stored(folder)) == 1


def test_a_file_that_is_gone_is_said_at_the_run(olivia: Client, folder: Path) -> None:
    row = added(olivia)
    address = plan(olivia, "measure", [row.id], "parcels")
    choose(olivia, address, letter=file())
    swept(folder)
    assert run(olivia, address).location == address
    assert "not there any more" in olivia.get(address).text
    assert parcel().weight == 0


def test_a_text_is_no_file(olivia: Client) -> None:
    row = added(olivia, slip=file())
    address = plan(olivia, "measure", [row.id], "parcels")
    forged = json.dumps(row.slip.stored())
    page = choose(olivia, address, letter=["", forged])
    assert page.status_code == 422
    assert newest_run().parameters == {}


def test_one_file_for_many_rows_goes_when_none_has_it(olivia: Client, folder: Path) -> None:
    for number in range(3):
        added(olivia, name=f"P{number}")
    first, second, third = rows()
    address = plan(olivia, "attach", [first.id, second.id, third.id], "parcels")
    choose(olivia, address, slip=file())
    run(olivia, address)
    assert {row.slip.key for row in rows()} == {rows()[0].slip.key}
    deleted(olivia, first)
    edited(olivia, second, form_of(olivia.get(f"/admin/parcels/{second.id}/edit")) | {"slip": [""]})
    swept(folder)
    assert files.content(rows()[-1].slip) == PDF
    deleted(olivia, third)
    swept(folder)
    assert stored(folder) == []


def test_an_undo_brings_a_file_back_however_many_nights_later(olivia: Client, folder: Path) -> None:
    row = added(olivia, slip=file(OTHER, "old.pdf"))
    address = plan(olivia, "attach", [row.id], "parcels")
    choose(olivia, address, slip=file())
    run(olivia, address)
    assert parcel().slip.name == "slip.pdf"
    swept(folder)
    undone(olivia)
    assert parcel().slip.name == "old.pdf"
    assert files.content(parcel().slip) == OTHER
    swept(folder)
    undone(olivia)
    assert files.content(parcel().slip) == PDF, "an undo can be undone as well"


def undone(client: Client) -> None:
    answer = client.post(f"/admin/bulk-runs/{newest_run().id}/undo")
    assert run(client, answer.location).location != answer.location


def test_what_no_undo_can_bring_back_goes_at_night(olivia: Client, folder: Path) -> None:
    row = added(olivia, slip=file(OTHER, "old.pdf"))
    address = plan(olivia, "attach", [row.id], "parcels")
    choose(olivia, address, slip=file())
    run(olivia, address)
    sent = form_of(olivia.get(f"/admin/parcels/{row.id}/edit")) | {"name": "Changed since"}
    assert edited(olivia, row, sent).status_code == 303
    assert len(stored(folder)) == 2
    swept(folder)
    assert stored(folder) == [parcel().slip.key]


def test_a_field_of_files_is_changed_for_many_rows(olivia: Client) -> None:
    ids = [added(olivia, name=f"P{number}").id for number in range(2)]
    address = plan(olivia, "change-field", ids, "parcels")
    page = choose(olivia, address, field="photo", photo=file(PNG, "gate.png"))
    assert page.status_code == 200
    run(olivia, address)
    assert [row.photo.name for row in rows()] == ["gate.webp"] * 2
    href = f"/admin/parcels/{ids[1]}/pictures/photo/{rows()[1].photo.key}/256"
    assert olivia.get(href).status_code == 200


def test_the_command_line_reads_files(
    olivia: Client, run: Callable[..., Any], tmp_path: Path
) -> None:
    row = added(olivia)
    letter, wrong = tmp_path / "letter.pdf", tmp_path / "wrong.pdf"
    letter.write_bytes(PDF)
    wrong.write_bytes(PNG)

    def act(*given: str) -> Any:
        options = [part for text in given for part in ("--with", text)]
        words = ["backoffice", "act", "parcels.measure", "--id", str(row.id)]
        return run(*words, *options, "--yes")

    assert act(f"letter=@{letter}", f"more=@{letter}", f"more=@{letter}").exit_code == 0
    assert parcel().weight == len(PDF)
    for given, words in (
        (f"letter={letter}", "Write a file as letter=@path."),
        (f"letter=@{wrong}", "letter: This file is none of these, whatever its name says: PDF."),
        (f"letter=@{tmp_path / 'nowhere'}", "cannot be read: No such file"),
    ):
        answer = act(given)
        assert answer.exit_code == 1
        assert words in answer.output


def test_a_form_that_is_refused_leaves_no_copy_behind(olivia: Client, folder: Path) -> None:
    row, other = added(olivia, papers=[file(), file(name="b.pdf")]), added(olivia, name="Other")
    handles = form_of(edit_page(olivia, row))["papers"]
    for sent, status in (
        ({"name": "x", "version": "99", "papers": handles}, 409),
        ({"name": "", "version": str(other.version), "papers": handles}, 422),
    ):
        assert edited(olivia, other, sent).status_code == status
    assert len(stored(folder)) == 2
