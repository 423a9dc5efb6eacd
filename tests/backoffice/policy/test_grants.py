"""Nobody gives or takes a group, a permission or a client tag beyond their own, in any way."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.policy.shipped import SHIPPED
from backoffice.testing.cast import Cast, address
from backoffice.testing.client import Client, settle
from tests.support.acting import (
    act,
    add,
    edit,
    group,
    groups_of,
    outcome,
    previewed,
    run_at,
    status_of,
    undo,
)
from tests.support.html import error_at, read

APPOINTS = {shipped.key: shipped.grants for shipped in SHIPPED if shipped.grants}
BEYOND = [(key, s.key) for key, grants in APPOINTS.items() for s in SHIPPED if s.key not in grants]


@pytest.fixture
def people(staff: list[str]) -> Cast:
    return Cast()


def person(email: str) -> User | None:
    settle()
    return db.session.scalars(select(User).where(User.email_key == address(email))).first()


@pytest.mark.parametrize("key, other", BEYOND)
def test_a_group_beyond_ones_own_is_given_in_no_way(
    client: Client, people: Cast, key: str, other: str
) -> None:
    client.sign_in(key)
    target, chosen = people.employee, group(other).id
    assert previewed(client, "users", "add-to-group", target.id, group=chosen).status_code == 422
    assert (
        previewed(client, "users", "add-to-group", all_matching="1", group=chosen).status_code
        == 422
    )
    assert error_at(
        edit(client, "users", target.id, groups=["", group("employee").id, chosen]), "groups"
    )
    assert error_at(add(client, "users", email="new@example.com", groups=["", chosen]), "groups")
    assert groups_of(target) == {"Employee"}
    assert person("new") is None


@pytest.mark.parametrize("key", APPOINTS)
def test_groups_within_ones_own_are_given_and_taken(client: Client, people: Cast, key: str) -> None:
    client.sign_in(key)
    for other in APPOINTS[key]:
        if other != "employee":
            given = act(client, "users", "add-to-group", people.employee.id, group=group(other).id)
            assert outcome(given, people.employee.id) == ("done", "")
            taken = act(
                client, "users", "remove-from-group", people.employee.id, group=group(other).id
            )
            assert outcome(taken, people.employee.id) == ("done", "")
    assert groups_of(people.employee) == {"Employee"}


@pytest.mark.parametrize("key", APPOINTS)
@pytest.mark.parametrize("other", ["administrators", "managers", "main_administrator", "viewers"])
def test_whoever_holds_a_group_beyond_ones_own_is_out_of_reach(
    client: Client, people: Cast, key: str, other: str
) -> None:
    """No action reaches them, nor does the form, nor a group that one could take from them."""
    target: User = getattr(people, other)
    if other == key:
        target = people.olivia
    also = group("employee")
    target.groups.append(also)
    before = groups_of(target)
    client.sign_in(key)
    for action in ("block", "unblock", "revoke", "regrant", "delete", "end-sessions"):
        assert outcome(act(client, "users", action, target.id), target.id) == (
            "refused",
            "outranked",
        )
    for action in ("add-to-group", "remove-from-group"):
        done = act(client, "users", action, target.id, group=group("employee").id)
        assert outcome(done, target.id) == ("refused", "outranked")
    assert client.get(f"/admin/users/{target.id}/edit").status_code == 403
    assert edit(client, "users", target.id, email="mine@example.com").status_code == 403
    assert (groups_of(target), status_of(target)) == (before, "active")


def test_a_group_named_by_a_grant_but_richer_than_oneself_is_not_given(
    client: Client, people: Cast
) -> None:
    """An administrator made Dispatcher powerful; those who appointed dispatchers no longer can."""
    group("dispatcher").permissions = ["users.view", "client_tags.delete", "groups.edit"]
    client.sign_in("company_administrator")
    chosen = group("dispatcher").id
    assert (
        previewed(client, "users", "add-to-group", people.employee.id, group=chosen).status_code
        == 422
    )
    done = act(client, "users", "block", people.dispatcher.id)
    assert outcome(done, people.dispatcher.id) == ("refused", "outranked")


def test_permissions_beyond_ones_own_come_into_no_group(client: Client, people: Cast) -> None:
    group("main_administrator").permissions = [
        "groups.view",
        "groups.edit",
        "groups.create",
        "users.view",
    ]
    client.sign_in("main_administrator")
    target = group("employee")
    for codes in (["users.delete"], ["users.view", "users.delete"], ["nonsense.code"]):
        answer = edit(client, "groups", target.id, permissions=["", *codes])
        assert error_at(answer, "permissions")
        assert error_at(
            add(client, "groups", name="Trojan", permissions=["", *codes]), "permissions"
        )
    assert group("employee").permissions == []
    assert edit(client, "groups", target.id, permissions=["", "users.view"]).status_code == 303
    assert group("employee").permissions == ["users.view"]


def test_a_group_that_holds_more_than_oneself_is_out_of_reach(client: Client, people: Cast) -> None:
    group("main_administrator").permissions = ["groups.view", "groups.edit", "groups.delete"]
    client.sign_in("main_administrator")
    for key in ("managers", "company_administrator", "administrators"):
        before = list(group(key).permissions)
        assert edit(client, "groups", group(key).id, permissions=[""]).status_code == 403
        done = act(client, "groups", "delete", group(key).id)
        assert outcome(done, group(key).id)[0] == "refused"
        assert group(key).permissions == before


def test_a_groups_grants_name_only_what_one_could_give_oneself(
    client: Client, people: Cast
) -> None:
    """Otherwise an editor of a group could let its members appoint people in the editor's place."""
    client.sign_in("main_administrator")
    for key in ("employee", "company_administrator"):
        for beyond in ("administrators", "managers", "main_administrator", "viewers"):
            answer = edit(client, "groups", group(key).id, grants=["", group(beyond).id])
            assert error_at(answer, "grants")
            assert error_at(
                add(client, "groups", name="Trojan", grants=["", group(beyond).id]), "grants"
            )
    assert [each.name for each in group("employee").grants] == []


