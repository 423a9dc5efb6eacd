"""Ask the pages of this application, and press its buttons."""

import sqlite3
from io import BytesIO
from pathlib import Path

from PIL import Image
from pwdlib import PasswordHash
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

EXISTING = Path(__file__).parents[1] / "existing.sql"
PALLETS = "/admin/pallet/list"
PASSWORD = "lantern under bridges"


def main() -> None:
    """Run in an empty folder."""
    from company import models  # noqa: PLC0415  # its database is in this folder

    prepare(models)
    olivia = signed_in("olivia")
    add_warehouses(olivia)
    with Session(models.engine) as session, session.begin():
        session.add_all(models.Pallet(warehouse_id=1, weight=2) for _ in range(3))
    pages(olivia)
    act(olivia, models)
    scope()


def prepare(models):
    tables = models.Base.metadata.sorted_tables
    new = [table for table in tables if table.name not in ("KUNDEN", "STOCK", "loads")]
    models.Base.metadata.create_all(models.engine, tables=new)
    sqlite3.connect("company.sqlite3").executescript(EXISTING.read_text())
    hashed = PasswordHash.recommended().hash(PASSWORD)
    codes = [f"{key}.{verb}" for key in ("pallet", "warehouse") for verb in ("view", "edit")]
    managers = models.Group(name="Managers", permissions=codes)
    with Session(models.engine) as session, session.begin():
        session.add(models.User(name="olivia", password=hashed, is_owner=True))
        session.add(models.User(name="max", password=hashed, groups=[managers]))


def signed_in(name):
    from company.app import app  # noqa: PLC0415  # in this folder

    client = TestClient(app)
    client.get("/admin/login")
    client.headers["X-CSRFToken"] = client.cookies["starlette_admin_csrftoken"].strip('"')
    answer = client.post("/admin/login", data={"username": name, "password": PASSWORD})
    assert answer.status_code == 200, answer.text[:2000]
    return client


def picture():
    """Return a picture of nothing, as a file."""
    file = BytesIO()
    Image.new("RGB", (9, 9)).save(file, "PNG")
    file.seek(0)
    file.name = "door.png"
    return file


def add_warehouses(olivia):
    typed = {"code": "N", "country": "DE", "capacity": "3", "is_active": "on", "facts": "{}"}
    wrong = olivia.post("/admin/warehouse/create", data=typed | {"name": "North", "capacity": "-1"})
    assert wrong.status_code == 422, "a capacity is never negative"
    for code, name in (("N", "North"), ("S", "South")):
        sent = typed | {"name": name, "code": code} | ({"manager": "2"} if code == "N" else {})
        answer = olivia.post("/admin/warehouse/create", data=sent, files={"picture": picture()})
        assert answer.url.path == "/admin/warehouse/list", answer.text[-3000:]


def pages(olivia):
    for path in (
        "/admin/",
        "/admin/warehouse/list?q=nor&sort=-name&filter=capacity__gte=1",
        "/admin/warehouse/list?filter=is_active__is_false",
        "/admin/warehouse/edit?pk=1",
        f"{PALLETS}?filter=status__eq=HERE",
        "/admin/customer/list?q=lantern",
        "/admin/customer/edit?pk=K%2F1",
        "/admin/stock/list",
        "/admin/stock/edit?pk=N,A-1",
        "/admin/load/list",
        "/admin/change/list",
        "/admin/group/create",
    ):
        answer = olivia.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[-3000:])

    assert "door.png" in olivia.get("/admin/warehouse/list").text


def act(olivia, models):
    for action, typed in (
        ("move", {"warehouse": "2"}),
        ("set_weight", {"weight": "12.5"}),
        ("add_note", {"text": "Dented"}),
    ):
        address = f"/admin/_api/pallet/action?name={action}&pks=1&pks=2"
        answer = olivia.post(address, data=typed)
        assert answer.status_code == 200, answer.text
    wrong = olivia.post("/admin/_api/pallet/action?name=set_weight&pks=1", data={"weight": "-1"})
    assert wrong.status_code == 400
    with Session(models.engine) as session:
        first = session.get(models.Pallet, 1)
        assert (first.warehouse_id, float(first.weight), first.note) == (2, 12.5, "Dented")
        assert session.query(models.Change).count() >= 5


def scope():
    max_ = signed_in("max")
    assert max_.get("/admin/customer/list").status_code == 403
    assert max_.get("/admin/pallet/edit?pk=3").status_code == 200
    assert max_.get("/admin/pallet/edit?pk=1").status_code == 404
    address = "/admin/_api/pallet/action?name=move&pks=3"
    assert max_.post(address, data={"warehouse": "2"}).status_code == 400


if __name__ == "__main__":
    main()
