"""Ask the pages of this application, and press its buttons."""

import sqlite3
from io import BytesIO
from pathlib import Path

from PIL import Image
from pwdlib import PasswordHash
from starlette.testclient import TestClient

EXISTING = Path(__file__).parents[1] / "existing.sql"
PASSWORD = "lantern under bridges"
# What managers may do.
GRANTED = [(key, verb) for key in ("pallet", "warehouse") for verb in ("list", "edit")]
GRANTED += [("pallet", "action:move")]


def main() -> None:
    """Run in an empty folder."""
    from company import models  # noqa: PLC0415  # its database is in this folder

    prepare(models)
    olivia = signed_in("olivia")
    add_warehouses(olivia)
    with models.session_maker.begin() as session:
        session.add_all(models.Pallet(warehouse_id=1, weight=2) for _ in range(3))
    pages(olivia)
    act(olivia)
    scope()


def prepare(models):
    tables = models.Base.metadata.sorted_tables
    new = [table for table in tables if table.name not in ("KUNDEN", "STOCK", "loads")]
    models.Base.metadata.create_all(models.engine, tables=new)
    sqlite3.connect("company.sqlite3").executescript(EXISTING.read_text())
    hashed = PasswordHash.recommended().hash(PASSWORD)
    grants = [models.GroupAccess(identity=key, action=verb) for key, verb in GRANTED]
    managers = models.Group(name="Managers", accesses=grants)
    with models.session_maker.begin() as session:
        session.add(models.User(name="olivia", password=hashed, is_superuser=True))
        session.add(models.User(name="max", password=hashed, groups=[managers]))


def signed_in(name):
    from company.app import app  # noqa: PLC0415  # in this folder

    client = TestClient(app)
    answer = client.post("/admin/login", data={"username": name, "password": PASSWORD})
    assert answer.url.path == "/admin/", answer.text[-2000:]
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
    typed["save"] = "Save"
    wrong = olivia.post("/admin/warehouse/create", data=typed | {"name": "North", "capacity": "-1"})
    assert wrong.status_code == 400, "a capacity is never negative"
    for code, name in (("N", "North"), ("S", "South")):
        sent = typed | {"name": name, "code": code} | ({"manager": "2"} if code == "N" else {})
        answer = olivia.post("/admin/warehouse/create", data=sent, files={"picture": picture()})
        assert answer.url.path == "/admin/warehouse/list", answer.text[-3000:]


def pages(olivia):
    for path in (
        "/admin/",
        "/admin/warehouse/list?search=nor&sortBy=name&country=DE&capacity=1&capacity_op=greater_than",
        "/admin/warehouse/edit/1",
        "/admin/warehouse/details/1",
        "/admin/pallet/list?status=HERE",
        "/admin/customer/list?search=lantern",
        "/admin/customer/edit/K/1",
        "/admin/stock/list",
        "/admin/stock/edit/N;A-1",
        "/admin/load/list",
        "/admin/change/list",
        "/admin/group/create",
        "/admin/warehouse/export/json",
    ):
        answer = olivia.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[-3000:])

    assert "door.png" in olivia.get("/admin/warehouse/list").text


def act(olivia):
    from company.models import Change, Pallet, session_maker  # noqa: PLC0415  # in this folder

    for action, typed in (
        ("move", {"warehouse_id": "2"}),
        ("set-weight", {"weight": "12.5"}),
        ("add-note", {"text": "Dented"}),
    ):
        form = olivia.get(f"/admin/pallet/action/{action}?pks=1,2")
        assert form.status_code == 200, form.text
        answer = olivia.post(str(form.url), data=typed)
        assert answer.url.path == "/admin/pallet/list", answer.text[-2000:]
    wrong = olivia.post("/admin/pallet/change/set_weight?pks=1", data={"weight": "-1"})
    assert wrong.url.path == "/admin/pallet/change/set_weight"
    with session_maker() as session:
        first = session.get(Pallet, 1)
        assert (first.warehouse_id, float(first.weight), first.note) == (2, 12.5, "Dented")
        assert session.query(Change).count() >= 5


def scope():
    max_ = signed_in("max")
    assert max_.get("/admin/customer/list").status_code == 403
    assert max_.get("/admin/pallet/edit/3").status_code == 200
    assert max_.get("/admin/pallet/edit/1").status_code == 404
    assert max_.post("/admin/pallet/change/set_weight?pks=3").status_code == 403
    answer = max_.post("/admin/pallet/change/move?pks=3", data={"warehouse_id": "2"})
    assert answer.url.path == "/admin/pallet/change/move"


if __name__ == "__main__":
    main()
