"""Ask the pages of this application, and press its buttons."""

import os
import sqlite3
from io import BytesIO
from pathlib import Path

import django
from django.core.management import call_command
from django.test import Client
from PIL import Image

EXISTING = Path(__file__).parents[1] / "existing.sql"
PALLETS = "/admin/company/pallet/"


def main() -> None:
    """Run in an empty folder."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "company.settings"
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    sqlite3.connect("company.sqlite3").executescript(EXISTING.read_text())
    call_command("check", fail_level="WARNING")
    olivia = signed_in("olivia", is_superuser=True)
    north, south = add_warehouses(olivia)
    pages(olivia, north)
    act(olivia, south)
    change_field(olivia)
    scope(north)


def signed_in(name, **values):
    from django.contrib.auth.models import User  # noqa: PLC0415  # needs Django's set-up

    client = Client()
    client.force_login(User.objects.create(username=name, is_staff=True, **values))
    return client


def picture():
    """Return a picture of nothing, as a file."""
    file = BytesIO()
    Image.new("RGB", (9, 9)).save(file, "PNG")
    file.seek(0)
    file.name = "door.png"
    return file


def add_warehouses(olivia):
    from company.models import Pallet, Warehouse  # noqa: PLC0415  # needs Django's set-up

    typed = {"code": "N", "country": "DE", "capacity": 3, "is_active": "on", "facts": "{}"}
    wrong = olivia.post("/admin/company/warehouse/add/", typed | {"name": "North", "capacity": -1})
    assert wrong.status_code == 200, "a capacity is never negative"
    for code, name in (("N", "North"), ("S", "South")):
        answer = olivia.post(
            "/admin/company/warehouse/add/",
            typed | {"name": name, "code": code, "picture": picture()},
        )
        assert answer.status_code == 302, answer.content.decode()[-3000:]
    north, south = Warehouse.objects.order_by("name")
    Pallet.objects.bulk_create(Pallet(warehouse=north, weight=2) for _ in range(3))
    return north, south


def pages(olivia, north):
    for path in (
        "/admin/",
        "/admin/company/warehouse/?q=nor&o=-2&country__exact=DE&capacity_from=1",
        f"/admin/company/warehouse/{north.pk}/change/",
        f"/admin/company/warehouse/{north.pk}/history/",
        f"{PALLETS}?warehouse__id__exact={north.pk}",
        "/admin/company/customer/?q=lantern",
        "/admin/company/customer/K_2F1/change/",
        "/admin/company/load/",
        "/admin/auth/group/add/",
    ):
        answer = olivia.get(path)
        assert answer.status_code == 200, (path, answer)
    assert "<img" in olivia.get("/admin/company/warehouse/?q=north").content.decode()
    tab = olivia.get(f"/admin/company/warehouse/{north.pk}/change/").content.decode()
    assert tab.count("/admin/company/pallet/") >= 3, "the pallets of the warehouse"
    export = {"action": "export_admin_action", "_selected_action": [1], "format": 0}
    assert olivia.post(PALLETS, export | {"export_items": [1]}).status_code == 200


def act(olivia, south):
    from company.models import Pallet  # noqa: PLC0415  # needs Django's set-up

    ticked = {"_selected_action": [1, 2], "index": 0}
    for action, typed in (
        ("move", {"warehouse": south.pk}),
        ("set_weight", {"weight": "12.5"}),
        ("add_note", {"text": "Dented"}),
    ):
        form = olivia.post(
            PALLETS, ticked | {"action": action, "submitted_from_changelist_view": "1"}
        )
        assert form.status_code == 200, form
        done = olivia.post(PALLETS, ticked | {"action": action, **typed})
        assert done.status_code == 302, done.content.decode()[-3000:]
    first = Pallet.objects.get(pk=1)
    assert (first.warehouse, float(first.weight), first.note) == (south, 12.5, "Dented"), vars(
        first
    )
    assert first.history.count() == 3


def change_field(olivia):
    from company.models import Pallet  # noqa: PLC0415  # needs Django's set-up

    chosen = {"_selected_action": [1, 2], "index": 0, "action": "mass_update", "apply": "1"}
    field = {"chk_id_status": "on", "status": "moving", "func_id_status": "set", "_validate": "1"}
    assert olivia.post(PALLETS, chosen | field).status_code == 302
    assert Pallet.objects.filter(status="moving").count() == 2


def scope(north):
    from django.contrib.auth.models import Permission, User  # noqa: PLC0415  # needs Django's set-up

    max_ = signed_in("max")
    assert max_.get(PALLETS).status_code == 403
    person = User.objects.get(username="max")
    person.user_permissions.set(Permission.objects.filter(content_type__app_label="company"))
    north.manager = person
    north.save()
    assert "/pallet/1/change/" not in max_.get(PALLETS).content.decode(), "it is in the South"
    assert max_.get("/admin/company/pallet/3/change/").status_code == 200
    assert max_.get("/admin/company/pallet/1/change/").status_code == 302


if __name__ == "__main__":
    main()
