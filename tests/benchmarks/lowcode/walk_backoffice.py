"""Ask the pages of the company in `benchmarks/lowcode/backoffice`, and press its buttons.

`tests/stories/test_lowcode.py` runs this with the package.
"""

from io import BytesIO
from typing import Any

import pytest
from acme.models.warehouse import Pallet, Tag, Warehouse
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.testing import access, rows, walk
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.html import error_at, hidden, read, row_ids
from tests.support.images import encoded, plain


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    """Sign Olivia in; three pallets are in the North, which Max manages."""
    max_ = db.session.scalars(select(User).where(User.email.startswith("max"))).one()
    north = Warehouse(name="North", code="N", manager=max_)
    db.session.add_all([north, Warehouse(name="South", code="S")])
    db.session.add(Warehouse(name="Closed", code="C", is_active=False))
    db.session.add_all(Pallet(warehouse=north, weight=2, note="") for _ in range(3))
    settle()
    return client.sign_in("olivia")


def warehouse(code: str) -> int:
    return db.session.scalars(select(Warehouse.id).where(Warehouse.code == code)).one()


def pallets() -> list[Pallet]:
    settle()
    return list(db.session.scalars(select(Pallet).order_by(Pallet.id)))


def newest_event() -> Event:
    settle()
    return db.session.scalars(select(Event).order_by(Event.id.desc()).limit(1)).one()


def chosen(client: Client, action: str, rows: list[int], **parameters: str) -> str:
    """Ask for the preview of an action, choose its parameters, and return its address."""
    address = client.post(f"/admin/pallets/actions/{action}", {"row": rows}).location
    sent = {f"with.{name}": value for name, value in parameters.items()}
    client.post(address, {"step": "choose", **sent})
    return str(address)


def run(client: Client, address: str) -> None:
    """Press the button of a preview."""
    assert client.post(address, {"step": "run"}).location != address, client.get(address).text


def test_warehouses_are_added_found_and_exported(olivia: Client) -> None:
    typed = {"name": "East", "code": "E", "country": "DE", "capacity": "-1"}
    assert error_at(olivia.post("/admin/warehouses/new", typed), "capacity")
    assert olivia.post("/admin/warehouses/new", typed | {"capacity": "3"}).status_code == 303
    for query in ("search=nor", "country=DE", "is_active=no", "capacity.from=1"):
        assert len(row_ids(olivia.get(f"/admin/warehouses/?{query}"))) == 1, query
    assert "East" in olivia.get("/admin/warehouses/export.json").text


def test_a_warehouse_has_a_picture_with_its_thumbnail_and_a_file(
    olivia: Client, app: Flask
) -> None:
    sent = {"picture": (BytesIO(encoded(plain())), "gate.png")}
    sent |= {"contract": (BytesIO(b"%PDF-1.7"), "contract.pdf")}
    answer = olivia.post("/admin/warehouses/new", {"name": "East", "code": "E", **sent})
    assert answer.status_code == 303
    details = read(olivia.get(answer.location))
    assert olivia.get(details.one("img", alt="gate.webp")["src"]).content_type == "image/webp"
    settle()
    made = db.session.get_one(Warehouse, warehouse("E"))
    address = f"{answer.location}/files/contract/{made.contract.key}"
    assert olivia.get(details.one("a", href=address)["href"]).data == b"%PDF-1.7"


def test_lists_have_a_view_and_people_save_their_own(olivia: Client) -> None:
    db.session.add(Warehouse(name="East", code="E", capacity=120))
    settle()
    assert "Large" in read(olivia.get("/admin/warehouses/")).one("nav", class_="view-tabs").text
    large = olivia.get("/admin/warehouses/?view=large", follow_redirects=True)
    assert row_ids(large) == [warehouse("E")]
    state = hidden(olivia.get("/admin/warehouses/?is_active=no"), "address")
    sent = {"name": "Shut", "address": state}
    saved = olivia.post("/admin/warehouses/views/new", sent).location
    assert "Shut" in read(olivia.get("/admin/warehouses/")).one("nav", class_="view-tabs").text
    assert row_ids(olivia.get(saved, follow_redirects=True)) == [warehouse("C")]


def test_pallets_stand_in_a_tab_of_their_warehouse(olivia: Client) -> None:
    page = f"/admin/warehouses/{warehouse('N')}?tab=pallets"
    assert len(row_ids(olivia.get(page))) == 3
    assert len(row_ids(olivia.get(f"{page}&status=moving"))) == 0
    assert "Move to warehouse" in olivia.get(page).text


