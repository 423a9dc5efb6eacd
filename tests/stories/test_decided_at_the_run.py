"""A run checks again what its preview allowed.

Rights, grants and choices that were taken away in between count.
"""

from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from backoffice.extensions import db
from backoffice.models.associations import group_grants, user_groups
from backoffice.models.bulk_run import BulkRun
from backoffice.models.client_tag import ClientTag
from backoffice.models.event import Event
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import (
    act,
    decided,
    followed,
    group,
    groups_of,
    outcome,
    previewed,
    run_at,
    token_of,
    undo,
)
from tests.support.html import value_of
from tests.support.races import at_once

Change = Callable[[Cast], None]


@pytest.fixture
def boss(app: Flask, staff: list[str]) -> Client:
    """The company administrator, who appoints dispatchers, agent group managers and employees."""
    visitor = app.test_client().sign_in("company_administrator")
    assert isinstance(visitor, Client)
    return visitor


def widened(_cast: Cast) -> None:
    group("employee").permissions = ["groups.edit"]  # which no company administrator has


def withdrawn(_cast: Cast) -> None:
    employee = group("employee").id
    own = group("company_administrator").id
    db.session.execute(
        delete(group_grants).where(
            group_grants.c.group_id == own, group_grants.c.grantable_id == employee
        )
    )


def deleted(_cast: Cast) -> None:
    db.session.delete(group("employee"))


def demoted(cast: Cast) -> None:
    cast.company_administrator.groups = [group("dispatcher")]
    group("dispatcher").permissions = [
        "users.view",
        "groups.view",
        "users.assign_groups",
        "bulk.undo",
        "bulk_runs.view",
    ]


CHANGES = (widened, withdrawn, deleted, demoted)


def denials() -> int:
    settle()
    return len(db.session.scalars(select(Event.id).where(Event.result == "denied")).all())


@pytest.mark.parametrize("change", CHANGES)
def test_a_choice_is_judged_when_it_takes_effect(
    boss: Client, staff: list[str], change: Change
) -> None:
    cast = Cast()
    page = previewed(boss, "users", "add-to-group", cast.dispatcher.id, group=group("employee").id)
    assert page.status_code == 200
    before = groups_of(cast.dispatcher)
    change(cast)
    settle()
    answer = decided(boss, "users", "add-to-group", token_of(page))
    assert answer.status_code == 422, answer.text
    reasons = ("You cannot assign this group.", "There is no group with the number")
    assert any(reason in answer.text for reason in reasons)
    assert groups_of(cast.dispatcher) == before
    assert denials() == (0 if change is deleted else 1)
    settle()
    assert {run.state for run in db.session.scalars(select(BulkRun))} == {"planned"}


def test_who_is_no_administrator_any_more_makes_none(app: Flask, cast: Cast) -> None:
    """Eve was an administrator at the preview but not at the run, so Max stays a manager."""
    cast.eve.status = "active"
    settle()
    eve = app.test_client().sign_in("eve")
    page = previewed(eve, "users", "add-to-group", cast.max.id, group=group("administrators").id)
    assert page.status_code == 200
    cast.eve.groups = [group("main_administrator")]  # who still assigns groups, but not this one
    settle()
    answer = decided(eve, "users", "add-to-group", token_of(page))
    assert answer.status_code == 422
    assert "You cannot assign this group." in answer.text
    assert groups_of(cast.max) == {"Managers"}


def test_who_is_demoted_in_the_same_moment_makes_none_afterwards(app: Flask, cast: Cast) -> None:
    cast.eve.status = "active"
    settle()
    administrators = group("administrators").id
    appointing = group("main_administrator").id
    eve = app.test_client().sign_in("eve")
    eve_id = cast.eve.id

    def demote() -> None:
        with app.app_context():
            change = (
                update(user_groups)
                .where(user_groups.c.user_id == eve_id)
                .values(group_id=appointing)
            )
            db.session.execute(change)
            db.session.commit()

    for number in range(20):
        page = previewed(eve, "users", "add-to-group", cast.max.id, group=administrators)
        path = f"/admin/users/actions/add-to-group/{token_of(page)}"
        made_one = partial(eve.post, path)
        at_once([demote, made_one])
        made = "Administrators" in groups_of(cast.max)
        planned = db.session.scalars(select(BulkRun).where(BulkRun.token == token_of(page))).one()
        assert made == (planned.state == "done"), f"round {number}"
        again = decided(eve, "users", "add-to-group", token_of(page))
        assert made or again.status_code == 422, f"round {number}"
        put_back(cast, administrators)