def test_a_crafted_form_sets_no_attribute_that_the_form_has_not(
    client: Client, people: Cast
) -> None:
    client.sign_in("main_administrator")
    smuggled = {
        "all_permissions": "y",
        "key": "administrators",
        "is_system": "y",
        "users": people.employee.id,
    }
    edit(client, "groups", group("employee").id, description="Crafted", **smuggled)
    changed = group("employee")
    assert (changed.description, changed.all_permissions, changed.users) == (
        "Crafted",
        False,
        [people.employee],
    )
    powers = {
        "password_hash": "x",
        "password_state": "usable",
        "status": "revoked",
        "login_method": "login",
    }
    edit(
        client,
        "users",
        people.employee.id,
        phone="+12025550101",
        created_by=people.olivia.id,
        **powers,
    )
    settle()
    assert (people.employee.phone, people.employee.status, people.employee.login_method) == (
        "+12025550101",
        "active",
        "email",
    )
    assert people.employee.password_hash != "x"


def test_fields_with_a_permission_of_their_own_are_not_taken_without_it(
    client: Client, people: Cast
) -> None:
    """The form does not have them; where they are sent nevertheless, nothing is done."""
    group("main_administrator").permissions = ["users.view", "users.edit", "users.create"]
    client.sign_in("main_administrator")
    for name, value in (
        ("groups", ["", group("dispatcher").id]),
        ("ip_whitelist", "10.0.0.1"),
        ("client_tags_mode", "except"),
    ):
        sent = {name: value, "phone": "+12025550101"}
        assert edit(client, "users", people.employee.id, **sent).status_code == 403
        assert add(client, "users", email="new@example.com", **sent).status_code == 403
    settle()
    assert people.employee.phone == ""
    assert groups_of(people.employee) == {"Employee"}
    assert person("new") is None


# --- undo is no way round ---


