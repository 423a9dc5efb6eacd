"""Walk through the screen of the tutorial in the copy of the code that has it.

`test_tutorial.py` runs this.
"""

import json
from datetime import date
from itertools import chain
from typing import Any

import pytest
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.group import Group
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.docs.reading import (
    LIST,
    found,
    hidden,
    ids_on,
    link,
    planned,
    stored,
    text_of,
    warehouse,
)

NEW = {
    "name": "Harbour",
    "city": "Hamburg",
    "status": "open",
    "pallets": "12",
    "opened_on": "2026-11-02",
    "manager": "",
}


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    return client.sign_in("olivia")


@pytest.fixture
def vera(cast: Cast, client: Client) -> Client:
    return client.sign_in("vera")


def events(row_id: int) -> list[Event]:
    settle()
    about = (Event.subject_type == "warehouses", Event.subject_id == row_id)
    return list(db.session.scalars(select(Event).where(*about).order_by(Event.id)))


def test_menu_has_the_screen(olivia: Client) -> None:
    assert f'href="{LIST}"' in text_of(olivia.get("/"))


def test_list_shows_the_first_columns_and_details_what_may_be_written(
    olivia: Client, cast: Cast
) -> None:
    row_id = warehouse("Harbour", city="Hamburg", pallets=1200, manager_id=cast.max.id)
    page = text_of(olivia.get(LIST))
    assert all(
        text in page for text in ("Warehouses", "1 warehouse", "Hamburg", "1,200", "tag-green")
    )
    details = text_of(olivia.get(f"{LIST}{row_id}"))
    assert all(
        text in details
        for text in ("<h1>Harbour", "Opened on", "Manager", "Max Mander", "Created at")
    )


def test_search_knows_accents_and_case_and_finds_by_every_word(olivia: Client) -> None:
    munich, harbour = warehouse("East", city="München"), warehouse("Harbour", city="Hamburg")
    assert found(olivia, "search=MUNCHEN") == [munich]
    assert found(olivia, "search=ham+harb") == [harbour]
    assert found(olivia, "search=100%25") == []


def test_filters_are_typed(olivia: Client) -> None:
    small = warehouse("A", status="closed", pallets=3, opened_on=date(2026, 1, 31))
    large = warehouse("B", status="open", pallets=300, opened_on=date(2026, 2, 1))
    assert found(olivia, "status=closed") == [small]
    assert found(olivia, "pallets.from=4") == [large]
    assert found(olivia, "opened_on.to=2026-01-31") == [small]
    assert found(olivia, "status=open&status=closed&pallets.to=300") == [small, large]
    for query in (
        "status=lost",
        "pallets.from=many",
        "opened_on.to=31.1.",
        "manager_id=1",
        "version.from=1",
    ):
        assert olivia.get(f"{LIST}?{query}").status_code == 400, query


def test_paging_reaches_every_row_once_in_both_directions(olivia: Client) -> None:
    every = [warehouse(f"W{number:02}", pallets=number % 3) for number in range(45)]
    pages, address = [], "?size=20&sort=pallets"
    while address:
        answer = olivia.get(f"{LIST}{address}")

        pages.append(ids_on(answer))
        last, address = answer, link(answer, "next") or ""
    assert [len(page) for page in pages] == [20, 20, 5]
    assert sorted(chain.from_iterable(pages)) == every
    assert ids_on(olivia.get(f"{LIST}{link(last, 'prev')}")) == pages[1]


def test_own_texts_are_compared_like_names(olivia: Client) -> None:
    rows = {
        city: warehouse(f"In {city}", city=city)
        for city in ("Zürich", "Łódź", "Lodi", "Œuf", "odessa")
    }
    by_city = [rows[city] for city in ("Lodi", "Łódź", "odessa", "Œuf", "Zürich")]
    assert ids_on(olivia.get(f"{LIST}?sort=city")) == by_city
    assert found(olivia, "city=LODZ") == [rows["Łódź"]]
    warehouse("Tåken")
    assert "Another warehouse has this already." in text_of(
        olivia.post(f"{LIST}new", {**NEW, "name": "TAKEN"})
    )


def test_add_writes_a_row_and_an_event(olivia: Client) -> None:
    answer = olivia.post(f"{LIST}new", NEW)
    row = stored(int(answer.headers["Location"].rsplit("/", 1)[1]))
    assert (row.name, row.pallets, row.opened_on, row.manager) == (
        "Harbour",
        12,
        date(2026, 11, 2),
        None,
    )
    (event,) = events(row.id)
    assert (event.action, event.after["city"]) == ("warehouses.create", "Hamburg")


@pytest.mark.parametrize(
    "field, value",
    [
        ("name", ""),
        ("name", "Taken"),
        ("name", "n" * 81),
        ("pallets", "many"),
        ("opened_on", "soon"),
        ("status", "lost"),
        ("manager", "999999"),
    ],
)
def test_add_says_at_the_field_what_is_wrong_and_keeps_what_was_typed(
    olivia: Client, field: str, value: str
) -> None:
    taken = warehouse("Taken")
    answer = olivia.post(f"{LIST}new", {**NEW, field: value, "city": "Typed City"})
    assert answer.status_code == 422
    assert f'id="{field}-errors"' in text_of(answer)
    assert "Typed City" in text_of(answer)
    assert found(olivia, "") == [taken]