def put_back(cast: Cast, administrators: int) -> None:
    ids = [cast.eve.id, cast.max.id]
    db.session.execute(delete(user_groups).where(user_groups.c.user_id.in_(ids)))
    rows = [
        {"user_id": ids[0], "group_id": administrators},
        {"user_id": ids[1], "group_id": group("managers").id},
    ]
    db.session.execute(user_groups.insert(), rows)
    settle()


def test_client_tags_that_were_taken_from_the_actor_are_not_given(
    boss: Client, staff: list[str]
) -> None:
    cast = Cast()
    gold = ClientTag(name="Gold")
    silver = ClientTag(name="Silver")
    db.session.add_all([gold, silver])
    cast.employee.client_tags_mode, cast.employee.client_tags = "only", [silver]
    settle()
    page = previewed(boss, "users", "add-client-tags", cast.employee.id, tags=[gold.id, silver.id])
    assert page.status_code == 200
    actor = cast.company_administrator
    actor.client_tags_mode, actor.client_tags = "only", [silver]
    settle()
    answer = decided(boss, "users", "add-client-tags", token_of(page))
    assert answer.status_code == 422
    assert "beyond your own" in answer.text
    settle()
    assert [tag.name for tag in cast.employee.client_tags] == ["Silver"]


def test_a_tag_that_is_gone_is_a_sentence_and_the_reason_is_kept(app: Flask, cast: Cast) -> None:
    olivia = app.test_client().sign_in("olivia")
    gold = ClientTag(name="Gold")
    db.session.add(gold)
    cast.vera.client_tags_mode = "except"
    settle()
    page = previewed(olivia, "users", "add-client-tags", cast.vera.id, tags=[gold.id])
    db.session.delete(gold)
    settle()
    shown = olivia.get(f"/admin/users/actions/add-client-tags/{token_of(page)}")
    assert shown.status_code == 422
    assert "There is no client tag with the number" in shown.text
    assert decided(olivia, "users", "add-client-tags", token_of(page)).status_code == 422
    block = previewed(olivia, "users", "block", cast.max.id)
    asked = olivia.post(f"/admin/users/actions/block/{token_of(block)}", {"reason": " "})
    assert value_of(followed(olivia, asked), "reason") == ""


@pytest.mark.parametrize("change", CHANGES)
def test_an_undo_is_judged_when_it_takes_effect_and_is_not_used_up(
    app: Flask, boss: Client, staff: list[str], change: Change
) -> None:
    cast = Cast()
    given = act(boss, "users", "add-to-group", cast.dispatcher.id, group=group("employee").id)
    asked = boss.post(f"/admin/bulk-runs/{given.id}/undo")
    assert boss.get(asked.location).status_code == 200
    change(cast)
    settle()
    answer = followed(boss, boss.post(asked.location))
    assert answer.status_code == 422, answer.text
    assert ("Employee" in groups_of(cast.dispatcher)) == (change is not deleted)
    settle()
    assert db.session.get_one(BulkRun, given.id).state == "done"
    if change is not deleted:  # somebody who may still does
        olivia = app.test_client().sign_in("olivia")
        assert outcome(run_at(undo(olivia, given)), cast.dispatcher.id) == ("done", "")


def test_a_group_is_deleted_while_it_is_given(app: Flask, cast: Cast) -> None:
    """Either order works: neither request fails, and no membership of a missing group is left."""
    cast.eve.status = "active"
    settle()
    olivia, eve = app.test_client().sign_in("olivia"), app.test_client().sign_in("eve")
    for number in range(20):
        spare = Group(name=f"Spare {number}", permissions=[])
        db.session.add(spare)
        settle()
        giving = previewed(olivia, "users", "add-to-group", cast.vera.id, group=spare.id)
        going = previewed(eve, "groups", "delete", spare.id)
        acts = [
            partial(olivia.post, f"/admin/users/actions/add-to-group/{token_of(giving)}"),
            partial(
                eve.post, f"/admin/groups/actions/delete/{token_of(going)}", {"confirm": "delete 1"}
            ),
        ]
        given, gone = (answer.status_code for answer in at_once(acts))
        assert (given, gone) == (303, 303), f"round {number}"
        settle()
        left = select(user_groups.c.group_id).where(user_groups.c.group_id.not_in(select(Group.id)))
        assert db.session.scalars(left).all() == [], f"round {number}"
    assert db.session.scalar(select(User.status).where(User.id == cast.vera.id)) == "active"
