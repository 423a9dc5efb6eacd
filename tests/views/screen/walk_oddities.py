"""The screen of oddities, walked by its forms as they are rendered; started by test_names_that_clash.py."""

from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.models.oddity import TEXTS, Oddity  # the test writes it
from backoffice.services import filters
from tests.support.cast import Cast
from tests.support.client import Client, settle
from tests.support.html import error_at, read, row_ids, ticked, value_of

LIST = "/admin/oddities/"
COLUMNS = (*TEXTS, "after", "tab")
ALL, MATCHING = 7, 3


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    """Signed in, with seven oddities of which three have the value that every test asks for, and two tags."""
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
    """What the list's filter form sends for this column's wanted value."""
    form = read(page).one("form", class_="filters")
    wanted = {"after": "yes", "tab": "closed"}.get(column, "wanted")
    names = {e["name"] for tag in ("input", "select") for e in form.all(tag)}
    key = filters.key_of(column)
    assert key in names
    return key, wanted


@pytest.mark.parametrize("column", COLUMNS)
def test_all_that_match_are_those_that_the_list_shows(olivia: Client, column: str) -> None:
    key, wanted = asked(olivia.get(LIST), column)
    address = f"{LIST}?{urlencode({key: wanted})}"
    page = olivia.get(address)
    shown = row_ids(page)
    assert len(shown) == MATCHING
    assert wanted in (value_of(page, key), *ticked(page, key)), "the filter is on, and can be taken off"
    form = read(page).one("form", id="rows")
    sent: dict[str, Any] = {e["name"]: e["value"] for e in form.all("input", type="hidden")}
    plan = olivia.post(f"{LIST}actions/mark", {**sent, "all_matching": "1"})
    preview = olivia.get(plan.location)
    assert "Mark 3 oddities" in read(preview).one("h1").text
    gold, silver = db.session.scalars(select(ClientTag.id).order_by(ClientTag.id)).all()
    chosen = {"step": "choose", "with.tags": ["", gold, silver], "with.group": ["", gold]}
    assert olivia.post(plan.location, chosen).location == plan.location
    preview = olivia.get(plan.location)
    assert "match now" not in preview.text
    assert olivia.post(plan.location, {"step": "run", "reason": ""}).location == plan.location
    assert error_at(olivia.get(plan.location), "reason")
    assert olivia.post(plan.location, {"step": "run", "reason": "Odd"}).location == address
    settle()
    marked = db.session.scalars(select(Oddity.id).where(Oddity.marked == "yes")).all()
    assert sorted(marked) == sorted(shown)


@pytest.mark.parametrize("column", COLUMNS)
def test_exports_hold_what_the_list_shows(olivia: Client, column: str) -> None:
    key, wanted = asked(olivia.get(LIST), column)
    page = olivia.get(f"{LIST}?{urlencode({key: wanted})}")
    (href,) = [a["href"] for a in read(page).all("a") if a["href"].startswith(f"{LIST}export.csv")]
    assert len(olivia.get(href).get_data(as_text=True).splitlines()) == MATCHING + 1


def test_the_lists_own_words_go_on_meaning_the_list(olivia: Client) -> None:
    page = olivia.get(f"{LIST}?sort=name&size=20&search=Odd&size.is=wanted&sort.is=wanted")
    assert len(row_ids(page)) == MATCHING
    assert olivia.get(f"{LIST}?size=wanted").status_code == 400


def test_a_list_that_changed_meanwhile_is_said(olivia: Client) -> None:
    page = olivia.get(f"{LIST}?reason=wanted")
    sent = {e["name"]: e["value"] for e in read(page).one("form", id="rows").all("input", type="hidden")}
    db.session.add(Oddity(name="New", reason="wanted"))
    settle()
    plan = olivia.post(f"{LIST}actions/delete", {**sent, "all_matching": "1"})
    assert "3 matched when you looked, 4 match now." in olivia.get(plan.location).text
