"""Who counts as an administrator, which groups are strong, and who is above whom."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.policy import grants
from backoffice.policy.actor import Actor, system
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle
from tests.support.acting import group


@pytest.fixture
def people(staff: list[str]) -> Cast:
    return Cast()


def those(condition: Callable[[], Any]) -> set[str]:
    settle()
    found = db.session.scalars(select(User.email).where(condition()))
    return {str(email).partition("@")[0] for email in found}


def test_an_administrator_is_in_that_group_and_can_sign_in(people: Cast) -> None:
    assert those(grants.administers) == {"olivia", "administrators"}, "eve is blocked"
    people.eve.status = "active"
    assert those(grants.administers) == {"olivia", "administrators", "eve"}
    people.olivia.groups = [group("main_administrator")]
    assert those(grants.administers) == {"administrators", "eve"}
    group("administrators").name = "Owners"
    assert those(grants.administers) == {"administrators", "eve"}, "whatever it is called"


def test_who_is_in_many_groups_is_one_by_any_of_them(people: Cast) -> None:
    people.max.groups = [group("viewers"), group("administrators"), group("managers")]
    assert "max" in those(grants.administers)


def test_strong_groups_have_everything_or_a_permission_that_grants(people: Cast) -> None:
    db.session.add_all(
        [
            Group(name="Harmless", permissions=["users.view", "users.delete"]),
            Group(name="Strong", permissions=["users.view", "users.edit_ip"]),
            Group(name="Empty", permissions=[]),
        ]
    )
    settle()
    strong = grants.strong_group_ids(db.session())
    names = set(db.session.scalars(select(Group.name).where(Group.id.in_(strong))))
    assert names == {"Administrators", "Main administrator", "Company administrator", "Strong"}


def test_groups_that_one_may_give_are_granted_and_within_ones_own(people: Cast) -> None:
    boss = people.actor("company_administrator")
    given = grants.grantable_group_ids(db.session(), boss)
    assert given == {group(key).id for key in ("dispatcher", "agent_group_manager", "employee")}
    group("employee").permissions = ["groups.edit"]
    settle()
    assert group("employee").id not in grants.grantable_group_ids(db.session(), boss), "beyond"
    group("dispatcher").all_permissions = True
    settle()
    assert grants.grantable_group_ids(db.session(), boss) == {group("agent_group_manager").id}
    everything = grants.grantable_group_ids(db.session(), system())
    assert everything == set(db.session.scalars(select(Group.id)))
    assert grants.grantable_group_ids(db.session(), people.actor("employee")) == set()
    locked = grants.grantable_group_ids(db.session(), boss, locked=True)
    assert locked == {group("agent_group_manager").id}


def test_who_is_in_a_group_beyond_is_above(people: Cast) -> None:
    boss = people.actor("company_administrator")
    given = grants.grantable_group_ids(db.session(), boss)
    below = {"dispatcher", "agent_group_manager", "employee"}
    above = those(lambda: grants.outranks(boss, given))
    assert above == {"olivia", "max", "vera", "eve"} | {
        "administrators", "managers", "main_administrator", "company_administrator", "viewers",
    }  # fmt: skip
    people.employee.groups = [group("employee"), group("managers")]
    people.dispatcher.groups = []
    assert those(lambda: grants.outranks(boss, given)) == above | {"employee"}
    assert not below & above
    assert those(lambda: grants.outranks(system(), [])) == set()


def test_what_one_does_not_hold_one_may_not_give(people: Cast) -> None:
    actor = Actor(1, "x", permissions=frozenset({"users.view", "users.edit"}))
    asked = ["users.view", "users.block", "groups.edit", "users.edit"]
    assert grants.codes_beyond(actor, asked) == ["groups.edit", "users.block"]
    assert grants.codes_beyond(system(), asked) == []


@pytest.mark.parametrize(
    "mode, allowed",
    [("all", {"Gold", "Silver"}), ("only", {"Gold"}), ("except", {"Silver"})],
)
def test_client_tags_that_one_may_give_are_those_in_ones_scope(
    people: Cast, mode: str, allowed: set[str]
) -> None:
    gold, silver = ClientTag(name="Gold"), ClientTag(name="Silver")
    db.session.add_all([gold, silver])
    person = people.max
    person.client_tags_mode, person.client_tags = mode, [gold]
    settle()
    condition = grants.allowed_client_tags(people.actor("max"))
    assert set(db.session.scalars(select(ClientTag.name).where(condition))) == allowed
