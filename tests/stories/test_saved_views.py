"""Save the view of a list, come back to it, change it, share it, and lose it."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask
from sqlalchemy import func, select

from backoffice import limits
from backoffice.events import verify
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.saved_view import SavedView
from backoffice.models.user import User
from tests.support import acting
from tests.support.acting import group
from tests.support.cast import Cast
from tests.support.client import Client, settle
from tests.support.html import error_at, hidden, read, row_ids, ticked, value_of
from tests.support.races import at_once

LIST = "/admin/users/"
VIEWS = "/admin/users/views"
ACTIVE = "?status=active&sort=-created_at"


def save(client: Client, name: str, query: str = ACTIVE, **more: Any) -> Any:
    """Save a list as its page offers, and return the answer."""
    state = hidden(client.get(LIST + query), "address")
    return client.post(f"{VIEWS}/new", {"name": name, "address": state, **more})


def saved(name: str) -> SavedView:
    settle()
    return db.session.scalars(select(SavedView).where(SavedView.name == name)).one()


def tabs(client: Client, address: str) -> list[str]:
    """Return what the tabs above a list are called; the one that is open has a star."""
    answer = client.get(address, follow_redirects=True)
    bars = read(answer).all("nav", class_="view-tabs")
    return [("*" if e["aria-current"] else "") + e.text for bar in bars for e in bar.all("a")]


def asked(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


def opened(client: Client, address: str) -> Any:
    """Open a view by its short address, and return where it leads to."""
    answer = client.get(address)
    assert answer.status_code == 303, answer.status_code
    return answer.location


def events_of(code: str) -> list[Event]:
    settle()
    return list(db.session.scalars(select(Event).where(Event.action == code).order_by(Event.id)))


def join(person: User, key: str, *, only: bool = False) -> None:
    """Put a person into a shipped group, or into it alone."""
    joined = group(key)
    person.groups = [joined] if only else [*person.groups, joined]
    settle()


@pytest.fixture
def visitor(app: Flask) -> Callable[[str], Client]:
    """Return a function that signs somebody in, in a browser of their own."""

    def sign_in(name: str) -> Client:
        client = app.test_client()
        assert isinstance(client, Client)
        return client.sign_in(name)

    return sign_in


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
        "view": "Active ones",
        "list": "users",
        "address": ["columns", "search", "sort", "status"],
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
    assert event.after["view"] == "Active"
    save(max_, "Another", "?status=active")
    assert tabs(max_, LIST) == ["*All", "Active", "Another"]


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
    assert (event.before["view"], event.subject_id) == ("Here", cast.max.id)
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


# Sharing


def test_a_shared_view_is_a_tab_for_the_group_and_for_nobody_else(
    max_: Client, cast: Cast, visitor: Callable[[str], Client]
) -> None:
    answer = save(max_, "Ours", groups=["", group("managers").id])
    assert answer.status_code == 303
    assert ticked(max_.get(f"{VIEWS}/{saved('Ours').id}"), "groups") == [str(group("managers").id)]
    vera = visitor("vera")
    assert tabs(vera, LIST) == []
    assert vera.get(f"{LIST}?view={saved('Ours').id}").status_code == 404
    join(cast.vera, "managers")
    vera = visitor("vera")
    assert tabs(vera, LIST) == ["*All", "Ours"]
    assert asked(opened(vera, f"{LIST}?view={saved('Ours').id}"))["status"] == "active"


def test_a_shared_view_is_changed_by_its_owner_alone(
    max_: Client, cast: Cast, visitor: Callable[[str], Client]
) -> None:
    save(max_, "Ours", groups=["", group("managers").id])
    join(cast.vera, "managers")
    vera = visitor("vera")
    address = f"{VIEWS}/{saved('Ours').id}"
    assert vera.get(address).status_code == 404
    assert vera.post(address, {"name": "Mine", "version": "1"}).status_code == 404
    assert vera.post(f"{address}/delete").status_code == 404
    page = read(vera.get(f"{LIST}?view={saved('Ours').id}", follow_redirects=True))
    assert not [form for form in page.all("form") if form["action"] == address]
    olivia = visitor("olivia")
    assert olivia.post(f"{address}/delete").status_code == 404
    assert olivia.post(f"{VIEWS}/default", {"view": saved("Ours").id}).status_code == 404
    assert saved("Ours").name == "Ours"


def test_who_may_not_share_has_no_groups_to_choose_and_is_refused(
    cast: Cast, visitor: Callable[[str], Client]
) -> None:
    vera = visitor("vera")
    assert read(vera.get(f"{VIEWS}/new")).all(name="groups") == []
    answer = save(vera, "Ours", groups=["", group("viewers").id])
    assert answer.status_code == 303
    assert saved("Ours").groups == []


@pytest.mark.parametrize("key", ["administrators", "viewers"])
def test_a_view_is_shared_with_ones_own_groups_alone(max_: Client, key: str) -> None:
    answer = save(max_, "Ours", groups=["", group(key).id])
    assert answer.status_code == 422
    assert error_at(answer, "groups")
    assert value_of(answer, "name") == "Ours"
    settle()
    assert db.session.scalar(select(func.count()).select_from(SavedView)) == 0
    assert [event.result for event in events_of("saved_views.share")] == ["denied"]


def test_who_left_the_group_can_only_take_the_view_back(
    max_: Client, cast: Cast, visitor: Callable[[str], Client]
) -> None:
    save(max_, "Ours", groups=["", group("managers").id])
    join(cast.max, "viewers", only=True)
    other = visitor("max")
    address, version = f"{VIEWS}/{saved('Ours').id}", saved("Ours").version
    answer = other.post(address, {"name": "Other", "version": version})
    assert answer.status_code == 422
    assert saved("Ours").name == "Ours"
    assert other.post(address, {"groups": [""], "version": version}).status_code == 303
    settle()
    assert saved("Ours").groups == []


def test_who_may_share_with_a_group_takes_a_view_away_from_it(
    max_: Client, cast: Cast, visitor: Callable[[str], Client]
) -> None:
    save(max_, "Ours", groups=["", group("managers").id])
    join(cast.olivia, "managers")
    join(cast.vera, "managers", only=True)
    group("managers").permissions = ["users.view"]
    settle()
    stop = f"{VIEWS}/{saved('Ours').id}/groups/{group('managers').id}/stop"
    assert visitor("vera").post(stop).status_code == 403
    olivia = visitor("olivia")
    buttons = [form["action"] for form in read(olivia.get(VIEWS)).all("form")]
    assert stop in buttons
    assert olivia.post(stop).status_code == 303
    assert saved("Ours").groups == []
    event = events_of("account.change_view")[-1]
    assert (event.before["groups"], event.after["groups"]) == (["Managers"], [])


def test_a_group_is_shown_only_so_many_views_of_a_list(max_: Client, cast: Cast) -> None:
    managers = group("managers")
    for number in range(limits.SHARED_VIEWS):
        view = SavedView(
            user_id=cast.olivia.id, screen="users", name=f"V{number}", name_key=f"v{number}"
        )
        view.address, view.groups = "sort=-id", [managers]
        db.session.add(view)
    settle()
    answer = save(max_, "Ours", groups=["", group("managers").id])
    assert answer.status_code == 422
    assert "Managers" in error_at(answer, "groups")


def test_a_group_that_is_deleted_drops_its_views(max_: Client, cast: Cast) -> None:
    save(max_, "Ours", groups=["", group("managers").id])
    join(cast.max, "administrators", only=True)
    db.session.delete(group("managers"))
    settle()
    assert saved("Ours").groups == []


# What the reader may not see, and what is gone


def test_what_the_reader_may_not_see_is_left_out_and_said(
    max_: Client, cast: Cast, visitor: Callable[[str], Client]
) -> None:
    managers = group("managers")
    query = f"?groups={managers.id}&status=active&columns=name,groups"
    save(max_, "Ours", query, groups=["", managers.id])
    group("viewers").permissions = ["users.view"]
    join(cast.vera, "viewers", only=True)
    managers = group("managers")
    managers.permissions = ["users.view"]
    join(cast.vera, "managers", only=True)
    vera = visitor("vera")
    address = opened(vera, f"{LIST}?view={saved('Ours').id}")
    assert asked(address).keys() == {"status", "sort", "columns", "view"}
    page = read(vera.get(address))
    assert "left out" in page.one("p", class_="notice-warning").text
    assert "Groups" not in page.one("p", class_="notice-warning").text
    assert tabs(vera, address) == ["All", "*Ours"]


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


# Bad input


@pytest.mark.parametrize(
    "name, words",
    [
        ("", "Give the view a name."),
        (" \u200b ", "Give the view a name."),
        ("x" * 61, "60"),
        ("\ufdfa" * 60, "simpler"),
    ],
)
def test_a_bad_name_is_told_at_its_field_and_nothing_is_lost(
    max_: Client, name: str, words: str
) -> None:
    answer = save(max_, name)
    assert answer.status_code == 422
    assert words in error_at(answer, "name")
    assert "status=active" in hidden(answer, "address")
    settle()
    assert db.session.scalar(select(func.count()).select_from(SavedView)) == 0


def test_no_two_views_of_a_list_have_one_name(
    max_: Client, visitor: Callable[[str], Client]
) -> None:
    save(max_, "Active")
    answer = save(max_, "ACTIVE")
    assert error_at(answer, "name") == "Another view of yours has this name."
    save(max_, "Other")
    page = f"{VIEWS}/{saved('Other').id}"
    assert max_.post(page, {"name": "active", "version": "1"}).status_code == 422
    assert max_.post(page, {"name": "OTHER", "version": "1"}).status_code == 303
    assert save(visitor("vera"), "Active").status_code == 303
    state = {"name": "Active", "address": "sort=-id"}
    assert max_.post("/admin/groups/views/new", state).status_code == 303


@pytest.mark.parametrize("address", ["status=nothing", "colour=red", "sort=nothing", "x=" * 5000])
def test_an_address_that_the_list_does_not_take_is_refused(max_: Client, address: str) -> None:
    answer = max_.post(f"{VIEWS}/new", {"name": "Active", "address": address})
    assert answer.status_code == 422
    settle()
    assert db.session.scalar(select(func.count()).select_from(SavedView)) == 0


def test_an_address_that_is_too_long_is_refused(max_: Client) -> None:
    pairs = "&".join(f"email={'x' * 190}{number}" for number in range(20))
    answer = max_.post(f"{VIEWS}/new", {"name": "Active", "address": pairs})
    assert answer.status_code == 422


def test_a_stale_form_is_refused_and_can_be_sent_again(max_: Client) -> None:
    save(max_, "Active")
    address = f"{VIEWS}/{saved('Active').id}"
    assert max_.post(address, {"name": "First", "version": "1"}).status_code == 303
    answer = max_.post(address, {"name": "Second", "version": "1"})
    assert answer.status_code == 422
    assert saved("First").version == 2
    assert value_of(answer, "name") == "Second"
    sent = {"name": "Second", "version": hidden(answer, "version")}
    assert max_.post(address, sent).status_code == 303
    for version in ("", "x", "99"):
        assert max_.post(address, {"name": "Third", "version": version}).status_code == 422
    assert saved("Second")


def test_saving_the_same_again_changes_nothing(max_: Client) -> None:
    save(max_, "Active")
    view = saved("Active")
    sent = {"name": "Active", "version": view.version, "groups": [""], "address": view.address}
    assert max_.post(f"{VIEWS}/{view.id}", sent).status_code == 303
    assert saved("Active").version == 1
    assert events_of("account.change_view") == []


def test_a_person_keeps_only_so_many_views(max_: Client, cast: Cast) -> None:
    for number in range(limits.SAVED_VIEWS - 1):
        name = f"V{number}"
        view = SavedView(user_id=cast.max.id, screen="groups", name=name, name_key=name.lower())
        view.address = "sort=-id"
        db.session.add(view)
    settle()
    posts = [{"name": f"New {number}", "address": "sort=-id"} for number in range(4)]
    max_.token()
    at_once([partial(max_.post, f"{VIEWS}/new", post) for post in posts])
    settle()
    number = db.session.scalar(select(func.count()).select_from(SavedView))
    assert number == limits.SAVED_VIEWS


def test_others_views_are_not_found(max_: Client, visitor: Callable[[str], Client]) -> None:
    save(max_, "Active")
    vera = visitor("vera")
    for number in (saved("Active").id, 999_999, 2**63 - 1):
        address = f"{VIEWS}/{number}"
        assert vera.get(address).status_code == 404
        assert vera.post(address, {"name": "x", "version": "1"}).status_code == 404
        assert vera.post(f"{address}/delete").status_code == 404
        assert vera.post(f"{address}/groups/1/stop").status_code == 404
        assert vera.post(f"{VIEWS}/default", {"view": number}).status_code == 404
    # A view of one list is none of another.
    assert max_.get(f"/admin/groups/views/{saved('Active').id}").status_code == 404


# Erasure


def test_views_are_erased_with_their_owner_and_so_is_what_events_say_of_them(
    max_: Client, cast: Cast, visitor: Callable[[str], Client]
) -> None:
    save(max_, "Looking for Zebulon", "?search=zebulon")
    (event,) = events_of("account.save_view")
    assert "zebulon" not in str(event.after["address"])
    acting.act(visitor("olivia"), "users", "delete", cast.max.id)
    settle()
    assert db.session.scalar(select(func.count()).select_from(SavedView)) == 0
    (event,) = events_of("account.save_view")
    assert event.after is None
    assert db.session.get_one(User, event.subject_id).status == "deleted"
    assert verify() == []


# The numbers on the tabs


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


def test_a_number_that_takes_too_long_is_left_out(
    max_: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(max_, "Active")
    monkeypatch.setattr(limits, "VIEW_COUNTS", 0.0)
    assert max_.get(f"{VIEWS}/counts").json == {"counts": {}}
