"""Use the screens that `new-screen` has written; `test_company_package.py` runs this."""

import pytest
from acme.models.box import Box
from acme.models.warehouse import Warehouse
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.html import read

GIVEN = {"name": "North", "code": "N1", "capacity": "40", "country": "FR", "open": ["", "y"]}


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    return client.sign_in("olivia")


def test_rows_are_added_listed_and_found(olivia: Client, cast: Cast) -> None:
    assert olivia.get("/admin/warehouses/new").status_code == 200
    answer = olivia.post("/admin/warehouses/new", {**GIVEN, "manager": str(cast.max.id)})
    assert answer.status_code == 303
    settle()
    made = db.session.scalars(select(Warehouse)).one()
    assert (made.country, made.open, made.marks, made.manager.id) == ("FR", True, [], cast.max.id)
    assert "North" in read(olivia.get("/admin/warehouses/?search=north")).one("table").text
    answer = olivia.post("/admin/boxes/new", {"size": "3", "warehouse": str(made.id)})
    settle()
    assert db.session.scalars(select(Box)).one().warehouse_id == made.id
    assert Box.noun() == "box"


def test_what_is_required_is_asked_for(olivia: Client) -> None:
    answer = olivia.post("/admin/warehouses/new", {"name": "North"})
    assert answer.status_code == 422
