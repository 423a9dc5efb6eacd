"""Use the screens that `adopt` has written; `test_existing_tables.py` runs this."""

import pytest

from backoffice.testing.cast import Cast
from backoffice.testing.client import Client
from tests.company.existing import rows
from tests.support.html import error_at, read


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    return client.sign_in("olivia")


def add(client: Client, screen: str, **values: str) -> str:
    assert client.get(f"/admin/{screen}/new").status_code == 200
    answer = client.post(f"/admin/{screen}/new", values)
    assert answer.status_code == 303, read(answer).text
    assert client.get(answer.location).status_code == 200
    assert client.get(f"{answer.location}/edit").status_code == 200
    return str(answer.location).rpartition("/")[2]


def test_adopted_tables_are_used_at_once(olivia: Client) -> None:
    boss = add(olivia, "employees", empno="1", name="Ada")
    add(olivia, "employees", empno="2", name="Bo", boss=boss)
    assert rows.value("BOSS", "EMPLOYEES", '"EMPNO" = 2') == 1
    depot = add(olivia, "depots", code="AB", keeper="1", deputy="2")
    assert depot == "~AB"
    shelf = add(olivia, "shelves", depot=depot, no="3", load="1.5")
    assert shelf == "~AB,3"
    box = add(olivia, "boxes", box="B/1", shelve=shelf, select="x", grosse_1="5")
    assert box == "~B~2F1"
    assert rows.value("SHELF", "BOXES") == 3
    for screen in ("employees", "depots", "shelves", "boxes"):
        page = olivia.get(f"/admin/{screen}/?size=20")
        assert page.status_code == 200
        assert olivia.get(f"/admin/{screen}/export.json").status_code == 200
    assert "1 " in read(olivia.get(f"/admin/boxes/?shelve={shelf}")).one("h1").text
    assert "1 " in read(olivia.get("/admin/shelves/?depot=~AB")).one("h1").text
    assert "0 " in read(olivia.get("/admin/boxes/?shelve=~AB,4")).one("h1").text


def test_what_the_database_refuses_is_said_at_its_field(olivia: Client) -> None:
    add(olivia, "employees", empno="1", name="Ada")
    again = olivia.post("/admin/employees/new", {"empno": "1", "name": "Bo"})
    assert error_at(again, "empno")
    wrong = olivia.post("/admin/employees/new", {"empno": "99999999999", "name": "Bo"})
    assert error_at(wrong, "empno")
    olivia.post("/admin/depots/new", {"code": "AB", "keeper": "1"})
    missing = olivia.post("/admin/shelves/new", {"depot": "~XY", "no": "1"})
    assert error_at(missing, "depot")
