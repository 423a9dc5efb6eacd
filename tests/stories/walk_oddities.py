"""Use the screen of oddities through its forms as rendered.

`test_names_that_clash.py` runs this in a copy of the code that has the screen.
"""

from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from backoffice.data import filters
from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.models.oddity import TEXTS, Oddity  # the test writes it
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.html import error_at, read, row_ids

LIST = "/admin/oddities/"
COLUMNS = (*TEXTS, "after", "tab")
ALL, MATCHING = 7, 3


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    """Sign Olivia in, with two tags and seven oddities.

    Three of the oddities have the value that every test asks for.
    """
    Oddity.__table__.create(db.session.connection(), checkfirst=True)
    db.session.query(Oddity).delete()
    for number in range(ALL):
        mine = number < MATCHING
        texts = dict.fromkeys(TEXTS, "wanted" if mine else "other")
        row = Oddity(name=f"Odd {number}", after=mine, tab="closed" if mine else "open", **texts)
        db.session.add(row)
    db.session.add_all([ClientTag(name="Gold"), ClientTag(name="Silver")])
    settle()
    return client.sign_in("olivia")


def asked(page: Any, column: str) -> tuple[str, str]:
    """Return the key and the value that the filter form sends for the wanted value of a column."""
    form = read(page).one("form", class_="filters")
    wanted = {"after": "yes", "tab": "closed"}.get(column, "wanted")
    names = {e["name"] for tag in ("input", "select") for e in form.all(tag)}
    key = filters.key_of(column)
    assert key in names
    return key, wanted


def switched_on(page: TestResponse, key: str) -> list[str]:
    """Return the values that are set in the filter form under this name."""
    controls = read(page).one("form", class_="filters").all(name=key)
    ticks = [
        e["value"]
        for e in controls
        if e.tag == "input" and (e["type"] != "checkbox" or "checked" in e.attributes)
    ]
    options = [o["value"] for e in controls for o in e.all("option") if "selected" in o.attributes]
    return ticks + options


def shown_with(client: Client, column: str) -> tuple[str, TestResponse]:
    """Filter the list by this column as its form does; return the address and the page."""
    key, wanted = asked(client.get(LIST), column)
    address = f"{LIST}?{urlencode({key: wanted})}"
    page = client.get(address)
    assert wanted in switched_on(page, key), "the filter is on, and can be taken off"
    return address, page


def planned(client: Client, page: TestResponse, action: str) -> str:
    """Press the action's button for all that match; return the preview's address."""
    form = read(page).one("form", id="rows")
    sent: dict[str, Any] = {e["name"]: e["value"] for e in form.all("input", type="hidden")}
    answer = client.post(f"{LIST}actions/{action}", {**sent, "all_matching": "1"})
    assert answer.status_code == 303
    return answer.location


def test_every_column_filters_all_that_match_and_exports(olivia: Client) -> None:
    for column in COLUMNS:
        _address, page = shown_with(olivia, column)
        assert len(row_ids(page)) == MATCHING, column
        preview = olivia.get(planned(olivia, page, "delete"))
        assert "Delete 3 oddities" in read(preview).one("h1").text, column
        assert "match now" not in preview.text, column
        (href,) = [
            a["href"] for a in read(page).all("a") if a["href"].startswith(f"{LIST}export.csv")
        ]
        assert len(olivia.get(href).get_data(as_text=True).splitlines()) == MATCHING + 1, column


@pytest.mark.parametrize("column", ["reason", "tags", "list", "size"])
def test_what_is_run_is_what_was_shown_and_the_way_back_is_the_list(
    olivia: Client, column: str
) -> None:
    address, page = shown_with(olivia, column)
    preview = planned(olivia, page, "mark")
    gold, silver = db.session.scalars(select(ClientTag.id).order_by(ClientTag.id)).all()
    chosen = {"step": "choose", "with.tags": ["", gold, silver], "with.group": ["", gold]}
    assert olivia.post(preview, chosen).location == preview
    assert olivia.post(preview, {"step": "run", "reason": ""}).location == preview
    assert error_at(olivia.get(preview), "reason")
    assert olivia.post(preview, {"step": "run", "reason": "Odd"}).location == address
    settle()
    marked = db.session.scalars(select(Oddity.id).where(Oddity.marked == "yes")).all()
    assert sorted(marked) == sorted(row_ids(page))


def test_the_lists_own_words_go_on_meaning_the_list(olivia: Client) -> None:
    page = olivia.get(f"{LIST}?sort=name&size=20&search=Odd&size.is=wanted&sort.is=wanted")
    assert len(row_ids(page)) == MATCHING
    assert olivia.get(f"{LIST}?size=wanted").status_code == 400


def test_a_list_that_changed_meanwhile_is_said(olivia: Client) -> None:
    page = olivia.get(f"{LIST}?reason=wanted")
    db.session.add(Oddity(name="New", reason="wanted"))
    settle()
    preview = olivia.get(planned(olivia, page, "delete"))
    assert "3 matched when you looked, 4 match now." in preview.text
