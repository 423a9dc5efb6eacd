"""Groups and client tags are deleted as the preview says, and never those that must stay."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.models.event import Event
from backoffice.models.group import Group
from backoffice.models.session import Session
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, confirmed, group, outcome, previewed, run_at
from tests.support.html import is_asked
from tests.support.told import Told, flashed, told

LASTING = ("Deleted rows do not come back; the events log keeps what they said.",)


@pytest.fixture
def olivia(client: Client, staff: list[str]) -> Client:
    return client.sign_in("olivia")


@pytest.fixture
def spare(staff: list[str]) -> int:
    """A group without permissions, with two members."""
    made = Group(name="Spare", description="For nothing", permissions=[])
    for person in (Cast().max, Cast().vera):
        person.groups = [*person.groups, made]
    settle()
    return made.id


@pytest.fixture
def tags(staff: list[str]) -> list[int]:
    """Gold and Silver; Max has both, Vera one of them."""
    gold, silver = ClientTag(name="Gold", colour="grey"), ClientTag(name="Silver")
    cast = Cast()
    cast.max.client_tags, cast.vera.client_tags = [gold, silver], [gold]
    settle()
    return [gold.id, silver.id]


def names(model: Any) -> set[str]:
    settle()
    return set(db.session.scalars(select(model.name)))


def test_a_group_goes_with_its_memberships(olivia: Client, spare: int) -> None:
    everything = group("administrators").id
    page = previewed(olivia, "groups", "delete", spare, everything)
    assert told(page) == Told(
        "Delete 1 group",
        ("1 refused: Administrators cannot be deleted.", "2 memberships end."),
        LASTING,
        ("Will be deleted 1", "Refused 1"),
        phrase="delete 1",
        danger=True,
    )
    answer = confirmed(olivia, "groups", "delete", page)
    assert "1 group deleted. 1 refused." in flashed(olivia, answer)
    assert outcome(run_at(answer), everything) == ("refused", "locked")
    assert "Spare" not in names(Group)
    assert {each.name for each in Cast().max.groups} == {"Managers"}
    (event,) = db.session.scalars(
        select(Event).where(Event.action == "groups.delete", Event.result == "done")
    )
    assert event.before == {"name": "Spare", "description": "For nothing", "permissions": []}


def test_who_could_give_a_group_that_is_gone_has_an_event_about_it(
    olivia: Client, spare: int
) -> None:
    giving = group("managers")
    giving.grants = [group("viewers"), db.session.get_one(Group, spare)]
    version = giving.version
    act(olivia, "groups", "delete", spare)
    (event,) = db.session.scalars(select(Event).where(Event.action == "groups.edit"))
    assert (event.subject_id, event.actor_id) == (group("managers").id, Cast().olivia.id)
    noted = [(values or {})["grants"] for values in (event.before, event.after)]
    assert [[each["label"] for each in grants] for grants in noted] == [
        ["Spare", "Viewers"],
        ["Viewers"],
    ]
    assert group("managers").version == version + 1


def test_one_membership_is_told_in_the_singular(olivia: Client, staff: list[str]) -> None:
    page = previewed(olivia, "groups", "delete", group("employee").id)
    assert told(page).headline == ("1 person loses the group.",)


def test_nobody_deletes_their_own_group_or_one_beyond_them(app: Flask, staff: list[str]) -> None:
    boss = app.test_client().sign_in("main_administrator")
    assert isinstance(boss, Client)
    own, beyond = group("main_administrator").id, group("managers").id
    page = previewed(boss, "groups", "delete", own, beyond, group("employee").id)
    assert set(told(page).headline) == {
        "1 refused: You are in Main administrator: nobody changes their own groups.",
        "1 refused: Managers is beyond what you can assign.",
        "1 person loses the group.",
    }
    run = run_at(confirmed(boss, "groups", "delete", page))
    assert outcome(run, own) == ("refused", "own")
    assert outcome(run, beyond) == ("refused", "outranked")
    assert {"Main administrator", "Managers"} < names(Group)
    assert "Employee" not in names(Group)


def test_a_group_that_the_settings_name_stays(
    app: Flask, olivia: Client, spare: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = replace(app.extensions["settings"], two_factor_groups=("SPARE",))
    monkeypatch.setitem(app.extensions, "settings", named)
    page = previewed(olivia, "groups", "delete", spare)
    assert told(page).headline == (
        "1 refused: TWO_FACTOR_GROUPS names Spare: change the setting first.",
    )
    assert outcome(run_at(confirmed(olivia, "groups", "delete", page)), spare) == (
        "refused",
        "named",
    )


def test_client_tags_go_from_everybody(olivia: Client, tags: list[int]) -> None:
    page = previewed(olivia, "client-tags", "delete", *tags)
    assert told(page) == Told(
        "Delete 2 client tags",
        ("2 people lose a tag.",),
        LASTING,
        ("Will be deleted 2",),
        phrase="delete 2",
        danger=True,
    )
    answer = confirmed(olivia, "client-tags", "delete", page)
    assert "2 client tags deleted." in flashed(olivia, answer)
    assert names(ClientTag) == set()
    settle()
    assert Cast().max.client_tags == []
    events = db.session.scalars(
        select(Event).where(Event.action == "client_tags.delete").order_by(Event.id)
    ).all()
    assert events[0].before == {"name": "Gold", "colour": "grey"}


def test_one_person_is_told_in_the_singular(olivia: Client, tags: list[int]) -> None:
    assert told(previewed(olivia, "client-tags", "delete", tags[1])).headline == (
        "1 person loses the tag.",
    )


def test_a_tag_beyond_ones_own_stays(app: Flask, staff: list[str], tags: list[int]) -> None:
    """Otherwise people could delete a tag to see the clients that have it."""
    me = Cast().main_administrator
    me.client_tags_mode = "only"
    me.client_tags = [db.session.get_one(ClientTag, tags[0])]
    settle()
    boss = app.test_client().sign_in("main_administrator")
    assert isinstance(boss, Client)
    page = previewed(boss, "client-tags", "delete", *tags)
    assert "1 refused: Silver is beyond what you can assign." in told(page).headline
    run = run_at(confirmed(boss, "client-tags", "delete", page))
    assert outcome(run, tags[1]) == ("refused", "beyond")
    assert names(ClientTag) == {"Silver"}


@pytest.mark.parametrize("screen", ["groups", "client-tags"])
def test_a_recent_confirmation_is_asked_for(
    olivia: Client, spare: int, tags: list[int], screen: str
) -> None:
    rows: dict[str, Callable[[], int]] = {"groups": lambda: spare, "client-tags": lambda: tags[0]}
    long_ago = clock.now().replace(year=2000)
    db.session.execute(update(Session).values(confirmed_at=long_ago))
    settle()
    assert is_asked(previewed(olivia, screen, "delete", rows[screen]()))
