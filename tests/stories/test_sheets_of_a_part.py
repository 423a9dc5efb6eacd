"""A sheet is about the groups that its reader sees, and its undo gives back all that it took."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from backoffice.extensions import db
from backoffice.models.associations import user_groups
from backoffice.models.event import Event
from backoffice.models.group import Group
from backoffice.policy import rules
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support import sheets
from tests.support.acting import group
from tests.support.html import read

SECRET = "Zanzibar"  # the hidden group, which only administrators without an end see


@pytest.fixture
def olivia(client: Client, cast: Cast) -> Client:
    return client.sign_in("olivia")


@pytest.fixture
def max_(app: Flask, olivia: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Max, an administrator of a part: everybody but Olivia does not see the hidden group."""
    hidden = Group(key="zanzibar", name=SECRET, permissions=["users.view"])
    db.session.add(hidden)
    group("managers").grants = [hidden, group("viewers")]
    settle()
    Cast().max.groups = [group("administrators")]
    settle()
    all_seeing = Cast().olivia.id

    def seen(actor: Any) -> Any:
        return Group.name != ("" if actor.user_id == all_seeing else SECRET)

    monkeypatch.setitem(rules._narrower, Group, seen)
    visitor = app.test_client().sign_in("max")
    assert isinstance(visitor, Client)
    return visitor


def granted(key: str) -> set[str]:
    return {each.key for each in group(key).grants}


def without(key: str) -> Callable[[dict[str, Any]], Any]:
    return lambda groups: groups.pop(key)


def test_hidden_groups_are_neither_removed_nor_named(max_: Client) -> None:
    managers = granted("managers")
    sheet = sheets.edited(sheets.downloaded(max_), without("main_administrator"))
    assert b"zanzibar" not in sheet.lower()
    for mode in sheets.MODES:
        assert SECRET not in max_.get(sheets.previewed(max_, sheet, mode)).text

    def edit(groups: dict[str, Any]) -> None:
        groups["managers"]["grants"] = ["dispatcher"]

    address = sheets.imported(max_, sheets.edited(sheet, edit), "replace")
    assert granted("managers") == {"zanzibar", "dispatcher"}
    assert group("zanzibar").permissions == ["users.view"]
    assert SECRET not in max_.get(address).text
    assert SECRET not in max_.get(f"{address}/undo").text
    assert sheets.undo(max_, address).status_code == 303
    assert granted("managers") == managers


def test_whoever_sees_more_undoes_only_what_was_done(olivia: Client, max_: Client) -> None:
    def edit(groups: dict[str, Any]) -> None:
        groups["managers"]["grants"] = []

    address = sheets.imported(max_, sheets.edited(sheets.downloaded(max_), edit))
    assert granted("managers") == {"zanzibar"}
    assert sheets.undo(olivia, address).status_code == 303
    assert granted("managers") == {"zanzibar", "viewers"}


def test_an_import_of_others_is_shown_without_hidden_groups(olivia: Client, max_: Client) -> None:
    def edit(groups: dict[str, Any]) -> None:
        groups["zanzibar"]["description"] = "An island"
        groups["managers"]["grants"] = []

    address = sheets.imported(olivia, sheets.edited(sheets.downloaded(olivia), edit))
    page = max_.get(address).text
    assert "Managers" in page
    assert (SECRET in page, "zanzibar" in page) == (False, False)
    refused = max_.get(f"{address}/undo")
    assert refused.status_code == 422
    said = ("", "The import changed a group that you do not see.")
    assert said in sheets.problems(refused)
    assert SECRET not in refused.text


def test_a_key_or_name_of_a_hidden_group_is_taken(max_: Client) -> None:
    new = {"key": "zanzibar", "name": "Mine"}
    named = {"name": SECRET}
    alike = {"name": "Zanzіbar"}  # a Cyrillic letter
    assert sheets.problems(sheets.send(max_, sheets.sheet_of(new, named, alike))) == [
        ("groups[0].key", "A group that you do not see has this key."),
        ("groups[1].name", "Another group has this name."),
        ("groups[2].name", "Another group has this name."),
    ]


def test_a_group_that_hidden_ones_can_assign_stays(max_: Client) -> None:
    group("zanzibar").grants = [group("employee")]
    settle()
    sheet = sheets.edited(sheets.downloaded(max_), without("employee"))
    sheet = sheets.edited(sheet, lambda groups: [each.update(grants=[]) for each in rest(groups)])
    found = sheets.problems(sheets.send(max_, sheet, "replace"))
    assert found == [("employee", "A group that you do not see can assign Employee.")]


def rest(groups: dict[str, Any]) -> list[Any]:
    return [each for key, each in groups.items() if key != "administrators"]


def test_an_undo_gives_groups_back_with_their_giver_and_reviewer(olivia: Client) -> None:
    cast = Cast()
    given = update(user_groups).where(user_groups.c.user_id == cast.vera.id)
    db.session.execute(given.values(given_by_id=cast.max.id))
    group("viewers").reviewer_id = cast.max.id
    settle()
    sheet = sheets.edited(sheets.downloaded(olivia), without("viewers"))
    address = sheets.imported(olivia, sheet, "replace")
    assert sheets.undo(olivia, address).status_code == 303
    viewers = group("viewers")
    assert viewers.reviewer_id == cast.max.id
    givers = select(user_groups.c.given_by_id).where(user_groups.c.group_id == viewers.id)
    assert db.session.scalars(givers).all() == [cast.max.id]


def test_who_could_assign_what_an_undo_removes_has_an_event(olivia: Client) -> None:
    new = sheets.sheet_of({"key": "sales", "name": "Sales"})
    address = sheets.imported(olivia, new)
    group("managers").grants = [group("sales"), group("viewers")]
    settle()
    page = read(olivia.get(f"{address}/undo")).one("main").text
    assert "Managers" in page
    assert "Administrators who can sign in whatever is changed here" in page
    assert sheets.undo(olivia, address).status_code == 303
    assert granted("managers") == {"viewers"}
    event = db.session.scalars(
        select(Event).where(Event.action == "groups.edit").order_by(Event.id.desc())
    ).first()
    assert event is not None
    assert (event.subject_id, event.before, event.after) == (
        group("managers").id,
        {"grants": ["Sales", "Viewers"]},
        {"grants": ["Viewers"]},
    )
