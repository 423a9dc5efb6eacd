"""Parcels with files, for the walks that `test_company_package.py` runs."""

import os
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from acme.models.parcel import Parcel
from sqlalchemy import select

from backoffice import clock
from backoffice.extensions import db
from backoffice.jobs import sweep_uploads
from backoffice.settings import configured
from backoffice.testing.client import Client, settle
from tests.company import pallets
from tests.support.html import read, sent_by
from tests.support.images import encoded, plain

LIST = "/admin/parcels/"
PDF = b"%PDF-1.7\nhello\n%%EOF\n"
PNG = encoded(plain())


def file(content: bytes = PDF, name: str = "slip.pdf") -> tuple[BytesIO, str]:
    return BytesIO(content), name


def stored(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def parcel() -> Parcel:
    settle()
    return db.session.scalars(select(Parcel).order_by(Parcel.id.desc()).limit(1)).one()


def added(client: Client, **sent: Any) -> Parcel:
    answer = client.post(f"{LIST}new", {"name": "One"} | sent)
    assert answer.status_code == 303, answer.get_data(as_text=True)[:3000]
    return parcel()


def form_of(page: Any, look: str = "form", **more: list[Any]) -> dict[str, list[Any]]:
    """Return what a browser sends of a form on the page, with more values of its fields."""
    form = read(page).all("form", class_=look)[0]
    sent: dict[str, list[Any]] = {}
    for name, value in [*sent_by(form), *((name, v) for name, vs in more.items() for v in vs)]:
        sent.setdefault(name, []).append(value)
    del sent["csrf_token"]  # each browser adds its own
    return sent


def edit_page(client: Client, row: Parcel) -> Any:
    return client.get(f"{LIST}{row.id}/edit")


def edited(client: Client, row: Parcel, sent: dict[str, list[Any]]) -> Any:
    return client.post(f"{LIST}{row.id}/edit", sent)


def another(client: Client) -> Client:
    """Return the browser of somebody else."""
    return Client(client.application, client.response_wrapper)


def deleted(client: Client, row: Parcel) -> None:
    address = pallets.plan(client, "delete", [row.id], "parcels")
    assert pallets.run(client, address, confirm="delete 1").location == LIST


def swept(folder: Path) -> None:
    """Let two days pass, and the night come."""
    settle()
    then = (clock.now() - timedelta(days=2)).timestamp()
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))
    sweep_uploads.run(configured(), lambda: False)
