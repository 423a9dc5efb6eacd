"""Use tables with a text, a number under another name, and two columns as their keys.

`test_existing_tables.py` runs this with the package `trade`.
"""

import re

import pytest
from trade.models.customer import Customer, Position, Visit

from backoffice import events
from backoffice.extensions import db
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.company.existing import rows
from tests.company.existing.rows import HREF, KEY, ODD, sent, version
from tests.support.html import error_at, read


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    rows.begin()
    return client.sign_in("olivia")


def test_rows_are_listed_and_opened_by_any_key(olivia: Client) -> None:
    for path in ("kunden", "orders", "positions", "loads", "tallys"):
        assert olivia.get(f"/admin/{path}/").status_code == 200, path
    table = read(olivia.get("/admin/kunden/")).one("table").text
    assert ODD in table
    assert "Beta" in table
    page = olivia.get(HREF)
    assert page.status_code == 200
    assert "Odd" in read(page).one("h1").text
    assert "Salt" in read(olivia.get("/admin/positions/~7,2")).text
    assert olivia.get("/admin/orders/7").status_code == 200


def keys_of_pages(client: Client, address: str) -> list[str]:
    """Follow a list from its first page to its last, and back; return the keys on the way there."""
    there: list[str] = []
    last = address
    while address:
        last = address
        page = client.get(address).get_data(as_text=True)
        there += re.findall(r"name=row value=(\S+)", page)
        address = next_of(page, "after")
    back: list[str] = []
    address = last
    while address:
        page = client.get(address).get_data(as_text=True)
        back = re.findall(r"name=row value=(\S+)", page) + back
        address = next_of(page, "before")
    assert back == there
    return there


def next_of(page: str, place: str) -> str:
    """Return the address of the page after or before this one, or ''."""
    hrefs = [href.replace("&amp;", "&") for href in re.findall(r'href="(\?[^"]*)"', page)]
    return next((f"{LIST}{href}" for href in hrefs if f"{place}=" in href), "")


LIST = ""


