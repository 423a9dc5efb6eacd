"""Save the view of a list, come back to it, change it, and let the list open with it."""

from collections.abc import Callable
from contextlib import ExitStack

import pytest
from sqlalchemy import func, select

from backoffice import limits, slots
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.html import hidden, read, row_ids, value_of
from tests.support.views import LIST, VIEWS, asked, events_of, opened, save, saved, tabs


@pytest.fixture
def max_(cast: Cast, client: Client) -> Client:
    return client.sign_in("max")


def test_a_list_without_views_has_no_tabs_and_offers_to_save_one(max_: Client) -> None:
    page = read(max_.get(LIST))
    assert page.all("nav", class_="view-tabs") == []
    assert [form["action"] for form in page.all("form", class_="view-new")] == [f"{VIEWS}/new"]


def test_a_view_keeps_search_filters_order_and_columns(max_: Client, cast: Cast) -> None:
    query = "?search=example&status=active&sort=-created_at&columns=name,status"
    answer = save(max_, "Active ones", query)
    assert answer.status_code == 303
    address = opened(max_, answer.location)
    assert asked(address) == {
        "search": "example",
        "status": "active",
        "sort": "-created_at",
        "columns": "name,status",
        "view": str(saved("Active ones").id),
    }
    page = read(max_.get(address))
    assert [e.text for e in page.all("th", scope="col")] == ["Name", "Status"]
    assert tabs(max_, address) == ["All", "*Active ones"]
    (event,) = events_of("account.save_view")
    assert (event.subject_type, event.subject_id) == ("users", cast.max.id)
    assert event.after == {
        "name": "Active ones",
        "list": "users",
        "asks_for": ["columns", "search", "sort", "status"],
        "groups": [],
    }


def test_sorting_paging_and_searching_stay_in_the_view_and_are_seen_as_changes(
    max_: Client,
) -> None:
    address = opened(max_, save(max_, "Active").location)
    page = read(max_.get(address))
    kept = {e["name"]: e["value"] for e in page.one("form", class_="filters").all(type="hidden")}
    assert {"view", "columns", "sort"} == kept.keys()
    for link in page.one("table", class_="list").all("thead")[0].all("a"):
        assert asked(link["href"])["view"] == kept["view"]
    (chip,) = page.all("a", class_="chip")
    assert tabs(max_, LIST + chip["href"]) == ["All", "*Active changed"]
    assert tabs(max_, address) == ["All", "*Active"]
    assert tabs(max_, f"{address}&size=20") == ["All", "*Active"]


def test_columns_that_are_chosen_in_a_view_are_the_views_and_not_ones_own(max_: Client) -> None:
    address = opened(max_, save(max_, "Active").location)
    sent = {"size": "20", "columns": ["name", "status"], "next": address}
    changed = max_.post("/admin/users/preferences", sent).location
    assert asked(changed)["columns"] == "name,status"
    assert tabs(max_, changed)[1] == "*Active changed"
    headings = [e.text for e in read(max_.get(LIST)).all("th", scope="col")]
    assert len(headings) > 3
    max_.post("/admin/users/preferences", {"columns": ["name"], "next": LIST})
    assert [e.text for e in read(max_.get(LIST)).all("th", scope="col")] == ["Name"]


def test_a_changed_view_is_updated_or_saved_as_another(max_: Client) -> None:
    address = opened(max_, save(max_, "Active").location)
    page = read(max_.get(address.replace("status=active", "status=blocked")))
    (form,) = [e for e in page.all("form") if e["action"] == f"{VIEWS}/{saved('Active').id}"]
    sent = {e["name"]: e["value"] for e in form.all("input") if e["name"] != "csrf_token"}
    answer = max_.post(form["action"], sent)
    assert asked(opened(max_, answer.location))["status"] == "blocked"
    assert saved("Active").version == 2
    (event,) = events_of("account.change_view")
    assert event.after["name"] == "Active"
    save(max_, "Another", "?status=active")
    assert tabs(max_, LIST) == ["*All", "Active", "Another"]


def test_an_action_on_all_that_match_is_about_the_rows_of_the_view(
    max_: Client, cast: Cast, entered: Callable[[str], Client]
) -> None:
    olivia = entered("olivia")
    address = opened(olivia, save(olivia, "Blocked", "?status=blocked&columns=name").location)
    page = read(olivia.get(address))
    form = page.one("form", id="rows")
    sent = {e["name"]: e["value"] for e in form.all("input", type="hidden")}
    sent = {**sent, "all_matching": "1"}
    answer = olivia.post("/admin/users/actions/unblock", sent)
    assert read(olivia.get(answer.location)).one("h1").text == "Unblock 1 person"
    assert read(olivia.get(answer.location)).one("a", class_="back")["href"] == address
    links = [e["href"] for e in page.all("a") if "export.csv" in e["href"]]
    assert all("status=blocked" in href for href in links)
    assert links


def test_a_view_is_renamed_and_deleted(max_: Client, cast: Cast) -> None:
    save(max_, "Active")
    address = f"{VIEWS}/{saved('Active').id}"
    page = max_.get(address)
    assert value_of(page, "name") == "Active"
    sent = {"name": "Here", "version": hidden(page, "version")}
    assert max_.post(address, sent).status_code == 303
    assert tabs(max_, LIST) == ["*All", "Here"]
    assert asked(opened(max_, f"{LIST}?view={saved('Here').id}"))["status"] == "active"
    assert max_.post(f"{address}/delete").location == VIEWS
    assert tabs(max_, LIST) == []
    (event,) = events_of("account.delete_view")
    assert (event.before["name"], event.subject_id) == ("Here", cast.max.id)
    assert max_.get(address).status_code == 404
    assert max_.get(f"{LIST}?view={address.rsplit('/', 1)[1]}").status_code == 404


