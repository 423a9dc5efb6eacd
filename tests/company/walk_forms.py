"""Fill in a form with sections, fields that depend on others, and fields that are only read.

`test_company_package.py` runs this with the package.
"""

import pytest
from acme.models.depot import Depot
from acme.models.tank import Tank
from flask import Flask
from sqlalchemy import select

from backoffice.data import records
from backoffice.extensions import db
from backoffice.policy import rules
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.company import pallets
from tests.company.parcels import form_of
from tests.support.html import Element, read

GIVEN = {"name": "Cold", "code": "T1", "content": "water", "is_cooled": ["", "y"], "degrees": "4"}


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    pallets.company()
    return client.sign_in("olivia")


@pytest.fixture
def tank(olivia: Client) -> int:
    """Return a cooled tank in the depot North."""
    depot = str(pallets.depot("North"))
    assert olivia.post("/admin/tanks/new", {**GIVEN, "depot": depot}).status_code == 303
    return tanks()[0].id


def tanks() -> list[Tank]:
    settle()
    return list(db.session.scalars(select(Tank).order_by(Tank.id)))


def field(page: Element, name: str) -> Element:
    (found,) = [e for tag in ("input", "select") for e in page.all(tag, id=name)]
    return found


def test_fields_stand_in_their_sections_side_by_side(olivia: Client) -> None:
    page = read(olivia.get("/admin/tanks/new"))
    sections = page.all("section", class_="form-section")
    assert [section.one("h2").text for section in sections] == ["Tank", "Cooling"]
    (line,) = sections[0].all("div", class_="field-line")
    assert [e["for"] for e in line.all("label")] == ["code", "content"]
    assert "Filled" not in sections[0].text


def test_a_new_form_has_the_defaults_of_columns_and_screen(olivia: Client, cast: Cast) -> None:
    page = read(olivia.get("/admin/tanks/new"))
    assert field(page, "code")["value"] == f"by {cast.olivia.id}"
    assert field(page, "pressure")["value"] == "4"
    (chosen,) = [e for e in field(page, "content").all("option") if "selected" in e.attributes]
    assert chosen["value"] == "water"


def test_what_is_only_read_is_shown_and_never_written(olivia: Client, tank: int) -> None:
    page = read(olivia.get(f"/admin/tanks/{tank}/edit"))
    shown = {e.one("dt").text: e.one("dd").text for e in page.all("dl", class_="field")}
    assert shown == {"Code": "T1", "Filled": "0"}
    sent = {**GIVEN, "version": "1", "code": "Other", "filled": "9", "name": "Colder"}
    assert olivia.post(f"/admin/tanks/{tank}/edit", sent).status_code == 303
    (saved,) = tanks()
    assert (saved.name, saved.code, saved.filled) == ("Colder", "T1", 0)


def test_a_field_that_is_not_shown_is_neither_checked_nor_written(olivia: Client) -> None:
    sent = {**GIVEN, "is_cooled": "", "degrees": "hot", "pressure": "7"}
    assert olivia.post("/admin/tanks/new", sent).status_code == 303
    (saved,) = tanks()
    assert (saved.degrees, saved.pressure) == (None, None)


def test_a_field_that_others_make_required_is_asked_for(olivia: Client, tank: int) -> None:
    answer = olivia.post("/admin/tanks/new", {**GIVEN, "name": "Other", "degrees": ""})
    assert answer.status_code == 422
    page = read(answer)
    assert page.one("p", id="degrees-errors").text == "Fill this in."
    assert field(page, "name")["value"] == "Other"
    edited = {"version": "1", "is_cooled": ["", "y"], "degrees": ""}
    assert olivia.post(f"/admin/tanks/{tank}/edit", edited).status_code == 422
    assert (
        olivia.post("/admin/tanks/new", {**GIVEN, "name": "Zero", "degrees": "0"}).status_code
        == 303
    )
    assert len(tanks()) == 2


def test_a_part_of_the_form_is_judged_with_the_row_as_it_is(olivia: Client) -> None:
    off = {**GIVEN, "is_cooled": "", "degrees": ""}
    assert olivia.post("/admin/tanks/new", off).status_code == 303
    address = f"/admin/tanks/{tanks()[0].id}/edit"
    assert olivia.post(address, {"version": "1", "is_cooled": ["", "y"]}).status_code == 422
    assert olivia.post(address, {"version": "1", "degrees": "3"}).status_code == 303
    assert tanks()[0].degrees is None
    both = {"version": "1", "is_cooled": ["", "y"], "degrees": "3"}
    assert olivia.post(address, both).status_code == 303
    assert tanks()[0].degrees == 3


def test_conditions_stand_in_the_page_with_and_without_a_script(olivia: Client) -> None:
    page = read(olivia.get("/admin/tanks/new"))
    conditions = {e["data-shown-when"] for e in page.all("div") if e["data-shown-when"]}
    assert conditions == {'{"content": ["gas"]}', '{"is_cooled": ["yes"]}'}
    assert "Depends on “Is cooled”." in page.text


def test_a_copy_has_all_values_but_those_that_are_unique(olivia: Client, tank: int) -> None:
    page = read(olivia.get(f"/admin/tanks/{tank}"))
    (link,) = [e for e in page.all("a") if e.text == "Duplicate"]
    assert link["href"] == f"/admin/tanks/new?_from={tank}"
    form = read(olivia.get(link["href"]))
    assert form.one("h1").text == "Duplicate Cold"
    assert field(form, "name")["value"] == ""
    assert (field(form, "code")["value"], field(form, "degrees")["value"]) == ("T1", "4")
    (depot,) = [e for e in form.all("input", name="depot") if "checked" in e.attributes]
    assert depot["value"] == str(pallets.depot("North"))
    assert len(tanks()) == 1