@pytest.mark.parametrize("key", APPOINTS)
def test_an_undo_gives_no_group_beyond_ones_own(
    app: Flask, client: Client, people: Cast, key: str
) -> None:
    """Olivia revoked a manager, who now holds no group; undoing that must not make a manager.

    The undo is not used up either: those who may give all that the manager had bring it back.
    """
    client.sign_in("olivia")
    target = people.managers
    also = group("employee")
    target.groups.append(also)
    revoked = act(client, "users", "revoke", target.id)
    assert groups_of(target) == set()
    done = run_at(undo(app.test_client().sign_in(key), revoked))
    assert outcome(done, target.id) == ("refused", "groups_beyond")
    assert (groups_of(target), status_of(target)) == (set(), "revoked")
    assert outcome(run_at(undo(client, revoked)), target.id) == ("done", "")
    assert (groups_of(target), status_of(target)) == ({"Employee", "Managers"}, "active")


@pytest.mark.parametrize("key", APPOINTS)
def test_an_undo_of_a_removal_gives_back_no_group_beyond_ones_own(
    app: Flask, client: Client, people: Cast, key: str
) -> None:
    client.sign_in("olivia")
    taken = act(
        client, "users", "remove-from-group", people.managers.id, group=group("managers").id
    )
    assert undo(app.test_client().sign_in(key), taken).status_code == 422
    assert groups_of(people.managers) == set()


def test_an_undo_needs_the_permission_of_what_it_does(
    app: Flask, client: Client, people: Cast
) -> None:
    """Managers may undo, but not block; they cannot unblock by an undo either."""
    client.sign_in("olivia")
    blocked = act(client, "users", "block", people.employee.id)
    assert undo(app.test_client().sign_in("managers"), blocked).status_code == 403
    assert status_of(people.employee) == "blocked"


def test_groups_given_by_nobody_are_kept_when_others_change(client: Client, people: Cast) -> None:
    """A company administrator edits an employee's phone.

    The form's groups come back as they were.
    """
    client.sign_in("company_administrator")
    form = read(client.get(f"/admin/users/{people.employee.id}/edit"))
    assert form.all("input", name="groups")
    edit(
        client, "users", people.employee.id, groups=["", group("employee").id], phone="+12025550101"
    )
    assert groups_of(people.employee) == {"Employee"}
    assert people.employee.phone == "+12025550101"


def test_every_shipped_group_may_appoint_only_what_it_holds() -> None:
    held = {shipped.key: set(shipped.permissions()) for shipped in SHIPPED}
    assert [
        (key, g) for key, grants in APPOINTS.items() for g in grants if not held[g] <= held[key]
    ] == []


def test_nobody_sees_more_clients_by_deleting_what_bounds_them(
    client: Client, people: Cast
) -> None:
    """The scope is all but Secret; without the tag it would be all."""
    secret = ClientTag(name="Secret")
    people.employee.client_tags_mode, people.employee.client_tags = "except", [secret]
    rights = ["users.view", "client_tags.view", "client_tags.edit", "client_tags.delete"]
    group("employee").permissions = rights
    settle()
    number = db.session.scalars(select(ClientTag.id).where(ClientTag.name == "Secret")).one()
    done = act(client.sign_in("employee"), "client-tags", "delete", number)
    assert outcome(done, number) == ("refused", "beyond")
    settle()
    assert db.session.get(ClientTag, number) is not None


def test_the_setting_that_asks_a_group_for_a_second_factor_is_escaped_neither_by_a_name_nor_by_deletion(  # noqa: E501  # a test's name is a sentence
    app_with: Callable[..., Flask], people: Cast
) -> None:
    db.session.add(Group(name="Night team", permissions=["users.view"]))
    settle()
    number = db.session.scalars(select(Group.id).where(Group.name == "Night team")).one()
    visitor = app_with(two_factor_groups=("night team",)).test_client().sign_in("olivia")
    assert "TWO_FACTOR_GROUPS" in error_at(edit(visitor, "groups", number, name="Teams"), "name")
    same = {"name": "NIGHT TEAM", "description": "Same name"}
    assert edit(visitor, "groups", number, **same).status_code == 303
    assert outcome(act(visitor, "groups", "delete", number), number) == ("refused", "named")
    settle()
    assert db.session.get(Group, number) is not None