def test_edit_of_what_somebody_just_changed_shows_both(olivia: Client, app: Any) -> None:
    row_id = warehouse("Harbour", city="Hamburg")
    form = olivia.get(f"{LIST}{row_id}/edit")
    max_ = app.test_client().sign_in("max")
    url, version = f"{LIST}{row_id}/edit", hidden(form, "version")
    assert max_.post(url, {"version": version, "city": "Bremen"}).status_code == 303
    mine = {"version": version, "city": "Kiel", "name": "Harbour"}
    conflict = olivia.post(url, mine)
    assert conflict.status_code == 409
    assert all(text in text_of(conflict) for text in ("Max Mander", "Bremen", "Kiel"))
    assert stored(row_id).city == "Bremen"
    assert olivia.post(url, {**mine, "version": hidden(conflict, "version")}).status_code == 303
    assert stored(row_id).city == "Kiel"
    assert [(e.before, e.after) for e in events(row_id)] == [
        ({"city": "Hamburg"}, {"city": "Bremen"}),
        ({"city": "Bremen"}, {"city": "Kiel"}),
    ]


def test_delete_wants_its_words_and_the_events_keep_what_was_there(olivia: Client) -> None:
    row_id = warehouse("Harbour", city="Hamburg")
    url = planned(olivia, "delete", {"row": str(row_id)})
    assert olivia.post(url, {"confirm": "yes"}).location == url
    assert "delete 1" in text_of(olivia.get(url))
    assert stored(row_id)
    assert olivia.post(url, {"confirm": "delete 1"}).location == LIST
    assert stored(row_id) is None
    (event,) = events(row_id)
    assert (event.action, event.before["name"], event.before["city"]) == (
        "warehouses.delete",
        "Harbour",
        "Hamburg",
    )
    assert olivia.get(f"{LIST}{row_id}").status_code == 404


def test_exports_hold_what_the_list_shows_and_are_logged(olivia: Client) -> None:
    warehouse("=1+1", city="Kiel", pallets=5)
    warehouse("Harbour", city="Bremen", pallets=7)
    csv = text_of(olivia.get(f"{LIST}export.csv?city=Kiel", buffered=True)).removeprefix("\ufeff")
    assert csv.splitlines()[0].startswith("ID,Name,City,Status,Pallets,Opened on")
    assert [line.split(",")[1] for line in csv.splitlines()[1:]] == ["'=1+1"]
    rows = json.loads(text_of(olivia.get(f"{LIST}export.json?sort=pallets", buffered=True)))
    assert [(row["name"], row["pallets"]) for row in rows] == [("=1+1", 5), ("Harbour", 7)]
    settle()
    logged = db.session.scalars(
        select(Event).where(Event.action == "warehouses.export").order_by(Event.id)
    )
    assert [event.after for event in logged] == [{"rows": 1}, {"rows": 2}]


def test_vera_sees_and_cannot_write(vera: Client) -> None:
    row_id = warehouse("Harbour")
    assert found(vera, "") == [row_id]
    assert vera.get(f"{LIST}{row_id}").status_code == 200
    for path in ("new", f"{row_id}/edit", "export.csv", "export.json"):
        assert vera.get(f"{LIST}{path}").status_code == 403, path
    for path, form in ((f"{row_id}/edit", {"version": "1", "name": "Hers"}), ("new", NEW)):
        assert vera.post(f"{LIST}{path}", form).status_code == 403, path
    for action in ("close", "open", "delete"):
        assert vera.post(f"{LIST}actions/{action}", {"row": str(row_id)}).status_code == 403, action
    page = text_of(vera.get(LIST)) + text_of(vera.get(f"{LIST}{row_id}"))
    assert not any(word in page for word in ("Add warehouse", "Export", "/edit", "/actions/"))
    assert stored(row_id).name == "Harbour"


def test_eve_and_who_is_signed_out_get_nothing(cast: Cast, client: Client) -> None:
    row_id = warehouse("Harbour")
    assert client.try_sign_in("eve").status_code == 422
    for path in (
        "",
        "new",
        str(row_id),
        f"{row_id}/edit",
        f"{row_id}/menu",
        "export.csv",
        "lookup/manager",
    ):
        answer = client.get(f"{LIST}{path}")
        assert (answer.status_code, "Harbour" in text_of(answer)) == (303, False), path
        assert answer.headers["Location"].startswith("/sign-in"), path
    client.post(f"{LIST}actions/delete", {"row": str(row_id)})
    assert stored(row_id)


def test_a_group_made_before_gets_the_permission_from_its_page(olivia: Client, app: Any) -> None:
    viewers = db.session.scalars(select(Group).where(Group.key == "viewers")).one()
    viewers.permissions = [
        code for code in viewers.permissions if not code.startswith("warehouses.")
    ]
    held, row_id = list(viewers.permissions), viewers.id
    settle()
    vera = app.test_client().sign_in("vera")
    assert vera.get(LIST).status_code == 403
    assert LIST not in text_of(vera.get("/"))
    form = olivia.get(f"/admin/groups/{row_id}/edit")
    assert "Close and open warehouses" in text_of(form)
    values = {"version": hidden(form, "version"), "permissions": ["", *held, "warehouses.view"]}
    review = olivia.post(f"/admin/groups/{row_id}/edit", values)
    values["reviewed"] = hidden(review, "reviewed")
    assert olivia.post(f"/admin/groups/{row_id}/edit", values).status_code == 303
    assert vera.get(LIST).status_code == 200
