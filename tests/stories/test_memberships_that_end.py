"""A membership that ends counts until the very second of its end, wherever groups are asked for."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.associations import user_groups
from backoffice.models.event import Event
from backoffice.models.user import User
from backoffice.policy import second_factor
from backoffice.settings import configured
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import (
    act,
    add,
    confirmed,
    decided,
    edit,
    followed,
    group,
    groups_of,
    outcome,
    previewed,
    run_at,
    token_of,
    undo,
)
from tests.support.html import error_at, read
from tests.support.races import at_once
from tests.support.statements import counted

JOIN, SET_END = "add-to-group", "set-membership-end"


@pytest.fixture
def olivia(client: Client, staff: list[str]) -> Client:
    return client.sign_in("olivia")


@pytest.fixture
def ends_at() -> datetime:
    return (clock.now() + timedelta(minutes=20)).replace(second=0, microsecond=0)


def typed(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M")


def join(client: Client, person: User, key: str, end: datetime) -> Any:
    return act(client, "users", JOIN, person.id, group=group(key).id, ends_at=typed(end))


def end_of(person: User, key: str) -> datetime | None:
    settle()
    own = (user_groups.c.user_id == person.id, user_groups.c.group_id == group(key).id)
    return db.session.scalar(select(user_groups.c.ends_at).where(*own))


def let_end(person: User, key: str) -> None:
    own = (user_groups.c.user_id == person.id, user_groups.c.group_id == group(key).id)
    db.session.execute(update(user_groups).where(*own).values(ends_at=clock.now()))
    settle()


def test_what_a_group_allows_ends_with_the_membership(
    app: Flask, olivia: Client, ends_at: datetime
) -> None:
    employee = Cast().employee
    client = app.test_client().sign_in("employee")
    assert client.get("/admin/client-tags/").status_code == 403
    join(olivia, employee, "managers", ends_at)
    with clock.at(ends_at - timedelta(seconds=1)):
        assert client.get("/admin/client-tags/").status_code == 200
    with clock.at(ends_at):
        assert client.get("/admin/client-tags/").status_code == 403
        assert client.post("/admin/client-tags/new", {"name": "Late"}).status_code == 403


def test_lists_filters_pages_and_exports_leave_it_out(olivia: Client) -> None:
    vera = Cast().vera
    managers = group("managers").id
    act(olivia, "users", JOIN, vera.id, group=managers, ends_at=typed(clock.now() + timedelta(1)))
    listed = f"/admin/users/?groups={managers}"
    members = f"/admin/groups/{managers}?tab=users"
    assert "Vera Vance" in read(olivia.get(listed)).one("tbody").text
    assert "Vera Vance" in read(olivia.get(members)).one("tbody").text
    assert "ends " in olivia.get(f"/admin/users/{vera.id}?tab=groups").text
    let_end(vera, "managers")
    assert "Vera Vance" not in read(olivia.get(listed)).one("tbody").text
    assert "Vera Vance" not in read(olivia.get(members)).one("tbody").text
    tab = read(olivia.get(f"/admin/users/{vera.id}?tab=groups")).one("main").text
    assert "Managers" not in tab
    row = read(olivia.get("/admin/users/?search=vera")).one("tbody").text
    assert "Managers" not in row
    exported = olivia.get("/admin/users/export.csv?search=vera").text
    assert "Vera" in exported
    assert "Managers" not in exported


def test_an_ended_membership_is_given_anew_by_action_and_by_form(olivia: Client) -> None:
    vera = Cast().vera
    managers, viewers = group("managers").id, group("viewers").id
    tomorrow = clock.now() + timedelta(days=1)
    join(olivia, vera, "managers", tomorrow)
    let_end(vera, "managers")
    act(olivia, "users", JOIN, vera.id, group=managers)
    assert (groups_of(vera), end_of(vera, "managers")) == ({"Managers", "Viewers"}, None)
    let_end(vera, "managers")
    answer = edit(olivia, "users", vera.id, groups=["", str(viewers), str(managers)])
    assert answer.status_code == 303
    assert (groups_of(vera), end_of(vera, "managers")) == ({"Managers", "Viewers"}, None)


def test_the_form_of_a_person_says_what_ends_and_keeps_it(
    olivia: Client, ends_at: datetime
) -> None:
    vera = Cast().vera
    viewers, managers = group("viewers").id, group("managers").id
    form = f"/admin/users/{vera.id}/edit"
    assert "ends at" not in read(olivia.get(form)).one("#groups").text
    act(olivia, "users", SET_END, vera.id, group=viewers, ends_at=typed(ends_at))
    told = read(olivia.get(form)).one("#groups-help").text
    assert f"Viewers ends at {ends_at:%Y-%m-%d %H:%M}" in told
    assert "Set end of membership" in told

    version = Cast().vera.version
    edit(olivia, "users", vera.id, groups=["", str(viewers)])
    assert (end_of(vera, "viewers"), Cast().vera.version) == (ends_at, version)
    edit(olivia, "users", vera.id, groups=["", str(viewers), str(managers)])
    assert (end_of(vera, "viewers"), end_of(vera, "managers")) == (ends_at, None)


def test_the_end_is_set_and_taken_away_and_undone(olivia: Client, ends_at: datetime) -> None:
    vera = Cast().vera
    viewers = group("viewers").id
    first = act(olivia, "users", SET_END, vera.id, group=viewers, ends_at=typed(ends_at))
    assert end_of(vera, "viewers") == ends_at
    later = ends_at + timedelta(days=9)
    second = act(olivia, "users", SET_END, vera.id, group=viewers, ends_at=typed(later))
    undo(olivia, second)
    assert end_of(vera, "viewers") == ends_at
    never = act(olivia, "users", SET_END, vera.id, group=viewers)
    assert (never.counts, end_of(vera, "viewers")) == ({"done": 1}, None)
    undo(olivia, never)
    assert end_of(vera, "viewers") == ends_at
    assert first.counts == {"done": 1}
    settle()
    events = db.session.scalars(
        select(Event).where(Event.action == "users.set_membership_end").order_by(Event.id)
    ).all()
    (before,), (after,) = [values["groups"] for values in (events[0].before, events[0].after)]
    assert before == {"of": "groups", "id": viewers, "label": "Viewers"}
    assert after == before | {"label": f"Viewers · {ends_at:%Y-%m-%d %H:%M} UTC"}


def test_a_former_end_that_has_passed_is_not_brought_back(
    olivia: Client, ends_at: datetime
) -> None:
    vera, dispatcher = Cast().vera, Cast().dispatcher
    viewers, dispatchers = group("viewers").id, group("dispatcher").id
    act(olivia, "users", SET_END, vera.id, group=viewers, ends_at=typed(ends_at))
    act(olivia, "users", SET_END, dispatcher.id, group=dispatchers, ends_at=typed(ends_at))
    extended = act(olivia, "users", SET_END, vera.id, group=viewers)
    removed = act(olivia, "users", "remove-from-group", dispatcher.id, group=dispatchers)
    undoing = olivia.post(f"/admin/bulk-runs/{extended.id}/undo")
    assert outcome(run_at(undoing), vera.id) == ("done", "")
    with clock.at(ends_at):
        answer = decided(olivia, "users", "restore-membership-end", token_of(undoing))
        assert outcome(run_at(answer), vera.id) == ("refused", "ended")
        assert groups_of(vera) == {"Viewers"}
        page = followed(olivia, olivia.post(f"/admin/bulk-runs/{removed.id}/undo")).text
        assert "has ended meanwhile, so nothing comes back." in page
        assert outcome(run_at(undo(olivia, removed)), dispatcher.id) == ("refused", "ended")


def test_what_only_undoes_gives_nobody_more_when_it_is_asked_for_alone(
    olivia: Client, ends_at: datetime
) -> None:
    vera = Cast().vera
    viewers = group("viewers").id
    act(olivia, "users", SET_END, vera.id, group=viewers, ends_at=typed(ends_at))
    answer = previewed(olivia, "users", "restore-membership-end", vera.id, group=viewers)
    assert answer.status_code == 404
    assert end_of(vera, "viewers") == ends_at


def test_several_administrators_at_once_leave_one_without_an_end(olivia: Client) -> None:
    cast = Cast()
    cast.eve.status = "active"
    settle()
    administrators = group("administrators").id
    ids = (cast.olivia.id, cast.eve.id, cast.administrators.id)
    chosen = {"group": administrators, "ends_at": typed(clock.now() + timedelta(days=1))}
    run = act(olivia, "users", SET_END, *ids, **chosen)
    assert outcome(run, cast.olivia.id) == ("refused", "oneself")
    assert run.counts == {"done": 2, "refused": 1}


def test_removal_from_a_group_and_its_undo_keep_the_end(olivia: Client, ends_at: datetime) -> None:
    vera = Cast().vera
    join(olivia, vera, "managers", ends_at)
    removed = act(olivia, "users", "remove-from-group", vera.id, group=group("managers").id)
    assert groups_of(vera) == {"Viewers"}
    undo(olivia, removed)
    assert end_of(vera, "managers") == ends_at
    assert end_of(vera, "viewers") is None


def test_the_ends_of_many_are_given_back_in_one_statement(
    olivia: Client, ends_at: datetime
) -> None:
    people = [Cast().vera.id, Cast().max.id, Cast().employee.id]
    dispatchers = group("dispatcher").id
    act(olivia, "users", JOIN, *people, group=dispatchers, ends_at=typed(ends_at))
    removed = act(olivia, "users", "remove-from-group", *people, group=dispatchers)
    settle()
    with counted(db.engine) as statements:
        undo(olivia, removed)
    changes = [each for each in statements if each.startswith("UPDATE user_groups")]
    assert len(changes) == 2, "that none ends, and then the former ends of all"
    assert {end_of(Cast().vera, "dispatcher"), end_of(Cast().max, "dispatcher")} == {ends_at}


def test_an_end_in_the_past_and_a_group_of_others_are_refused(olivia: Client, boss: Client) -> None:
    vera = Cast().vera
    viewers = group("viewers").id
    page = previewed(olivia, "users", SET_END, vera.id, group=viewers, ends_at="2001-01-01T10:00")
    assert error_at(page, "with.ends_at") == "Choose a time that is still to come."
    page = previewed(boss, "users", SET_END, vera.id, group=viewers)
    assert error_at(page, "with.group") == "You cannot assign this group."
    page = previewed(olivia, "users", SET_END, vera.id, group=group("managers").id)
    assert "Vera Vance is not in this group." in page.text
    own = previewed(olivia, "users", SET_END, Cast().olivia.id, group=viewers)
    assert "You cannot do this to your own account." in own.text


def test_an_end_for_the_last_administrator_is_refused(app: Flask, olivia: Client) -> None:
    """Eve, an administrator until tomorrow, does not make Olivia one who can be spared."""
    cast = Cast()
    cast.eve.status = "active"
    cast.administrators.groups = []
    settle()
    administrators = group("administrators").id
    eve = app.test_client().sign_in("eve")
    tomorrow = typed(clock.now() + timedelta(days=1))
    act(olivia, "users", SET_END, cast.eve.id, group=administrators, ends_at=tomorrow)
    page = previewed(eve, "users", SET_END, cast.olivia.id, group=administrators, ends_at=tomorrow)
    run = run_at(confirmed(eve, "users", SET_END, page))
    assert outcome(run, cast.olivia.id) == ("refused", "last_administrator")
    page = previewed(eve, "users", "block", cast.olivia.id)
    run = run_at(confirmed(eve, "users", "block", page, "mine now"))
    assert outcome(run, cast.olivia.id) == ("refused", "last_administrator")
    assert edit(eve, "users", cast.olivia.id, groups=[""]).status_code == 422


def test_two_administrators_who_end_each_other_at_once_leave_one(
    app: Flask, olivia: Client
) -> None:
    cast = Cast()
    cast.eve.status = "active"
    cast.administrators.groups = []
    settle()
    administrators = group("administrators").id
    eve = app.test_client().sign_in("eve")
    tomorrow = typed(clock.now() + timedelta(days=1))
    for number in range(8):
        chosen = {"group": administrators, "ends_at": tomorrow}
        pages = [
            (olivia, previewed(olivia, "users", SET_END, cast.eve.id, **chosen)),
            (eve, previewed(eve, "users", SET_END, cast.olivia.id, **chosen)),
        ]
        at_once(
            [
                lambda visitor=visitor, page=page: confirmed_quietly(visitor, page)
                for visitor, page in pages
            ]
        )
        ends = [end_of(person, "administrators") for person in (cast.olivia, cast.eve)]
        assert ends.count(None) == 1, number
        db.session.execute(update(user_groups).values(ends_at=None))
        settle()


def confirmed_quietly(visitor: Client, page: Any) -> int:
    token = page.request.path.rsplit("/", 1)[-1]
    path = f"/admin/users/actions/{SET_END}/{token}"
    return visitor.post(path, {"step": "run", "reason": "mine now"}).status_code


def test_an_ended_administrator_manages_nobody_and_is_not_above_anybody(
    app: Flask, olivia: Client
) -> None:
    cast = Cast()
    cast.eve.status = "active"
    settle()
    eve = app.test_client().sign_in("eve")
    let_end(cast.eve, "administrators")
    assert eve.get("/admin/users/").status_code == 403
    assert add(eve, "groups", name="Mine").status_code == 403
    boss = app.test_client().sign_in("main_administrator")
    assert edit(boss, "users", cast.eve.id, phone="+4930123456").status_code == 303


def test_a_required_second_factor_is_required_of_members_alone(
    olivia: Client,
) -> None:
    settings = replace(configured(), two_factor_groups=("viewers",))
    vera = Cast().vera
    of_vera = select(User.id).where(User.id == vera.id, second_factor.required(settings))
    assert db.session.scalar(of_vera) == vera.id
    assert second_factor.is_required(vera.groups, settings)
    let_end(vera, "viewers")
    assert db.session.scalar(of_vera) is None
    assert not second_factor.is_required(Cast().vera.groups, settings)
