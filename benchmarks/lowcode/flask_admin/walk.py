"""Ask the pages of this application, and press its buttons."""

import re
import sqlite3
from io import BytesIO
from pathlib import Path

from PIL import Image
from werkzeug.security import generate_password_hash

EXISTING = Path(__file__).parents[1] / "existing.sql"
PASSWORD = "lantern under bridges"


def main() -> None:
    """Run in an empty folder."""
    from company import models  # noqa: PLC0415  # its database is in this folder
    from company.app import app  # noqa: PLC0415  # the same

    with app.app_context():
        prepare(models)
        olivia = signed_in(app, "olivia")
        add_warehouses(olivia)
        models.db.session.add_all(models.Pallet(warehouse_id=1, weight=2) for _ in range(3))
        models.db.session.commit()
        pages(olivia)
        act(olivia, models)
        scope(signed_in(app, "max"))


def prepare(models):
    tables = models.db.metadata.sorted_tables
    new = [table for table in tables if table.name not in ("KUNDEN", "STOCK", "loads")]
    models.db.metadata.create_all(models.db.engine, tables=new)
    sqlite3.connect("company.sqlite3").executescript(EXISTING.read_text())
    hashed = generate_password_hash(PASSWORD)
    codes = [f"{key}.{verb}" for key in ("pallet", "warehouse") for verb in ("view", "edit")]
    managers = models.Group(name="Managers", permissions=codes)
    models.db.session.add(models.User(name="olivia", password=hashed, is_owner=True))
    models.db.session.add(models.User(name="max", password=hashed, groups=[managers]))
    models.db.session.commit()


def signed_in(app, name):
    client = app.test_client()
    answer = send(client, "/admin/login", {"name": name, "password": PASSWORD})
    assert answer.location == "/admin/", answer.text
    return client


def send(client, path, typed, to=""):
    """Send a form with the token that its page has."""
    page = client.get(path, follow_redirects=True)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert token, (path, page.status, page.text[-1000:])
    return client.post(to or page.request.full_path, data=typed | {"csrf_token": token[1]})


def picture():
    """Return a picture of nothing, as a file."""
    file = BytesIO()
    Image.new("RGB", (9, 9)).save(file, "PNG")
    file.seek(0)
    file.name = "door.png"
    return file


def add_warehouses(olivia):
    typed = {"code": "N", "country": "DE", "capacity": "3", "is_active": "y", "facts": "{}"}
    wrong = send(olivia, "/admin/warehouse/new/", typed | {"name": "North", "capacity": "-1"})
    assert wrong.status_code == 200, "a capacity is never negative"
    for code, name in (("N", "North"), ("S", "South")):
        sent = typed | {"name": name, "code": code} | ({"manager": "2"} if code == "N" else {})
        answer = send(olivia, "/admin/warehouse/new/", sent | {"picture": (picture(), "door.png")})
        assert answer.status_code == 302, answer.text[-3000:]


def pages(olivia):
    for path in (
        "/admin/",
        "/admin/warehouse/?search=nor&sort=0&flt1_0=DE",
        "/admin/warehouse/edit/?id=1",
        "/admin/pallet/?flt0_0=North",
        "/admin/customer/?search=lantern",
        "/admin/customer/edit/?id=K/1",
        "/admin/stock/",
        "/admin/stock/edit/?id=N,A-1",
        "/admin/load/",
        "/admin/change/",
        "/admin/group/new/",
        "/admin/warehouse/export/json/",
    ):
        answer = olivia.get(path)
        assert answer.status_code == 200, (path, answer.status, answer.text[-3000:])

    assert "door_thumb.png" in olivia.get("/admin/warehouse/").text


def act(olivia, models):
    for action, typed in (
        ("move", {"warehouse_id": "2"}),
        ("set_weight", {"weight": "12.5"}),
        ("add_note", {"text": "Dented"}),
    ):
        ticked = {"action": action, "rowid": ["1", "2"]}
        asked = send(olivia, "/admin/pallet/", ticked, to="/admin/pallet/action/")
        answer = send(olivia, asked.location, typed)
        assert answer.location == "/admin/pallet/", answer.text[-2000:]
    wrong = send(olivia, "/admin/pallet/change/set_weight?id=1", {"weight": "-1"})
    assert wrong.status_code == 200
    first = models.db.session.get(models.Pallet, 1, populate_existing=True)
    assert (first.warehouse_id, float(first.weight), first.note) == (2, 12.5, "Dented")
    assert models.db.session.query(models.Change).count() >= 5


def scope(max_):
    assert max_.get("/admin/customer/").status_code == 403
    assert max_.get("/admin/pallet/edit/?id=3").status_code == 200
    assert max_.get("/admin/pallet/edit/?id=1").status_code == 302
    answer = send(max_, "/admin/pallet/change/move?id=3", {"warehouse_id": "2"})
    assert answer.status_code == 200, "the South is not his"


if __name__ == "__main__":
    main()
