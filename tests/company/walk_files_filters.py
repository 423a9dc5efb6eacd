"""Find the rows that have a file, and those that have none.

`test_company_package.py` runs this with the package.
"""

from urllib.parse import urlencode

import pytest

from backoffice.testing.cast import Cast
from backoffice.testing.client import Client
from tests.company import pallets
from tests.company.parcels import LIST, PNG, added, another, file
from tests.support.html import read, row_ids


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    return client.sign_in("olivia")


@pytest.fixture
def full(olivia: Client) -> int:
    """Add a parcel with all files, and return its number; another one has none."""
    given = {"slip": file(), "photo": file(PNG, "p.png")}
    row = added(olivia, papers=[file(), file()], views=[file(PNG, "v.png")], **given)
    added(olivia, name="Empty")
    return row.id


@pytest.mark.parametrize("name", ["slip", "photo", "papers", "views"])
def test_rows_are_found_by_whether_they_have_a_file(olivia: Client, full: int, name: str) -> None:
    empty = full + 1
    for value, found in (("yes", [full]), ("no", [empty])):
        answer = olivia.get(f"{LIST}?{name}={value}")
        assert row_ids(answer) == found
        lines = olivia.get(f"{LIST}export.csv?{name}={value}").get_data(as_text=True).splitlines()
        assert len(lines) == 2
    assert sorted(row_ids(olivia.get(f"{LIST}?{name}=yes&{name}=no"))) == [full, empty]
    page = read(olivia.get(f"{LIST}?{name}=no"))
    kind = "picture" if name in ("photo", "views") else "file"
    offered = [e.text for e in page.one("select", name=name).all("option")]
    assert offered == ["Any", f"has a {kind}", f"has no {kind}"]
    assert f"has no {kind}" in page.all("a", class_="chip")[0].text


@pytest.mark.parametrize("value", ["x", "None", "yes'", "\0", "a" * 5000, "1", "[]"])
def test_anything_else_is_refused_in_words(olivia: Client, full: int, value: str) -> None:
    answer = olivia.get(f"{LIST}?{urlencode({'slip': value})}")
    assert answer.status_code == (200 if value == "\0" else 400)
    assert olivia.get(f"{LIST}?slip.from=yes").status_code == 400


def test_a_row_that_loses_its_files_is_found_among_those_without(olivia: Client, full: int) -> None:
    address = pallets.plan(olivia, "change-field", [full], "parcels")
    pallets.choose(olivia, address, field="papers", papers=[""])
    pallets.run(olivia, address)
    assert row_ids(olivia.get(f"{LIST}?papers=yes")) == []


def test_a_view_and_an_action_take_the_filter(olivia: Client, full: int) -> None:
    saved = {"name": "Without", "address": "photo=no&sort=-id"}
    answer = olivia.post(f"{LIST}views/new", saved)
    assert row_ids(olivia.get(answer.location, follow_redirects=True)) == [full + 1]
    sent = {"all_matching": "1", "list": "photo=no"}
    planned = olivia.post(f"{LIST}actions/change-field", sent)
    assert planned.status_code == 303
    preview = pallets.choose(olivia, planned.location, field="weight", weight="9")
    assert "1 parcel" in read(preview).one("h1").text


def test_who_does_not_see_a_row_does_not_learn_that_it_has_a_file(
    olivia: Client, full: int
) -> None:
    secret = added(olivia, name="Secret", slip=file())
    vera = another(olivia).sign_in("vera")
    assert row_ids(vera.get(f"{LIST}?slip=yes")) == [full]
    assert sorted(row_ids(olivia.get(f"{LIST}?slip=yes"))) == [full, secret.id]
