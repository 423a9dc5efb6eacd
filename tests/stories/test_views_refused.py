"""What is wrong about a view is said at its field, and nothing of it is lost."""

from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import func, select

from backoffice import limits
from backoffice.extensions import db
from backoffice.models.saved_view import SavedView
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.html import error_at, hidden, value_of
from tests.support.races import at_once
from tests.support.views import (
    VIEWS,
    events_of,
    save,
    saved,
)


@pytest.fixture
def max_(cast: Cast, client: Client) -> Client:
    return client.sign_in("max")


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
    max_: Client, entered: Callable[[str], Client]
) -> None:
    save(max_, "Active")
    answer = save(max_, "ACTIVE")
    assert error_at(answer, "name") == "Another view of yours has this name."
    save(max_, "Other")
    page = f"{VIEWS}/{saved('Other').id}"
    assert max_.post(page, {"name": "active", "version": "1"}).status_code == 422
    assert max_.post(page, {"name": "OTHER", "version": "1"}).status_code == 303
    assert save(entered("vera"), "Active").status_code == 303
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


def test_others_views_are_not_found(max_: Client, entered: Callable[[str], Client]) -> None:
    save(max_, "Active")
    vera = entered("vera")
    for number in (saved("Active").id, 999_999, 2**63 - 1):
        address = f"{VIEWS}/{number}"
        assert vera.get(address).status_code == 404
        assert vera.post(address, {"name": "x", "version": "1"}).status_code == 404
        assert vera.post(f"{address}/delete").status_code == 404
        assert vera.post(f"{address}/groups/1/stop").status_code == 404
        assert vera.post(f"{VIEWS}/default", {"view": number}).status_code == 404
    # A view of one list is none of another.
    assert max_.get(f"/admin/groups/views/{saved('Active').id}").status_code == 404