@pytest.mark.parametrize(
    "action, typed, attribute, value",
    [
        ("set-weight", {"weight": "12.5"}, "weight", 12.5),
        ("add-note", {"note": "Dented"}, "note", "Dented"),
        ("change-field", {"field": "status", "status": "moving"}, "status", "moving"),
    ],
)
def test_actions_change_rows_and_are_undone(
    olivia: Client, action: str, typed: dict[str, str], attribute: str, value: Any
) -> None:
    before = [getattr(pallet, attribute) for pallet in pallets()]
    rows = [pallet.id for pallet in pallets()][:2]
    run(olivia, chosen(olivia, action, rows, **typed))
    assert [getattr(pallet, attribute) for pallet in pallets()] == [value, value, before[2]]
    event = newest_event()
    assert attribute.removesuffix("_id") in (event.after or {})
    run(olivia, olivia.post(f"/admin/bulk-runs/{event.bulk_run_id}/undo").location)
    assert [getattr(pallet, attribute) for pallet in pallets()] == before


def test_pallets_are_moved_to_open_warehouses_and_back(olivia: Client) -> None:
    north, south = warehouse("N"), warehouse("S")
    rows = [pallet.id for pallet in pallets()]
    refused = chosen(olivia, "move", rows, warehouse=str(warehouse("C")))
    assert error_at(olivia.get(refused), "with.warehouse")
    run(olivia, chosen(olivia, "move", rows, warehouse=str(south)))
    assert {pallet.warehouse_id for pallet in pallets()} == {south}
    run(olivia, olivia.post(f"/admin/bulk-runs/{newest_event().bulk_run_id}/undo").location)
    assert {pallet.warehouse_id for pallet in pallets()} == {north}


def test_a_table_with_a_text_as_key_is_listed_found_and_written(olivia: Client) -> None:
    typed = {"kdnr": "K/9", "name": "Quay & Co", "ort": "Kiel"}
    answer = olivia.post("/admin/kunden/new", typed)
    assert answer.status_code == 303
    assert "Quay & Co" in read(olivia.get("/admin/kunden/?ort=kiel")).one("table").text
    edit = f"{answer.location}/edit"
    version = hidden(olivia.get(edit), "version")
    assert olivia.post(edit, {**typed, "ort": "Bremen", "version": version}).status_code == 303
    assert "Bremen" in olivia.get(answer.location).text
    assert olivia.post(edit, {**typed, "ort": "Hamburg", "version": version}).status_code == 409
    assert newest_event().after == {"ort": "Bremen"}


def test_a_table_with_two_keys_is_listed_and_written(olivia: Client) -> None:
    answer = olivia.post("/admin/stock/new", {"site": "N", "item": "B/2", "pieces": "4"})
    assert answer.status_code == 303
    again = olivia.post("/admin/stock/new", {"site": "N", "item": "B/2", "pieces": "5"})
    assert again.status_code == 422
    page = read(olivia.get("/admin/stock/?pieces.from=4&site=n"))
    assert page.all("a", href=answer.location)


def test_a_query_is_a_list_that_nobody_writes(olivia: Client) -> None:
    page = read(olivia.get("/admin/loads/?pallets.from=3"))
    assert page.one("tbody").all("tr")[0].text.split()[:3] == [str(warehouse("N")), "3", "6.00"]
    assert olivia.get("/admin/loads/new").status_code == 404
    assert "Add" not in page.one("header", class_="page-head").text


def test_home_counts_closed_warehouses(olivia: Client) -> None:
    page = read(olivia.get("/")).text
    assert "1 Closed warehouses" in page


@pytest.mark.browser
@pytest.mark.one_engine("sqlite", reason="a page looks the same on both")
def test_every_page_fits_and_has_names(app: Flask, page: Page, staff: list[str]) -> None:
    there = rows.stored(
        north := Warehouse(name="North", code="N"),
        Warehouse(name="South", code="S"),
        Pallet(warehouse=north, weight=2),
        Pallet(warehouse=north, weight=3),
        Tag(name="Cold"),
        Tag(name="Dry"),
    )
    ours = [each for each in access.screens_of(app, ("acme",)) if each.model in there.rows]
    assert len(ours) == 3
    assert walk.faults(page, app, there, ours) == []


def test_managers_see_only_their_warehouses(olivia: Client, app: Flask) -> None:
    group = db.session.scalars(select(Group).where(Group.key == "managers")).one()
    group.permissions = ["warehouses.view", "pallets.view", "pallets.edit", "users.view"]
    settle()
    max_: Any = app.test_client()
    max_.sign_in("max")
    assert row_ids(max_.get("/admin/warehouses/")) == [warehouse("N")]
    assert max_.get(f"/admin/warehouses/{warehouse('S')}").status_code == 404
    assert len(row_ids(max_.get("/admin/pallets/"))) == 3
    south = str(warehouse("S"))
    address = chosen(max_, "move", [pallets()[0].id], warehouse=south)
    assert error_at(max_.get(address), "with.warehouse")
