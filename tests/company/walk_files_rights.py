"""Lose the right to a row, and with it the right to its files, whatever one still has of them.

`test_company_package.py` runs this with the package.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from acme.models.parcel import Parcel
from flask import Flask

from backoffice.models import fields
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client
from tests.company import pallets
from tests.company.parcels import (
    LIST,
    PNG,
    added,
    another,
    edit_page,
    edited,
    file,
    form_of,
    parcel,
    stored,
)
from tests.support.html import error_at, read

FILES = ("slip", "photo", "papers")


@pytest.fixture
def row(cast: Cast, client: Client) -> Parcel:
    """A parcel that only those see who may edit parcels; Olivia added it."""
    client.sign_in("olivia")
    files: dict[str, Any] = {"slip": file(), "photo": file(PNG, "p.png"), "papers": [file()]}
    return added(client, name="Secret", **files)


@pytest.fixture
def max_(row: Parcel, client: Client) -> Client:
    """Sign Max in, who may edit parcels for now."""
    pallets.allow("managers", "parcels.view", "parcels.create", "parcels.edit")
    return another(client).sign_in("max")


@pytest.fixture
def folder(app: Flask) -> Path:
    found: Path = app.extensions["settings"].uploads_dir
    return found


def only_looks() -> None:
    pallets.allow("managers", "parcels.view", "parcels.create")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("page", ["edit", "copy", "refused"])
def test_a_handle_of_a_row_ends_with_the_right_to_the_row(
    name: str, page: str, max_: Client, row: Parcel, folder: Path
) -> None:
    pages: dict[str, Any] = {
        "edit": lambda: edit_page(max_, row),
        "copy": lambda: max_.get(f"{LIST}new?_from={row.id}"),
        "refused": lambda: edited(max_, row, form_of(edit_page(max_, row)) | {"name": [""]}),
    }
    handles = form_of(pages[page]())[name]
    only_looks()
    assert max_.get(f"{LIST}{row.id}").status_code == 404
    before = stored(folder)
    answer = max_.post(f"{LIST}new", {"name": "Mine", name: handles})
    assert answer.status_code == 422
    assert "not there any more" in error_at(answer, name)
    assert (parcel().id, stored(folder)) == (row.id, before)
    again = max_.post(f"{LIST}new", form_of(answer) | {"name": ["Mine"]})
    assert again.status_code == 422, "the page that says so has no better handle"


def test_who_still_sees_the_row_copies_its_files(max_: Client, row: Parcel) -> None:
    page = max_.get(f"{LIST}new?_from={row.id}")
    assert max_.post(f"{LIST}new", form_of(page)).status_code == 303
    assert parcel().id != row.id
    assert parcel().slip.sha256 == row.slip.sha256


def test_what_the_row_has_no_more_is_not_copied(max_: Client, row: Parcel) -> None:
    """It may lie in the storage until the night, where an undo could bring it back."""
    handles = form_of(edit_page(max_, row))["papers"]
    address = pallets.plan(max_, "change-field", [row.id], "parcels")
    pallets.choose(max_, address, field="papers", papers=[file(name="new.pdf")])
    pallets.run(max_, address)
    assert [paper.name for paper in parcel().papers] == ["new.pdf"]
    answer = max_.post(f"{LIST}new", {"name": "Mine", "papers": handles})
    assert "not there any more" in error_at(answer, "papers")


def test_an_upload_of_ones_own_is_kept_whatever_one_lost(max_: Client) -> None:
    answer = max_.post(f"{LIST}new", {"name": "", "slip": file()})
    only_looks()
    assert max_.post(f"{LIST}new", form_of(answer) | {"name": ["Mine"]}).status_code == 303
    assert parcel().slip.name == "slip.pdf"


def test_addresses_of_files_end_with_the_right_to_the_row(max_: Client, row: Parcel) -> None:
    text = read(max_.get(f"{LIST}{row.id}"))
    links = [
        e["href"] for e in text.all("a") if "/files/" in e["href"] or "/pictures/" in e["href"]
    ]
    links += [e["src"] for e in text.all("img", class_="thumbnail")]
    assert len(links) == 4
    answers = {link: max_.get(link) for link in links}
    assert {answer.status_code for answer in answers.values()} == {200}
    only_looks()
    for link, answer in answers.items():
        known = {"If-None-Match": answer.headers.get("ETag", "*")}
        assert max_.get(link).status_code == 404, link
        assert max_.get(link, headers=known).status_code == 404, link


@pytest.fixture
def of_groups(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the slips of parcels tell something about groups."""
    monkeypatch.setitem(fields.column(Parcel, "slip").info, "tells_of", "groups")
    fields.told_of.cache_clear()
    yield
    monkeypatch.undo()
    fields.told_of.cache_clear()


def test_files_end_with_the_right_to_the_column(max_: Client, row: Parcel, of_groups: None) -> None:
    codes = ("parcels.view", "parcels.create", "parcels.edit")
    pallets.allow("managers", *codes, "groups.view")
    link = f"{LIST}{row.id}/files/slip/{row.slip.key}"
    assert max_.get(link).status_code == 200
    sent = form_of(max_.get(f"{LIST}new?_from={row.id}"))
    assert "slip" in sent
    pallets.allow("managers", *codes)
    assert max_.get(link).status_code == 404
    assert max_.post(f"{LIST}new", sent).status_code == 303
    assert parcel().id != row.id
    assert parcel().slip is None
    assert "slip" not in form_of(edit_page(max_, row))
