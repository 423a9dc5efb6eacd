"""Before a group is saved, a page says what its members gain and lose; then it is decided again."""

from functools import partial

import pytest
from flask import Flask

from backoffice.data import lists
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import group, review_of
from tests.support.html import read, ticked, value_of

LOST = "client_tags.delete"
GAINED = "users.export"


@pytest.fixture
def people(staff: list[str]) -> Cast:
    return Cast()


@pytest.fixture
def olivia(client: Client, people: Cast) -> Client:
    return client.sign_in("olivia")


def path_of(key: str) -> str:
    return f"/admin/groups/{group(key).id}/edit"


def changed(key: str = "managers", **values: object) -> dict[str, object]:
    """Return a form in which the group loses one permission and gains another."""
    found = group(key)
    codes = sorted({*found.permissions, GAINED} - {LOST})
    return {"version": found.version, "permissions": ["", *codes], **values}


def test_it_says_what_members_gain_and_lose_and_how_many_they_are(
    app: Flask, olivia: Client
) -> None:
    """Two are in the group, max and the one called like it; max is signed in."""
    app.test_client().sign_in("max")
    shown = olivia.post(path_of("managers"), changed())
    assert shown.status_code == 200
    page = read(shown)
    (gains,) = page.all("li", class_="gains")
    (loses,) = page.all("li", class_="loses")
    assert "Download people as a file" in gains.text
    assert "Delete client tags for good" in loses.text
    assert "sensitive" in loses.text
    assert "2 people gain and lose this, 1 of them signed in." in page.one("main").text
    assert "Administrators who can sign in whatever is changed" in page.one("main").text
    assert LOST in group("managers").permissions


def test_members_are_counted_no_further_than_lists_count(
    olivia: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "counting", partial(lists.counting, most=0))
    shown = olivia.post(path_of("managers"), changed())
    assert "1 person gains and loses this, 0 of them" in read(shown).one("main").text


def test_confirmed_it_is_saved_with_all_that_was_typed(olivia: Client) -> None:
    path, form = path_of("managers"), changed(name="Leads", description="New")
    page = read(olivia.post(path, form))
    (sent,) = [each for each in page.all("form") if each.all("input", name="reviewed")]
    again: dict[str, list[str]] = {}
    for field in sent.all("input"):
        again.setdefault(field["name"], []).append(field["value"])
    assert olivia.post(path, again).status_code == 303
    saved = group("managers")
    assert (saved.name, saved.description) == ("Leads", "New")
    assert GAINED in saved.permissions
    assert LOST not in saved.permissions


def test_back_to_the_form_keeps_what_was_typed(olivia: Client) -> None:
    form = changed(name="Leads", step="edit")
    shown = olivia.post(path_of("managers"), form)
    assert shown.status_code == 200
    assert value_of(shown, "name") == "Leads"
    assert GAINED in ticked(shown, "permissions")
    assert LOST not in ticked(shown, "permissions")
    assert group("managers").name == "Managers"


def test_groups_to_assign_are_reviewed_too(olivia: Client) -> None:
    number = group("dispatcher").id
    form = {"version": group("viewers").version, "grants": ["", str(number)]}
    page = read(olivia.post(path_of("viewers"), form))
    assert "Dispatcher" in page.all("li", class_="gains")[0].text


def test_names_and_descriptions_are_saved_at_once(olivia: Client) -> None:
    form = {"version": group("managers").version, "description": "New"}
    assert olivia.post(path_of("managers"), form).status_code == 303


def test_a_review_of_another_change_confirms_nothing(olivia: Client) -> None:
    path = path_of("managers")
    digest = review_of(olivia.post(path, changed()))
    other = {**changed(), "permissions": ["", "users.view"], "reviewed": digest}
    shown = olivia.post(path, other)
    assert shown.status_code == 200
    assert review_of(shown) != digest
    assert LOST in group("managers").permissions


def test_an_old_review_finds_that_somebody_else_saved_meanwhile(olivia: Client) -> None:
    path, form = path_of("managers"), changed()
    form["reviewed"] = review_of(olivia.post(path, form))
    olivia.post(path, {"version": group("managers").version, "description": "Meanwhile"})
    assert olivia.post(path, form).status_code == 409
    assert LOST in group("managers").permissions


def test_an_old_review_gives_nothing_that_was_taken_from_whoever_made_it(
    app: Flask, olivia: Client
) -> None:
    """Rights are decided at the save: the boss looked at it when they still held this."""
    boss = app.test_client().sign_in("main_administrator")
    path = path_of("employee")
    form = {"version": group("employee").version, "permissions": ["", GAINED]}
    form["reviewed"] = review_of(boss.post(path, form))
    own = group("main_administrator")
    own.permissions = sorted({*own.permissions} - {GAINED})
    settle()
    answer = boss.post(path, form)
    assert answer.status_code == 422
    assert f"You do not hold {GAINED} yourself." in answer.text
    assert group("employee").permissions == []


def test_what_is_wrong_is_said_before_there_is_anything_to_review(olivia: Client) -> None:
    shown = olivia.post(path_of("managers"), changed(name="Viewers"))
    assert shown.status_code == 422
    assert not review_of(shown)
    assert GAINED in ticked(shown, "permissions")


def test_whoever_sees_no_people_is_not_told_how_many_there_are(app: Flask, people: Cast) -> None:
    own = group("main_administrator")
    own.permissions = ["groups.view", "groups.edit", "groups.create", "client_tags.view"]
    employee = group("employee")
    settle()
    boss = app.test_client().sign_in("main_administrator")
    form = {"version": employee.version, "permissions": ["", "client_tags.view"]}
    page = read(boss.post(f"/admin/groups/{employee.id}/edit", form)).one("main").text
    assert "Client tags" in page or "client tags" in page
    assert "signed in" not in page
