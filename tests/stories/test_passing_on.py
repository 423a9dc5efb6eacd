"""Who holds something for a while gives it for no longer, and works with it until then."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.associations import user_groups
from backoffice.models.direct_grant import DirectGrant
from backoffice.models.event import Event
from backoffice.models.user import User
from backoffice.policy import grants
from backoffice.policy.rules import can
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support import sheets
from tests.support.acting import (
    act,
    add,
    decided,
    edit,
    followed,
    group,
    groups_of,
    outcome,
    previewed,
    run_at,
    status_of,
    token_of,
    undo,
)
from tests.support.html import error_at, read
from tests.support.reviews import ENTRIES, entry, open_review
from tests.support.statements import counted

JOIN, LEAVE, SET_END = "add-to-group", "remove-from-group", "set-membership-end"
GIVE, TAKE = "give-permissions", "take-permissions"


def in_days(days: int) -> datetime:
    return (clock.now() + timedelta(days=days)).replace(second=0, microsecond=0)


def typed(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M")


def shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


@pytest.fixture
def olivia(client: Client, staff: list[str]) -> Client:
    return client.sign_in("olivia")


@pytest.fixture
def friday() -> datetime:
    return in_days(5)


@pytest.fixture
def max_(app: Flask, olivia: Client, friday: datetime) -> Client:
    """Max, a manager for good, who stands in as an administrator until Friday."""
    let_in("max", "administrators", friday)
    visitor = app.test_client().sign_in("max")
    assert isinstance(visitor, Client)
    return visitor


def let_in(name: str, key: str, ends_at: datetime | None) -> None:
    membership = {"user_id": getattr(Cast(), name).id, "group_id": group(key).id}
    db.session.execute(insert(user_groups).values(**membership, ends_at=ends_at))
    settle()


def end_of(person: User, key: str) -> datetime | None:
    settle()
    own = (user_groups.c.user_id == person.id, user_groups.c.group_id == group(key).id)
    return db.session.scalars(select(user_groups.c.ends_at).where(*own)).one()


def held(person: User) -> dict[str, datetime | None]:
    settle()
    columns = (DirectGrant.permission, DirectGrant.ends_at)
    return dict(db.session.execute(select(*columns).where(DirectGrant.user_id == person.id)).all())


@pytest.mark.parametrize("key", ["administrators", "dispatcher"])
def test_a_stand_in_lets_people_into_groups_until_their_own_end_at_most(
    max_: Client, friday: datetime, key: str
) -> None:
    vera, chosen = Cast().vera, group(key)
    refusal = f"You can assign {chosen.name} until {shown(friday)}: "
    for end in ("", typed(friday + timedelta(minutes=1))):
        page = previewed(max_, "users", JOIN, vera.id, group=chosen.id, ends_at=end)
        assert error_at(page, "with.ends_at") == f"{refusal}choose an end no later than that."
    act(max_, "users", JOIN, vera.id, group=chosen.id, ends_at=typed(friday))
    assert end_of(vera, key) == friday
    page = previewed(max_, "users", SET_END, vera.id, group=chosen.id)
    assert error_at(page, "with.ends_at").startswith(refusal)
    settle()
    denied = db.session.scalars(select(Event).where(Event.result == "denied")).all()
    assert {event.action for event in denied} == {"users.assign_groups"}


def test_forms_know_no_end_and_refuse_it(max_: Client, friday: datetime) -> None:
    vera, dispatchers = Cast().vera, group("dispatcher").id
    refusal = (
        f"You can assign Dispatcher only until {shown(friday)}, and here it would have no end."
    )
    page = edit(max_, "users", vera.id, groups=["", str(group("viewers").id), str(dispatchers)])
    assert error_at(page, "groups") == refusal
    page = add(max_, "users", email="new@example.com", groups=["", str(dispatchers)])
    assert error_at(page, "groups") == refusal
    assert add(max_, "users", email="new@example.com").status_code == 303
    assert edit(max_, "users", vera.id, groups=[""]).status_code == 303, "taking is no gift"
    assert groups_of(vera) == set()


def test_extra_permissions_last_as_long_as_ones_own(max_: Client, friday: datetime) -> None:
    vera = Cast().vera
    codes = ["client_tags.view", "users.block"]  # the first as a manager, for good
    page = previewed(max_, "users", GIVE, vera.id, permissions=codes)
    refusal = f"You hold users.block until {shown(friday)}: choose an end no later than that."
    assert error_at(page, "with.ends_at") == refusal
    act(max_, "users", GIVE, vera.id, permissions=["users.block"], ends_at=typed(friday))
    act(max_, "users", GIVE, vera.id, permissions=["client_tags.view"])
    assert held(vera) == {"users.block": friday, "client_tags.view": None}


def test_what_groups_allow_has_no_end(max_: Client, friday: datetime) -> None:
    viewers = group("viewers")
    codes = viewers.permissions
    refusal = (
        f"You hold users.block only until {shown(friday)}, and what a group allows has no end."
    )
    page = edit(max_, "groups", viewers.id, permissions=[*codes, "users.block"])
    assert error_at(page, "permissions") == refusal
    page = edit(max_, "groups", viewers.id, grants=["", str(group("employee").id)])
    assert error_at(page, "grants").startswith(
        f"You can assign Employee only until {shown(friday)}"
    )
    page = add(max_, "groups", name="Blockers", permissions=["users.block"])
    assert error_at(page, "permissions") == refusal
    fewer = [code for code in codes if code != "users.view"]
    changed = edit(max_, "groups", viewers.id, permissions=[*fewer, "client_tags.create"])
    assert changed.status_code == 303
    assert set(group("viewers").permissions) == {*fewer, "client_tags.create"}


def test_sheets_give_what_lasts_alone(max_: Client, friday: datetime) -> None:
    def more(groups: dict[str, Any]) -> None:
        groups["viewers"]["permissions"] += ["users.block", "client_tags.create"]
        groups["viewers"]["grants"] = ["employee"]

    sent = sheets.edited(sheets.downloaded(max_), more)
    found = sheets.problems(sheets.send(max_, sent))
    assert sorted(sentence.partition(" only ")[0] for _place, sentence in found) == [
        "You can assign Employee",
        "You hold users.block",
    ]


def test_a_stand_in_works_and_undoes_what_they_did(max_: Client) -> None:
    cast = Cast()
    act(max_, "users", "block", cast.employee.id, reason="left")
    assert status_of(cast.employee) == "blocked"
    dispatchers = group("dispatcher").id
    undo(max_, act(max_, "users", LEAVE, cast.dispatcher.id, group=dispatchers))
    undo(max_, act(max_, "users", "revoke", cast.dispatcher.id, reason="a slip"))
    assert (groups_of(cast.dispatcher), end_of(cast.dispatcher, "dispatcher")) == (
        {"Dispatcher"},
        None,
    )


def test_an_undo_brings_back_nothing_of_others_for_longer(
    app: Flask, olivia: Client, max_: Client, friday: datetime
) -> None:
    cast = Cast()
    vera, agents, dispatcher = cast.vera, cast.agent_group_manager, cast.dispatcher
    given = {"permissions": ["users.block"], "reason": "leave"}
    act(olivia, "users", GIVE, vera.id, **given)
    act(olivia, "users", GIVE, agents.id, **given, ends_at=typed(friday))
    act(
        olivia,
        "users",
        SET_END,
        agents.id,
        group=group("agent_group_manager").id,
        ends_at=typed(friday),
    )
    people = (vera.id, agents.id)
    taken = act(olivia, "users", TAKE, *people, permissions=["users.block"])
    run = run_at(undo(max_, taken))
    assert (outcome(run, vera.id), run.counts) == (("refused", "longer"), {"done": 1, "refused": 1})
    assert (held(vera), held(agents)) == ({}, {"users.block": friday})
    revoked = act(olivia, "users", "revoke", *people, dispatcher.id, reason="left")
    run = run_at(undo(max_, revoked))
    assert run.counts == {"done": 1, "refused": 2}
    assert (status_of(agents), end_of(agents, "agent_group_manager")) == ("active", friday)
    assert undo(olivia, revoked).status_code == 303
    assert (status_of(vera), status_of(dispatcher)) == ("active", "active")
    left = act(olivia, "users", LEAVE, dispatcher.id, group=group("dispatcher").id)
    assert outcome(run_at(undo(max_, left)), dispatcher.id) == ("refused", "longer")


def test_access_that_a_review_took_comes_back_for_no_longer(olivia: Client, max_: Client) -> None:
    vera = Cast().vera
    soon = clock.now() + timedelta(minutes=4)
    db.session.add(DirectGrant(user=vera, permission="users.block", ends_at=soon))
    settle()
    open_review(olivia)
    of_group, extra = entry(vera, "Viewers").id, entry(vera, "users.block").id
    run = act(olivia, ENTRIES, "take-away", of_group, extra)
    refused = run_at(undo(max_, run))
    assert outcome(refused, of_group) == ("refused", "longer")
    assert outcome(refused, extra) == ("done", "")
    assert held(vera) == {"users.block": soon}
    assert undo(olivia, run).status_code == 303
    assert groups_of(vera) == {"Viewers"}
    again = act(olivia, ENTRIES, "take-away", extra)
    with clock.at(soon):
        assert outcome(run_at(undo(olivia, again)), extra) == ("refused", "ended")


def test_the_run_asks_again_how_long_the_giver_holds_it(
    app: Flask, olivia: Client, friday: datetime
) -> None:
    cast = Cast()
    let_in("max", "administrators", None)
    max_ = app.test_client().sign_in("max")
    dispatchers = group("dispatcher").id
    joining = token_of(previewed(max_, "users", JOIN, cast.vera.id, group=dispatchers))
    giving = token_of(previewed(max_, "users", GIVE, cast.vera.id, permissions=["users.block"]))
    administrators = group("administrators").id
    act(olivia, "users", SET_END, cast.max.id, group=administrators, ends_at=typed(friday))
    for action, token in ((JOIN, joining), (GIVE, giving)):
        page = followed(max_, decided(max_, "users", action, token))
        assert "choose an end no later than that." in read(page).one("main").text
    assert (groups_of(cast.vera), held(cast.vera)) == ({"Viewers"}, {})


def test_of_several_ways_to_hold_something_the_longest_counts(olivia: Client) -> None:
    cast = Cast()
    sooner, later = in_days(2), in_days(9)
    let_in("employee", "viewers", sooner)
    let_in("employee", "dispatcher", later)
    db.session.add(DirectGrant(user=cast.employee, permission="users.block", ends_at=sooner))
    group("employee").permissions = ["groups.view"]
    settle()
    actor = Cast().actor("employee")
    assert grants.held_until(actor, "users.view") == later
    assert grants.held_until(actor, "users.block") == sooner
    assert grants.held_until(actor, "groups.view") is None
    assert not can(actor.until(later), "users.block")
    group("viewers").grants = [group("dispatcher"), group("viewers")]
    settle()
    actor = Cast().actor("employee")
    until = grants.assignable_until(db.session(), actor)
    assert until == {group("dispatcher").id: sooner, group("viewers").id: sooner}


def test_whose_rights_have_no_end_asks_no_more_than_before(olivia: Client) -> None:
    actor = Cast().actor("max")
    with counted(db.engine) as statements:
        grants.assignable_until(db.session(), actor)
    assert len(statements) == 1
