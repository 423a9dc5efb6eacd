"""Two groups stand side by side, or one group now and before it was changed."""

from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from backoffice.extensions import db
from backoffice.models.group import Group
from backoffice.policy.permissions import catalogue
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, edit, group, review_of
from tests.support.html import read, sent_by
from tests.support.statements import counted

COMPARE = "/admin/groups/compare"


@pytest.fixture
def people(staff: list[str]) -> Cast:
    return Cast()


def rows_of(client: Client, address: str) -> dict[str, tuple[str, str]]:
    """Return both sides of the table, by the code or the name of what differs."""
    answer = client.get(address)
    assert answer.status_code == 200
    found = {}
    for row in read(answer).one("tbody").all("tr"):
        code = [each.text for each in row.all("code")]
        left, right = (cell.text for cell in row.all("td"))
        found[code[0] if code else row.one("th").text] = (left, right)
    return found


def test_what_one_may_and_the_other_may_not(client: Client, people: Cast) -> None:
    client.sign_in("vera")
    first, other = group("main_administrator"), group("company_administrator")
    address = f"{COMPARE}?groups={first.id},{other.id}"
    found = rows_of(client, address)
    assert found["Members"] == ("1", "1")
    assert found["groups.edit"] == ("Yes", "No")
    assert found["Can assign: Company administrator"] == ("Yes", "No")
    assert "users.view" not in found
    codes = {code for code in found if code in catalogue()}
    assert codes == set(first.permissions) ^ set(other.permissions)
    text = read(client.get(address)).one("main").text
    assert f"{len(codes)} permissions only in Main administrator" in text
    assert "0 permissions only in Company administrator" in text


def test_administrators_may_everything(client: Client, people: Cast) -> None:
    client.sign_in("vera")
    found = rows_of(
        client, f"{COMPARE}?groups={group('administrators').id}&groups={group('employee').id}"
    )
    assert set(catalogue()) <= found.keys()
    assert found["Can assign: Managers"] == ("Yes", "No")


def test_two_ticked_rows_of_the_list_are_compared(client: Client, people: Cast) -> None:
    client.sign_in("vera")
    buttons = read(client.get("/admin/groups/")).all("button", formaction=COMPARE)
    assert [button.text for button in buttons] == ["Compare"]
    rows = [group("managers").id, group("viewers").id]
    answer = client.post(COMPARE, {"row": rows, "list": ""})
    assert answer.status_code == 303
    assert "groups.export" not in rows_of(client, answer.location)
    assert rows_of(client, answer.location)["client_tags.edit"] == ("Yes", "No")


def test_many_ticked_rows_are_refused_at_a_short_address(client: Client, people: Cast) -> None:
    client.sign_in("vera")
    answer = client.post(COMPARE, {"row": [str(number) for number in range(1, 900)]})
    assert len(answer.location) < 100
    page = client.get(answer.location)
    assert page.status_code == 400
    assert "Choose two groups to compare." in page.text


def test_then_and_now(client: Client, people: Cast) -> None:
    """What was changed twice shows as it was before the first change, and before the second."""
    client.sign_in("olivia")
    number = group("employee").id
    dispatcher = group("dispatcher").id
    edit(client, "groups", number, permissions=["", "users.view"])
    edit(client, "groups", number, permissions=["", "users.view", "groups.view"])
    edit(client, "groups", number, grants=["", dispatcher])
    edit(client, "groups", number, description="Renamed")
    page = read(client.get(f"{COMPARE}?groups={number}"))
    links = [each["href"] for each in page.one("ul", class_="members").all("a")]
    third, second, first = links
    assert rows_of(client, third) == {"Can assign: Dispatcher": ("No", "Yes")}
    assert rows_of(client, second).keys() == {"groups.view", "Can assign: Dispatcher"}
    assert rows_of(client, first)["users.view"] == ("No", "Yes")
    assert len(rows_of(client, first)) == 3


def reviewed(client: Client, path: str, form: dict[str, Any]) -> TestResponse:
    """Send the form of a group, and again what the page of the review asks for."""
    return client.post(path, {**form, "reviewed": review_of(client.post(path, form))})


def test_the_state_before_is_restored_past_the_review(client: Client, people: Cast) -> None:
    client.sign_in("olivia")
    employee = group("employee")
    path, before = f"/admin/groups/{employee.id}/edit", list(employee.permissions)
    form = {"version": employee.version, "permissions": ["", "users.view"]}
    saved = reviewed(client, path, form)
    link = next(e for e in read(client.get(saved.location)).all("a") if "before=" in e["href"])
    (restore,) = read(client.get(link["href"])).all("form", action=path)
    sent: dict[str, list[str]] = {}
    for name, value in sent_by(restore):
        sent.setdefault(name, []).append(value)
    assert reviewed(client, path, sent).status_code == 303
    settle()
    assert group("employee").permissions == before
    client.sign_in("vera")
    assert read(client.get(link["href"])).all("form", action=path) == []


def test_a_group_that_was_deleted_since_is_still_named(client: Client, people: Cast) -> None:
    client.sign_in("olivia")
    number = group("employee").id
    gone = Group(name="Night shift")
    db.session.add(gone)
    settle()
    edit(client, "groups", number, grants=["", gone.id])
    edit(client, "groups", number, grants=[""])
    act(client, "groups", "delete", gone.id)
    page = read(client.get(f"{COMPARE}?groups={number}"))
    latest = next(e["href"] for e in page.all("a") if "before=" in (e["href"] or ""))
    assert rows_of(client, latest) == {"Can assign: Night shift": ("Yes", "No")}


def test_changes_are_for_those_who_see_events(client: Client, people: Cast) -> None:
    client.sign_in("olivia")
    number = group("employee").id
    edit(client, "groups", number, permissions=["", "users.view"])
    page = read(client.get(f"{COMPARE}?groups={number}"))
    link = next(e["href"] for e in page.all("a") if "before=" in (e["href"] or ""))
    client.sign_out()
    client.sign_in("dispatcher")
    assert "before=" not in client.get(f"{COMPARE}?groups={number}").text
    assert client.get(link).status_code == 404


@pytest.mark.parametrize(
    "query, status",
    [
        ("", 200),
        ("groups=", 200),
        ("groups=x", 400),
        ("groups=1,2,3", 400),
        ("groups=1,1", 200),
        ("groups=1,999999999", 404),
        ("groups=1&before=x", 400),
        ("groups=1&before=999999999", 404),
        ("groups=99999999999999999999", 400),
        ("groups=%00", 400),
    ],
)
def test_odd_addresses_are_answered_in_words(
    client: Client, people: Cast, query: str, status: int
) -> None:
    assert client.sign_in("olivia").get(f"{COMPARE}?{query}").status_code == status


def test_whoever_sees_no_groups_compares_none(client: Client, people: Cast) -> None:
    client.sign_in("employee")
    assert client.get(f"{COMPARE}?groups=1,2").status_code == 403
    assert client.post(COMPARE, {"row": [1, 2]}).status_code == 403


def test_as_many_statements_for_many_groups(app: Flask, client: Client, people: Cast) -> None:
    client.sign_in("vera")
    address = f"{COMPARE}?groups={group('administrators').id},{group('managers').id}"
    client.get(address)
    with counted(db.engine) as few:
        client.get(address)
    db.session.add_all(Group(name=f"Team {number}") for number in range(200))
    settle()
    with counted(db.engine) as many:
        client.get(address)
    assert len(many) == len(few)
