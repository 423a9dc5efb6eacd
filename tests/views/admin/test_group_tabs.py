"""The tabs of a group: what members may do, who they are, and whom they can assign to what."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, select

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.associations import user_groups
from backoffice.models.event import Event
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, confirmed, followed, group, groups_of, outcome, run_at
from tests.support.html import Element, read, ticked
from tests.support.statements import counted


@pytest.fixture
def people(staff: list[str]) -> Cast:
    return Cast()


def address(key: str, tab: str) -> str:
    return f"/admin/groups/{group(key).id}?tab={tab}"


def adding(client: Client, tab: str) -> list[Element]:
    """Return the links of the tab that add members."""
    return [e for e in read(client.get(tab)).all("a") if e.text.startswith("Add existing people")]


def test_permissions_stand_by_area_with_sentences_codes_and_marks(
    client: Client, people: Cast
) -> None:
    page = read(client.sign_in("vera").get(address("main_administrator", "permissions")))
    (mark,) = [item for item in page.all("li") if "users.assign_groups" in item.text]
    assert "Add people to groups and remove them" in mark.text
    assert "sensitive" in mark.text
    (plain,) = [item for item in page.all("li") if "users.view" in item.text.split()]
    assert "sensitive" not in plain.text
    assert page.all("input", type="search")


def test_administrators_is_shown_locked_and_says_why(client: Client, people: Cast) -> None:
    client.sign_in("olivia")
    page = read(client.get(address("administrators", "permissions"))).one("main").text
    assert "This group cannot be changed, so that somebody always can do everything." in page
    assert "users.assign_groups" in page
    assert client.get(f"/admin/groups/{group('administrators').id}/edit").status_code == 403


def test_grants_say_both_ways_who_can_assign_what(client: Client, people: Cast) -> None:
    client.sign_in("vera")
    sections = read(client.get(address("company_administrator", "grants"))).all("section")
    assigns, assigned_by = (section.text for section in sections[:2])
    assert "Dispatcher" in assigns
    assert "Managers" not in assigns
    assert "Administrators" in assigned_by
    assert "Main administrator" in assigned_by
    assert "Viewers" not in assigned_by


def test_actions_on_members_offer_their_groups_and_first_that_of_the_page(
    client: Client, people: Cast
) -> None:
    client.sign_in("olivia")
    max_, tab = people.max, address("managers", "users")
    act(client, "users", "add-to-group", max_.id, group=group("viewers").id)
    for action in ("remove-from-group", "set-membership-end"):
        sent = {"row": max_.id, "back": tab}
        page = followed(client, client.post(f"/admin/users/actions/{action}", sent))
        picker = read(page).one("div", **{"data-name": "with.group"})
        assert [each.text for each in picker.all("label")] == ["Managers", "Viewers"]
        assert ticked(page, "with.group") == [str(group("managers").id)]
    page = followed(client, client.post("/admin/users/actions/add-to-group", sent))
    assert ticked(page, "with.group") == []


def test_members_are_added_on_the_tab_by_the_action(client: Client, people: Cast) -> None:
    client.sign_in("company_administrator")
    tab = address("dispatcher", "users")
    (add,) = adding(client, tab)
    answer = client.post(add["href"], {"rows": ["", str(people.employee.id)]})
    preview = followed(client, answer)
    assert "Add 1 person to Dispatcher" in preview.text
    done = confirmed(client, "users", "add-to-group", preview)
    assert done.location == tab
    assert groups_of(people.employee) == {"Employee", "Dispatcher"}


def test_members_are_taken_out_on_the_tab_by_the_action(client: Client, people: Cast) -> None:
    client.sign_in("company_administrator")
    tab = address("dispatcher", "users")
    (remove,) = [
        button
        for button in read(client.get(tab)).all("button")
        if button.text.startswith("Remove from group")
    ]
    answer = client.post(remove["formaction"], {"row": people.dispatcher.id, "back": tab})
    preview = followed(client, answer)
    assert "Remove 1 person from Dispatcher" in preview.text
    done = run_at(confirmed(client, "users", "remove-from-group", preview))
    assert outcome(done, people.dispatcher.id)[0] == "done"
    assert groups_of(people.dispatcher) == set()


def test_a_tab_of_a_group_that_one_cannot_assign_offers_neither(
    client: Client, people: Cast
) -> None:
    client.sign_in("company_administrator")
    assert not adding(client, address("managers", "users"))
    client.sign_out()
    client.sign_in("vera")
    assert not adding(client, address("dispatcher", "users"))


def test_a_chosen_group_beyond_ones_own_is_refused_with_an_event(
    client: Client, people: Cast
) -> None:
    """By the page of the tab, and by an address that chooses the group for a ticked row."""
    client.sign_in("company_administrator")
    managers = group("managers").id
    page = client.post(f"/admin/groups/{managers}/tabs/users/add", {"rows": people.employee.id})
    assert page.status_code == 422
    assert "You cannot assign this group." in read(page).one("main").text
    planned = client.post(
        f"/admin/users/actions/add-to-group?with.group={managers}", {"row": people.employee.id}
    )
    shown = followed(client, planned)
    assert shown.status_code == 422
    assert "You cannot assign this group." in read(shown).one("main").text
    settle()
    denied = db.session.scalars(select(Event).where(Event.result == "denied")).all()
    assert [event.action for event in denied] == ["users.assign_groups"] * 2
    assert groups_of(people.employee) == {"Employee"}


@pytest.mark.parametrize("given", ["x", "", "999999999999999999999", "-1", "1%00"])
def test_an_address_that_chooses_nonsense_leaves_the_choice_open(
    client: Client, people: Cast, given: str
) -> None:
    client.sign_in("olivia")
    path = f"/admin/users/actions/add-to-group?with.group={given}"
    shown = followed(client, client.post(path, {"row": people.employee.id}))
    assert shown.status_code == 200
    assert read(shown).all("input", name="with.group")


def test_nobody_chosen_is_said_at_the_field(client: Client, people: Cast) -> None:
    client.sign_in("olivia")
    path = f"/admin/groups/{group('dispatcher').id}/tabs/users/add"
    for sent in ({}, {"rows": ""}, {"rows": ["x"]}, {"rows": [str(2**62)]}):
        assert client.post(path, sent).status_code == 422


def test_ends_of_memberships_stand_in_the_list(client: Client, people: Cast) -> None:
    client.sign_in("olivia")
    in_days = clock.now() + timedelta(days=3, hours=1)
    act(
        client,
        "users",
        "set-membership-end",
        people.dispatcher.id,
        group=group("dispatcher").id,
        ends_at=in_days.isoformat()[:16],
    )
    page = read(client.get(address("dispatcher", "users")))
    assert "Membership ends" in page.one("thead").text
    assert "in 3 days" in page.one("tbody").text


def test_as_many_statements_for_many_members(app: Flask, client: Client, people: Cast) -> None:
    client.sign_in("olivia")
    tab = address("employee", "users")
    client.get(tab)
    with counted(db.engine) as few:
        client.get(tab)
    crowd = [User(email=f"a{n}@example.com", first_name="A", last_name=str(n)) for n in range(60)]
    db.session.add_all(crowd)
    db.session.flush()
    number = group("employee").id
    rows = [{"user_id": each.id, "group_id": number} for each in crowd]
    db.session.execute(insert(user_groups), rows)
    settle()
    with counted(db.engine) as many:
        client.get(tab)
    assert len(many) <= len(few) + 1