def test_a_list_opens_with_the_view_that_one_has_chosen(max_: Client, cast: Cast) -> None:
    save(max_, "Active")
    mark = str(saved("Active").id)
    assert max_.post(f"{VIEWS}/default", {"view": mark}).status_code == 303
    assert asked(opened(max_, LIST))["status"] == "active"
    assert tabs(max_, LIST) == ["All", "*Active"]
    page = read(max_.get(LIST, follow_redirects=True))
    (everything, _active) = page.one("nav", class_="view-tabs").all("a")
    assert row_ids(max_.get(everything["href"]))[:1] == [cast.eve.id]
    (clear,) = page.all("a", class_="chip-clear")
    assert clear["href"] == everything["href"] == f"{LIST}?view=all"
    # A search that is emptied does not fall back to the view.
    for start in (everything["href"], f"{LIST}?status=blocked"):
        form = read(max_.get(start)).one("form", class_="filters")
        kept = {e["name"]: e["value"] for e in form.all(type="hidden")}
        assert kept["view"] == "all"
    assert max_.post(f"{VIEWS}/default", {"view": "all"}).status_code == 303
    assert max_.get(LIST).status_code == 200


def test_other_choices_of_a_person_keep_the_default(max_: Client) -> None:
    save(max_, "Active")
    max_.post(f"{VIEWS}/default", {"view": saved("Active").id})
    max_.post("/admin/users/preferences", {"size": "20", "columns": ["name"]})
    assert asked(opened(max_, LIST))["status"] == "active"


def test_a_default_that_is_gone_shows_everything(max_: Client) -> None:
    save(max_, "Active")
    max_.post(f"{VIEWS}/default", {"view": saved("Active").id})
    max_.post(f"{VIEWS}/{saved('Active').id}/delete")
    assert max_.get(LIST).status_code == 200
    assert max_.get(f"{LIST}?view=999999").status_code == 404
    assert max_.get(f"{LIST}?view=nothing").status_code == 404
    assert max_.get(f"{LIST}?view=999999&status=active").status_code == 200


def test_what_is_gone_is_left_out_and_its_owner_reads_which_part(max_: Client) -> None:
    save(max_, "Active")
    view = saved("Active")
    view.address = "status=active&status=forgotten&colour=red&sort=-nothing&columns=name,nowhere"
    settle()
    address = opened(max_, f"{LIST}?view={view.id}")
    assert asked(address) == {"sort": "-id", "columns": "name", "view": str(view.id)}
    sentence = read(max_.get(address)).one("p", class_="notice-warning").text
    for word in ("Status", "Colour", "Order", "Columns"):
        assert word in sentence


def test_a_log_looks_back_from_the_day_on_which_it_is_looked_at(cast: Cast, client: Client) -> None:
    """The filter by recent days is no part of a view, unless somebody asked for a day."""
    olivia = client.sign_in("olivia")
    save(olivia, "Active")
    page = olivia.get("/admin/events/?result=done")
    (head, *_more) = read(page).one("table", class_="list").all("thead")[0].all("a")
    state = hidden(olivia.get("/admin/events/" + head["href"]), "address")
    assert "from" not in state
    state = hidden(olivia.get("/admin/events/?at.from=2026-01-01"), "address")
    assert "at.from=2026-01-01" in state


def test_tabs_get_their_numbers_after_the_page(max_: Client, cast: Cast) -> None:
    save(max_, "Active")
    save(max_, "Blocked", "?status=blocked")
    page = read(max_.get(LIST))
    answer = max_.get(page.one("nav", class_="view-tabs")["data-counts-url"])
    number = db.session.scalar(select(func.count()).where(User.status == "active"))
    assert answer.json["counts"] == {
        str(saved("Active").id): str(number),
        str(saved("Blocked").id): "1",
    }


def test_numbers_and_searches_do_not_queue_up(max_: Client) -> None:
    """Where too many count at once, the page is told to do without."""
    save(max_, "Active")
    with ExitStack() as held:
        for _number in range(limits.BRIEF):
            held.enter_context(slots.brief().taken())
        for address in (f"{VIEWS}/counts", "/find?q=max"):
            answer = max_.get(address)
            assert answer.status_code == 503
            assert answer.headers["Retry-After"]
        assert max_.get(LIST).status_code == 200
    assert max_.get(f"{VIEWS}/counts").status_code == 200


def test_a_number_that_takes_too_long_is_left_out(
    max_: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(max_, "Active")
    monkeypatch.setattr(limits, "VIEW_COUNTS", 0.0)
    assert max_.get(f"{VIEWS}/counts").json == {"counts": {}}


@pytest.mark.parametrize("address", ["a=1&" * 5000, "a" * 20_000, "status=active&" * 3000])
def test_an_address_that_no_list_has_is_refused_at_once(max_: Client, address: str) -> None:
    answer = max_.post(f"{VIEWS}/new", {"name": "Long", "address": address})
    assert answer.status_code == 422
    assert "too long" in answer.text or "too many" in answer.text