def test_a_copy_that_is_refused_still_says_of_what(olivia: Client, tank: int) -> None:
    address = f"/admin/tanks/new?_from={tank}"
    refused = read(olivia.post(address, {**GIVEN, "name": ""}))
    assert refused.one("h1").text == "Duplicate Cold"
    action = refused.one("form", class_="form")["action"]
    assert action == address
    assert olivia.post(action, {**GIVEN, "name": "Cold"}).status_code == 422, "the name is taken"
    db.session.delete(db.session.get_one(Tank, tank))
    settle()
    refused = olivia.post(action, {**GIVEN, "name": ""})
    assert refused.status_code == 422
    assert read(refused).one("h1").text == "Add tank"
    assert olivia.post(action, {**GIVEN, "name": "Cold"}).status_code == 303


@pytest.mark.parametrize("source", ["0", "99999", "x", "-1", "1' OR 1=1", "9" * 400])
def test_nothing_is_copied_from_what_is_no_row(olivia: Client, source: str) -> None:
    assert olivia.get("/admin/tanks/new", query_string={"_from": source}).status_code == 404


def test_who_may_not_add_copies_nothing(cast: Cast, client: Client) -> None:
    pallets.company()
    db.session.add(Tank(name="Cold", code="T1"))
    settle()
    row = tanks()[0].id
    pallets.allow("viewers", "tanks.view")
    vera = client.sign_in("vera")
    assert "Duplicate" not in vera.get(f"/admin/tanks/{row}").get_data(as_text=True)
    assert vera.get(f"/admin/tanks/new?_from={row}").status_code == 403


def test_after_a_conflict_only_what_is_shown_is_compared(olivia: Client, tank: int) -> None:
    first = {**GIVEN, "version": "1", "name": "Warm"}
    assert olivia.post(f"/admin/tanks/{tank}/edit", first).status_code == 303
    late = {**GIVEN, "version": "1", "name": "Hot", "is_cooled": "", "degrees": "9"}
    answer = olivia.post(f"/admin/tanks/{tank}/edit", late)
    assert answer.status_code == 409
    rows = [e.text for e in read(answer).one("table").all("th", scope="row")]
    assert "Degrees" not in " ".join(rows)


def test_a_switch_stays_on_when_the_page_of_a_refusal_is_sent(olivia: Client, tank: int) -> None:
    """What is sent again is what the page has, and not what a test would type."""
    answer = olivia.post("/admin/tanks/new", {**GIVEN, "name": "Cold"})  # the name is taken
    assert answer.status_code == 422
    sent = form_of(answer)
    assert sent["is_cooled"] == ["", "y"]
    assert olivia.post("/admin/tanks/new", {**sent, "name": "Colder"}).status_code == 303
    assert tanks()[1].is_cooled
    assert tanks()[1].degrees == 4


def test_what_somebody_does_not_see_stays_when_they_save(
    olivia: Client, cast: Cast, tank: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    north = pallets.depot("North")
    others = [pallets.depot(name) for name in ("South", "Closed")]
    row = db.session.get_one(Depot, north)
    row.neighbours = [db.session.get_one(Depot, other) for other in others]
    settle()
    monkeypatch.setitem(rules._narrower, Depot, lambda _actor: Depot.name != "Closed")
    actor = cast.actor("olivia")
    none: dict[str, object] = {"neighbours": []}
    records.update(actor=actor, model=Depot, row_id=north, version=1, values=none)
    settle()
    left = db.session.get_one(Depot, north).neighbours
    assert [other.id for other in left] == others[1:]
    monkeypatch.setitem(rules._narrower, Depot, lambda _actor: Depot.name != "North")
    edit = f"/admin/tanks/{tank}/edit"
    sent = form_of(olivia.get(edit))
    assert sent["depot"] == ["", ""]
    assert olivia.post(edit, {**sent, "name": "Warmer"}).status_code == 303
    (saved,) = tanks()
    assert (saved.name, saved.depot_id) == ("Warmer", north)
    south = str(pallets.depot("South"))
    assert olivia.post(edit, {"version": str(saved.version), "depot": south}).status_code == 303
    assert tanks()[0].depot_id == int(south)


def test_who_may_not_read_a_condition_is_asked_all_the_same(
    olivia: Client, app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rating of pallets tells of groups."""
    screen = next(each for each in app.extensions["screens"] if each.endpoint == "pallets")
    monkeypatch.setattr(screen, "form_shown_when", {"note": {"rating": "5"}})
    monkeypatch.setattr(screen, "column_default_sort", "-rating")
    pallets.allow("managers", "pallets.view", "pallets.edit")
    max_ = app.test_client()
    assert isinstance(max_, Client)
    max_.sign_in("max")
    address = f"/admin/pallets/{pallets.ids()[0]}/edit"
    assert "Depends on" not in max_.get(address).text
    assert max_.post(address, {"version": "1", "note": "Dented"}).status_code == 303
    assert pallets.pallets()[0].note == "Dented"
    assert max_.get("/admin/pallets/").status_code == 200
    assert max_.get("/find?q=tea").status_code == 200
    assert max_.get("/admin/pallets/?sort=-rating").status_code == 400