@pytest.mark.parametrize("sort", ["id", "-id", "item", "-amount", "pos"])
def test_lists_page_by_keys_of_two_columns(
    olivia: Client, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(45):
        rows.position(8, number, f"Item {number % 3}", number % 2)
    monkeypatch.setitem(globals(), "LIST", "/admin/positions/")
    keys = keys_of_pages(olivia, f"/admin/positions/?size=20&sort={sort}")
    assert len(keys) == len(set(keys)) == 47


@pytest.mark.parametrize("sort", ["id", "-id", "kdnr", "-name1", "total", "-since"])
def test_lists_page_by_keys_of_text(
    olivia: Client, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(45):
        rows.customer(f"ä/{number}", f"Name {number % 3}", TOTAL=number % 2 or None)
    monkeypatch.setitem(globals(), "LIST", "/admin/kunden/")
    keys = keys_of_pages(olivia, f"/admin/kunden/?size=20&sort={sort}")
    assert len(keys) == len(set(keys)) == 47


def test_rows_are_searched_and_filtered(olivia: Client) -> None:
    def found(query: str, path: str = "kunden") -> str:
        return read(olivia.get(f"/admin/{path}/?{query}")).one("h1").text

    assert "1 customer" in found("search=bet")
    assert "1 customer" in found("search=A/1")
    assert "1 customer" in found("status=shut")
    assert "1 customer" in found("total.from=5")
    assert "1 order" in found(f"customer={KEY}", "orders")
    assert "1 order" in found("customer=none", "orders")
    assert "2 positions" in found("order=7", "positions")
    assert olivia.get("/admin/orders/?customer=17").status_code == 400
    assert olivia.get("/admin/orders/?customer=~1,2").status_code == 400


def test_rows_are_added_and_their_key_is_said_once(olivia: Client) -> None:
    given = {"kdnr": "C 3", "name1": "Gamma", "status": "open", "class_": "AB"}
    answer = olivia.post("/admin/kunden/new", given)
    assert answer.location == "/admin/kunden/~C~203"
    assert rows.value("NAME1", "KUNDEN", "\"KDNR\" = 'C 3'") == "Gamma"
    again = olivia.post("/admin/kunden/new", given)
    assert error_at(again, "kdnr") == "Another customer has this already."
    event = rows.newest_event()
    assert (event.subject_type, event.subject_id, event.subject_key) == ("kunden", None, "C 3")
    made = olivia.post("/admin/positions/new", {"order": "8", "pos": "5", "item": "Rice"})
    assert made.location == "/admin/positions/~8,5"
    assert rows.value("ITEM", "POSITIONS", '"ORDERNO" = 8') == "Rice"
    assert rows.newest_event().subject_key == '["8", "5"]'
    assert olivia.post("/admin/orders/new", {"orderno": "9"}).location == "/admin/orders/9"
    assert rows.newest_event().subject_id == 9
    assert events.verify() == []


def test_a_row_is_changed_but_not_its_key(olivia: Client) -> None:
    address = f"{HREF}/edit"
    assert "kdnr" not in olivia.get(address).get_data(as_text=True).split("<form")[-1]
    values = {"name1": "Even", "kdnr": "other", "version": version(olivia, address)}
    assert olivia.post(address, values).location == HREF
    assert rows.value("NAME1", "KUNDEN", "\"KDNR\" LIKE 'A/1%'") == "Even"
    assert rows.value("KDNR", "KUNDEN", "\"NAME1\" = 'Even'") == ODD
    event = rows.newest_event()
    assert (event.before, event.after) == ({"name1": "Odd"}, {"name1": "Even"})
    page = read(olivia.get("/admin/events/"))
    assert page.one(f'a[href="{HREF}"]').text == "Even"
    assert ODD in read(olivia.get(f"/admin/events/{event.id}")).text


def test_related_rows_are_picked_looked_up_and_shown(olivia: Client) -> None:
    options = olivia.get("/admin/orders/lookup/customer?search=odd").get_json()["options"]
    assert options == [{"id": KEY, "label": "Odd"}]
    assert olivia.get(f"/admin/orders/new?customer={KEY}").status_code == 200
    answer = sent(olivia, "/admin/orders/8/edit", customer=KEY)
    assert answer.status_code == 303
    assert rows.value("KDNR", "ORDERS", '"ORDERNO" = 8') == ODD
    assert read(olivia.get("/admin/orders/8")).one(f'a[href="{HREF}"]').text == "Odd"
    tab = olivia.get(f"{HREF}?tab=orders")
    assert "2 orders" in read(tab).text
    assert olivia.get("/admin/orders/7?tab=positions").status_code == 200
    wrong = sent(olivia, "/admin/orders/8/edit", customer="~nobody")
    assert wrong.status_code == 422


def test_an_entity_of_ones_own_refers_to_an_existing_table(olivia: Client) -> None:
    answer = olivia.post("/admin/visits/new", {"note": "Hello", "customer": KEY})
    assert answer.status_code == 303
    settle()
    assert db.session.query(Visit).one().customer_no == ODD
    assert "1 visit" in read(olivia.get(f"{HREF}?tab=visits")).text


def test_rows_are_exported(olivia: Client) -> None:
    lines = olivia.get("/admin/positions/export.csv").get_data(as_text=True).splitlines()
    assert len(lines) == 3
    assert "Salt" in lines[2]
    text = olivia.get("/admin/kunden/export.json").get_data(as_text=True)
    assert "123456789012345.67" in text
    assert olivia.get("/admin/loads/export.csv").status_code == 200


def test_a_view_is_read_and_nothing_else(olivia: Client) -> None:
    page = read(olivia.get("/admin/loads/?orders.from=1&sort=-orders"))
    assert "2 loads" in page.one("h1").text
    details = olivia.get("/admin/loads/" + KEY)
    assert details.status_code == 200
    for address in ("/admin/loads/new", f"/admin/loads/{KEY}/edit"):
        assert olivia.get(address).status_code == 404
    assert olivia.post("/admin/loads/actions/delete", {"row": KEY}).status_code == 404
    assert "2 tallys" in read(olivia.get("/admin/tallys/?size=20&sort=item")).one("h1").text


@pytest.mark.parametrize(
    "key", ["1", "~", "~~", "~x,y", "~7,1,1", "~7", "~7,x", "~7,99999999999999999999", "~7,~FF"]
)
def test_what_is_no_key_is_nothing(olivia: Client, key: str) -> None:
    for page in ("", "/edit", "/menu", "?tab=orders"):
        assert olivia.get(f"/admin/positions/{key}{page}").status_code == 404
    answer = olivia.post(
        "/admin/positions/actions/delete", {"row": key, "back": "/admin/positions/"}
    )
    assert answer.status_code in (303, 400)
    assert olivia.get(f"/admin/positions/?order={key}").status_code in (200, 400)


def test_forged_places_in_a_list_are_refused(olivia: Client) -> None:
    for place in ("WzEsMV0", "WyJ-eCIsIn54Il0", "WzEsIn43LDEiXQ", "x" * 5000, "W251bGwsbnVsbF0"):
        for sort in ("id", "item", "amount"):
            answer = olivia.get(f"/admin/positions/?sort={sort}&after={place}")
            assert answer.status_code in (200, 400), place


def test_a_secret_row_is_nobodys(olivia: Client) -> None:
    rows.customer("S", "Secret")
    rows.order(99, "S")
    assert olivia.get("/admin/kunden/~S").status_code == 404
    assert "Secret" not in olivia.get("/admin/orders/").get_data(as_text=True)
    assert "Secret" not in olivia.get("/admin/orders/99").get_data(as_text=True)
    assert olivia.get("/admin/events/?search=x").status_code == 200


UNSEEN = "An entry that you may not see"


@pytest.fixture
def secret(olivia: Client) -> str:
    """Return the address of the form of a visit to a customer whom nobody sees."""
    rows.customer("S", "Secret")
    db.session.add(Visit(note="Hello", customer_no="S"))
    settle()
    return f"/admin/visits/{db.session.query(Visit).one().id}/edit"


def visited() -> tuple[str, str]:
    settle()
    visit = db.session.query(Visit).one()
    return visit.note, visit.customer_no


def test_a_form_keeps_a_required_row_that_one_does_not_see(olivia: Client, secret: str) -> None:
    """It is none of the options, and says so; nobody is asked to fill it in."""
    page = olivia.get(secret)
    (kept,) = [e for e in read(page).all("input", name="customer") if "checked" in e.attributes]
    assert (kept["value"], UNSEEN in page.text, "Secret" in page.text) == ("", True, False)
    answer = sent(olivia, secret, note="Bye", customer="")
    assert answer.status_code == 303, answer.text
    assert visited() == ("Bye", "S")
    assert "customer" not in rows.newest_event().after  # type: ignore[operator]  # it is there
    wrong = sent(olivia, secret, note="", customer="")
    assert (wrong.status_code, UNSEEN in wrong.text) == (422, True)
    assert error_at(wrong, "customer") == ""


def test_another_row_takes_the_place_of_one_that_one_does_not_see(
    olivia: Client, secret: str
) -> None:
    assert sent(olivia, secret, note="Moved", customer=KEY).status_code == 303
    assert visited() == ("Moved", ODD)
    page = olivia.get(secret)
    assert UNSEEN not in page.text
    assert error_at(sent(olivia, secret, customer=""), "customer") == "Fill this in."


@pytest.mark.parametrize("key", ["~S", "~nobody", "S", "~~ED~A0~80", "~" + "x" * 5000, "~S,1", "?"])
def test_a_form_takes_no_row_that_one_does_not_see(olivia: Client, secret: str, key: str) -> None:
    for address in (secret, "/admin/visits/new"):
        answer = sent(olivia, secret, note="Bye", customer=key) if address == secret else None
        answer = answer or olivia.post(address, {"note": "Bye", "customer": key})
        assert answer.status_code == 422, address
        assert error_at(answer, "customer")
        assert "Secret" not in answer.text
    assert visited() == ("Hello", "S")


def test_a_new_row_asks_for_what_the_copied_one_has_unseen(olivia: Client, secret: str) -> None:
    page = olivia.get(f"/admin/visits/new?_from={secret.split('/')[3]}")
    assert UNSEEN not in page.text
    assert olivia.get("/admin/visits/new?customer=~S").text.count("checked") == 0
    answer = olivia.post("/admin/visits/new", {"note": "Bye", "customer": ""})
    assert error_at(answer, "customer") == "Fill this in."


def test_both_versions_say_that_one_does_not_see_the_row(olivia: Client, secret: str) -> None:
    assert sent(olivia, secret, note="Theirs").status_code == 303
    answer = olivia.post(secret, {"version": "1", "note": "Mine", "customer": ""})
    assert (answer.status_code, "Secret" in answer.text) == (409, False)
    assert read(answer).one("table").text.count(UNSEEN) >= 1


def test_a_person_without_the_permission_sees_nothing(cast: Cast, client: Client) -> None:
    rows.customer(ODD, "Odd")
    rows.allow("viewers", "users.view")
    vera = client.sign_in("vera")
    for address in ("/admin/kunden/", HREF, f"{HREF}/edit", "/admin/loads/"):
        assert vera.get(address).status_code == 403
    assert vera.post("/admin/kunden/actions/shut", {"row": KEY}).status_code == 403


def test_columns_called_like_what_a_form_has_are_written(olivia: Client) -> None:
    assert sent(olivia, f"{HREF}/edit", data_="Text").status_code == 303
    assert rows.value("data", "KUNDEN", "\"NAME1\" = 'Odd'") == "Text"
    assert sent(olivia, "/admin/orders/7/edit", errors_="3").status_code == 303
    assert rows.value("errors", "ORDERS", '"ORDERNO" = 7') == 3


def test_what_the_table_does_not_know_of_a_row_has_its_default(olivia: Client) -> None:
    answer = olivia.post("/admin/kunden/new", {"kdnr": "D", "name1": "Delta", "status": ""})
    assert answer.status_code == 303
    assert rows.value("STATUS", "KUNDEN", "\"KDNR\" = 'D'") == "open"


def test_labels_follow_from_the_table(olivia: Client) -> None:
    assert (Customer.__label__, Position.__label__) == ("name1", "item")


def test_a_class_of_another_application_is_a_model(olivia: Client) -> None:
    made = olivia.post("/admin/staff/new", {"name": "Ada"})
    assert made.location == "/admin/staff/~Ada"
    page = sent(olivia, f"{HREF}/edit", keeper="~Ada")
    assert page.status_code == 303
    assert rows.value("KEEPER", "KUNDEN", "\"NAME1\" = 'Odd'") == "Ada"
    assert read(olivia.get(HREF)).one("a[href='/admin/staff/~Ada']").text == "Ada"


def test_rows_are_found_from_everywhere(olivia: Client) -> None:
    page = read(olivia.get("/find?q=odd"))
    assert page.one(f"main a[href='{HREF}']")


def test_a_row_is_duplicated_without_its_key(olivia: Client) -> None:
    page = olivia.get(f"/admin/kunden/new?_from={KEY}")
    assert page.status_code == 200
    assert read(page).one("input[name=name1]")["value"] == "Odd"
    assert olivia.get("/admin/kunden/new?_from=17").status_code == 404
    assert olivia.get("/admin/positions/new?_from=~7,1").status_code == 200
