"""Who may do what, and which rows they see: the rules themselves, one by one."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice import clock
from backoffice.errors import NotAllowed
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkRun
from backoffice.models.group import Group
from backoffice.models.session import Session
from backoffice.models.user import User
from backoffice.policy import rules
from backoffice.policy.actor import Actor, system
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle

LOOKS = Actor(1, "looks", permissions=frozenset({"users.view", "bulk_runs.view", "groups.view"}))
MAY_NOTHING = Actor(2, "may nothing")


def seen(actor: Actor | None, model: Any) -> set[int]:
    settle()
    return set(db.session.scalars(select(model.id).where(rules.scope(actor, model))))


@pytest.fixture
def runs(cast: Cast) -> dict[str, int]:
    """Runs of two people, and a preview of each."""
    made = {}
    for name, person in (("olivia", cast.olivia), ("max", cast.max)):
        for state in ("done", "planned"):
            run = BulkRun(
                action="users.block", actor_id=person.id, state=state, created_at=clock.now()
            )
            db.session.add(run)
            db.session.flush()
            made[f"{name} {state}"] = run.id
    settle()
    return made


def test_a_permission_is_had_by_name_or_because_everything_is() -> None:
    assert rules.can(LOOKS, "users.view")
    assert not rules.can(LOOKS, "users.block")
    assert rules.can(system(), "users.block")
    assert not rules.can(None, "users.view")
    assert rules.require(LOOKS, "users.view") is LOOKS


@pytest.mark.parametrize("actor", [LOOKS, None])
def test_who_lacks_it_is_told_what_it_is_and_who_can_give_it(actor: Actor | None) -> None:
    with pytest.raises(NotAllowed) as refused:
        rules.require(actor, "users.block")
    assert str(refused.value) == (
        "You need the permission users.block (“Block and unblock people”)."
        " An administrator can give it."
    )
    assert refused.value.code == "users.block"
    with pytest.raises(NotAllowed) as unknown:
        rules.require(actor, "rockets.launch")
    assert str(unknown.value) == (
        "You need the permission rockets.launch. An administrator can give it."
    )


def test_without_the_permission_one_sees_ones_own_runs_and_nothing_else(app: Flask) -> None:
    assert rules.sees(LOOKS, User)
    assert [rules.sees(MAY_NOTHING, model) for model in (User, Group, BulkRun)] == [
        False,
        False,
        True,
    ]
    assert [rules.sees(None, model) for model in (User, Group, BulkRun)] == [False] * 3


def test_people_are_seen_until_they_are_deleted(cast: Cast) -> None:
    everyone = {cast.olivia.id, cast.max.id, cast.vera.id, cast.eve.id}
    assert seen(LOOKS, User) == everyone
    cast.vera.status = "deleted"
    assert seen(LOOKS, User) == everyone - {cast.vera.id}
    assert seen(system(), User) == everyone - {cast.vera.id}
    assert seen(MAY_NOTHING, User) == seen(None, User) == set()


def test_runs_are_seen_by_who_made_them_or_may_see_all_and_previews_by_nobody(
    cast: Cast, runs: dict[str, int]
) -> None:
    both = {runs["olivia done"], runs["max done"]}
    assert seen(LOOKS, BulkRun) == both
    assert seen(Actor(cast.max.id, "max"), BulkRun) == {runs["max done"]}
    assert seen(Actor(cast.vera.id, "vera"), BulkRun) == seen(None, BulkRun) == set()


def names(actor: Actor | None, model: Any) -> list[str]:
    settle()
    return list(db.session.scalars(select(rules.named(actor, model)).order_by(model.id)))


def test_rows_out_of_sight_are_called_by_their_number(cast: Cast, runs: dict[str, int]) -> None:
    numbers = [cast.olivia.id, cast.max.id, cast.vera.id, cast.eve.id]
    assert names(MAY_NOTHING, User) == [f"Person {number}" for number in numbers]
    cast.eve.status = "deleted"
    assert names(LOOKS, User) == [
        "Olivia Owen",
        "Max Mander",
        "Vera Vance",
        f"Person {numbers[3]}",
    ]
    assert names(None, Group)[0] == "Group 1"


def test_names_beside_others_are_hidden_only_where_some_may_not_be_read(cast: Cast) -> None:
    """Where all may be read, no condition makes the query slower."""
    assert rules.restriction(LOOKS, User) is None
    assert rules.restriction(LOOKS, Group) is None
    for actor, model in ((MAY_NOTHING, User), (MAY_NOTHING, Group), (LOOKS, BulkRun)):
        assert rules.restriction(actor, model) is not None
    assert rules.restriction(LOOKS, Session) is not None
    without = rules.restriction(MAY_NOTHING, Group)
    assert without is not None
    assert db.session.scalars(select(Group.id).where(without)).all() == []


def test_what_tells_about_other_rows_is_for_those_who_see_them(app: Flask) -> None:
    people = Actor(3, "people", permissions=frozenset({"users.view"}))
    assert rules.may_read(people, User, "phone")
    assert not rules.may_read(people, User, "groups")
    assert rules.may_read(LOOKS, User, "groups")
    assert not rules.may_read(None, User, "groups")
