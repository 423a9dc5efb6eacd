"""Share the view of a list with groups, lose the right to, and lose the view."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from backoffice import limits
from backoffice.events import verify
from backoffice.extensions import db
from backoffice.models.group import Group
from backoffice.models.saved_view import SavedView
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, group
from tests.support.html import error_at, read, ticked, value_of
from tests.support.races import at_once
from tests.support.views import (
    LIST,
    VIEWS,
    asked,
    events_of,
    join,
    opened,
    save,
    saved,
    tabs,
)


@pytest.fixture
def max_(cast: Cast, client: Client) -> Client:
    return client.sign_in("max")


def test_a_shared_view_is_a_tab_for_the_group_and_for_nobody_else(
    max_: Client, cast: Cast, entered: Callable[[str], Client]
) -> None:
    answer = save(max_, "Ours", groups=["", group("managers").id])
    assert answer.status_code == 303
    assert ticked(max_.get(f"{VIEWS}/{saved('Ours').id}"), "groups") == [str(group("managers").id)]
    vera = entered("vera")
    assert tabs(vera, LIST) == []
    assert vera.get(f"{LIST}?view={saved('Ours').id}").status_code == 404
    join(cast.vera, "managers")
    vera = entered("vera")
    assert tabs(vera, LIST) == ["*All", "Shared: Ours"]
    assert asked(opened(vera, f"{LIST}?view={saved('Ours').id}"))["status"] == "active"


def test_sharing_is_offered_where_views_are_opened_and_listed(
    max_: Client, entered: Callable[[str], Client]
) -> None:
    open_view = save(max_, "Ours").location
    form = f"{VIEWS}/{saved('Ours').id}#groups"
    links = read(max_.get(open_view, follow_redirects=True)).all("a", href=form)
    assert [link.text for link in links] == ["Share “Ours”"]
    links = read(max_.get(VIEWS)).all("a", href=form)
    assert [(link.text, link["aria-label"]) for link in links] == [
        ("Share", "Share the view “Ours”")
    ]
    assert read(max_.get(f"{VIEWS}/{saved('Ours').id}")).one("fieldset", id="groups")
    vera = entered("vera")
    open_view = save(vera, "Mine").location
    form = f"{VIEWS}/{saved('Mine').id}#groups"
    for address in (open_view, VIEWS):
        page = read(vera.get(address, follow_redirects=True))
        assert page.all("a", href=form) == [], "she may share none"


def test_a_shared_view_is_changed_by_its_owner_alone(
    max_: Client, cast: Cast, entered: Callable[[str], Client]
) -> None:
    save(max_, "Ours", groups=["", group("managers").id])
    join(cast.vera, "managers")
    vera = entered("vera")
    address = f"{VIEWS}/{saved('Ours').id}"
    assert vera.get(address).status_code == 404
    assert vera.post(address, {"name": "Mine", "version": "1"}).status_code == 404
    assert vera.post(f"{address}/delete").status_code == 404
    page = read(vera.get(f"{LIST}?view={saved('Ours').id}", follow_redirects=True))
    assert not [form for form in page.all("form") if form["action"] == address]
    olivia = entered("olivia")
    assert olivia.post(f"{address}/delete").status_code == 404
    assert olivia.post(f"{VIEWS}/default", {"view": saved("Ours").id}).status_code == 404
    assert saved("Ours").name == "Ours"


def test_who_may_not_share_has_no_groups_to_choose_and_is_refused(
    cast: Cast, entered: Callable[[str], Client]
) -> None:
    vera = entered("vera")
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
    max_: Client, cast: Cast, entered: Callable[[str], Client]
) -> None:
    save(max_, "Ours", groups=["", group("managers").id])
    join(cast.max, "viewers", only=True)
    other = entered("max")
    address, version = f"{VIEWS}/{saved('Ours').id}", saved("Ours").version
    answer = other.post(address, {"name": "Other", "version": version})
    assert answer.status_code == 422
    assert saved("Ours").name == "Ours"
    assert other.post(address, {"groups": [""], "version": version}).status_code == 303
    settle()
    assert saved("Ours").groups == []


def test_who_may_share_with_a_group_takes_a_view_away_from_it(
    max_: Client, cast: Cast, entered: Callable[[str], Client]
) -> None:
    save(max_, "Ours", groups=["", group("managers").id])
    join(cast.olivia, "managers")
    join(cast.vera, "managers", only=True)
    group("managers").permissions = ["users.view"]
    settle()
    stop = f"{VIEWS}/{saved('Ours').id}/groups/{group('managers').id}/stop"
    assert entered("vera").post(stop).status_code == 403
    olivia = entered("olivia")
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


def test_what_the_reader_may_not_see_is_left_out_and_said(
    max_: Client, cast: Cast, entered: Callable[[str], Client]
) -> None:
    managers = group("managers")
    query = f"?groups={managers.id}&status=active&columns=name,groups"
    save(max_, "Ours", query, groups=["", managers.id])
    group("viewers").permissions = ["users.view"]
    join(cast.vera, "viewers", only=True)
    managers = group("managers")
    managers.permissions = ["users.view"]
    join(cast.vera, "managers", only=True)
    vera = entered("vera")
    address = opened(vera, f"{LIST}?view={saved('Ours').id}")
    assert asked(address).keys() == {"status", "sort", "columns", "view"}
    page = read(vera.get(address))
    assert "left out" in page.one("p", class_="notice-warning").text
    assert "Groups" not in page.one("p", class_="notice-warning").text
    assert tabs(vera, address) == ["All", "*Shared: Ours"]


def test_views_are_erased_with_their_owner_and_so_is_what_events_say_of_them(
    max_: Client, cast: Cast, entered: Callable[[str], Client]
) -> None:
    save(max_, "Looking for Zebulon", "?search=zebulon")
    (event,) = events_of("account.save_view")
    assert "zebulon" not in str(event.after["asks_for"])
    act(entered("olivia"), "users", "delete", cast.max.id)
    settle()
    assert db.session.scalar(select(func.count()).select_from(SavedView)) == 0
    (event,) = events_of("account.save_view")
    assert event.after is None
    assert db.session.get_one(User, event.subject_id).status == "deleted"
    assert verify() == []


def test_a_group_that_goes_while_a_view_is_shared_leaves_no_error(
    max_: Client, cast: Cast, app: Flask
) -> None:
    """The group is locked while it is written down, or the view is refused: nothing in between."""
    number = group("managers").id
    join(cast.max, "administrators")
    max_.token()

    def delete_group() -> None:
        with app.app_context():
            db.session.execute(delete(Group).where(Group.id == number))
            db.session.commit()

    def share() -> int:
        sent = {"name": "Ours", "address": "sort=-id", "groups": ["", number]}
        return int(max_.post(f"{VIEWS}/new", sent).status_code)

    answers = at_once([share, delete_group])
    assert answers[0] in (303, 422)
    settle()
    assert [view.groups for view in db.session.scalars(select(SavedView))] in ([[]], [])
